"""Pages, JSON and CSV compressed for the way; files that are compressed by themselves left as they are.

Pages carry secrets beside what an address may echo (BREACH): Django adds up to a hundred random
bytes to each answer, and masks the token of a form anew each time.
"""

from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

TEXTS = {"text/html", "text/css", "text/csv", "text/plain", "application/json", "image/svg+xml"}


class CompressionMiddleware(GZipMiddleware):
    """Stands below WhiteNoise, which has its files compressed beforehand, and above all that writes
    or reads a page.

    Part of a file (206) stays a part of the file as it is.
    """

    def process_response(self, request, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
        if kind not in TEXTS or response.status_code == 206:
            return response
        return super().process_response(request, response)
