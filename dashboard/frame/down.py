"""What is answered when something fails: 503 where the database or the broker is away, else 500."""

import logging
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string
from kombu.exceptions import OperationalError as BrokerError

log = logging.getLogger(__name__)

# SQLSTATEs of a server that is going, coming or full: 57P01-57P03, and too many connections.
AWAY = {"57P01", "57P02", "57P03", "53300"}
RETRY_AFTER = "30"  # seconds


def server_error(request) -> HttpResponse:
    """handler500: the page needs no database, and nobody is asked who it is for."""
    error = sys.exc_info()[1]
    if not is_away(error):
        return HttpResponse(render_to_string("500.html"), status=500)
    log.error("%s %s: %s", request.method, request.path, str(error).strip().replace("\n", "; "))
    if request.path.startswith("/api/"):
        answer: HttpResponse = JsonResponse({"detail": "服务暂时不可用，请稍后再试。"}, status=503)
    else:
        answer = HttpResponse(render_to_string("503.html"), status=503)
    answer["Retry-After"] = RETRY_AFTER
    return answer


def is_away(error: BaseException | None) -> bool:
    """Whether a connection failed, not what was asked of it."""
    if isinstance(error, InterfaceError | BrokerError):
        return True
    if not isinstance(error, OperationalError):
        return False
    code = getattr(error.__cause__, "pgcode", None)  # none: there was no server to give one
    return code is None or code in AWAY or code.startswith("08")
