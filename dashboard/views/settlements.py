from django.http import HttpResponse


def settlement_list(request, **kwargs):
    return HttpResponse("")


def settlement(request, **kwargs):
    return HttpResponse("")


def settlement_month(request, **kwargs):
    return HttpResponse("")
