from django.http import HttpResponse


def basin_list(request, **kwargs):
    return HttpResponse("")


def basin(request, **kwargs):
    return HttpResponse("")
