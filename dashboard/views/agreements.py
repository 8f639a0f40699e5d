from django.http import HttpResponse


def agreement_list(request, **kwargs):
    return HttpResponse("")


def agreement(request, **kwargs):
    return HttpResponse("")
