from django.http import HttpResponse


def section_list(request, **kwargs):
    return HttpResponse("")


def section(request, **kwargs):
    return HttpResponse("")
