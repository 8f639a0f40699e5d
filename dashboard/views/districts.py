from django.http import HttpResponse


def district_list(request, **kwargs):
    return HttpResponse("")


def district(request, **kwargs):
    return HttpResponse("")
