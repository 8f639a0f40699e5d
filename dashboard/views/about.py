from django.http import HttpResponse


def about(request, **kwargs):
    return HttpResponse("")


def patterns(request, **kwargs):
    return HttpResponse("")
