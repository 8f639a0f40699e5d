"""A request with files that is too large for any page is refused by its length, unread."""

from django.shortcuts import render

from settlements.moving.documents import MEGABYTE

LARGEST = 90 * MEGABYTE  # four documents of the largest size, and what is typed


class BodyLimitMiddleware:
    """Stands before everything that reads the body (CsrfViewMiddleware reads it)."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isascii() and length.isdigit() and int(length) > LARGEST:
            context = {"largest": LARGEST // MEGABYTE}
            return render(request, "413.html", context, status=413)
        return self.get_response(request)
