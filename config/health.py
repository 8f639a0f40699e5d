"""`/healthz`: 200 as soon as pages can be answered, 503 with the reason before that.

A middleware in front of all others: it needs no session, no allowed host, no sign-in.
"""

from django.db import DatabaseError, connection
from django.http import HttpResponse


class HealthMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path != "/healthz":
            return self.get_response(request)
        return health()


def health() -> HttpResponse:
    """One query through the connection the pages use."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM django_migrations LIMIT 1")
    except DatabaseError as error:
        return HttpResponse(
            f"database: {type(error).__name__}\n", status=503, content_type="text/plain"
        )
    return HttpResponse("ok\n", content_type="text/plain")
