"""What every endpoint shares: session sign-in, the viewer, and errors as JSON.

An error is {"error": {"code", "message"}}, whatever form the answer itself would have. What a person may
not see answers exactly as what there is not: 404 with the same words.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.http import Http404
from psycopg2.errors import QueryCanceled
from rest_framework import status
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    NotAcceptable,
    NotAuthenticated,
    Throttled,
)
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from basins.access import Viewer, viewer_of
from dashboard.frame.known import BadMoment, Moment, moment_of

WORDS = {
    status.HTTP_401_UNAUTHORIZED: (
        "not_signed_in",
        "请带上令牌（Authorization: Bearer …），或先在页面登录。",
    ),
    status.HTTP_403_FORBIDDEN: ("forbidden", "不允许这样做。"),
    status.HTTP_404_NOT_FOUND: ("not_found", "没有这项内容。"),
    status.HTTP_405_METHOD_NOT_ALLOWED: ("method_not_allowed", "这个地址只支持 {methods}。"),
    status.HTTP_406_NOT_ACCEPTABLE: ("not_acceptable", "这个地址只给 {formats}。"),
}
TOO_SLOW = (
    "查询超过 {seconds} 秒，已停止；请缩小范围：写明 section 和 indicator，或较短的 from、to。"
)


def error(code: int, **said: str) -> Response:
    """The error document of a status."""
    name, message = WORDS.get(code, ("error", "请求无法处理。"))
    return error_of(code, name, message.format(**said))


def error_of(status_code: int, code: str, message: str) -> Response:
    """The error document of an endpoint's own error."""
    return Response({"error": {"code": code, "message": message}}, status=status_code)


class BadRequest(Exception):
    """What is asked for makes no sense; the message says the remedy."""


class BadParameter(Exception):
    """A parameter of the address cannot be read; the message names it and the remedy."""


class TooSlow(APIException):
    """The database took longer than a request of this interface may."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE


@contextmanager
def limited() -> Iterator[None]:
    """A transaction none of whose statements takes longer than API_SECONDS. Raises TooSlow."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = %s", [settings.API_SECONDS * 1000])
            yield
    except OperationalError as problem:
        if isinstance(problem.__cause__, QueryCanceled):
            raise TooSlow from problem
        raise


class Negotiation(DefaultContentNegotiation):
    """A format that is not given is 406, as an Accept that cannot be met: there is such an address."""

    def filter_renderers(self, renderers: Any, format: str) -> Any:
        found = [each for each in renderers if each.format == format]
        if not found:
            raise NotAcceptable(available_renderers=renderers)
        return found


class Endpoint(APIView):
    """GET only; `answer(viewer, …)` gives the document, or None where there is nothing."""

    http_method_names = ["get", "head", "options"]
    content_negotiation_class = Negotiation

    @property
    def viewer(self) -> Viewer:
        return viewer_of(self.request.user)

    def get(self, request, **given) -> Response:
        with limited():
            document = self.answer(self.viewer, **given)
        if document is None:
            return error(status.HTTP_404_NOT_FOUND)
        return Response(document, headers={"Cache-Control": "private, no-store"})

    def answer(self, viewer: Viewer, **given: Any) -> dict[str, Any] | None:
        raise NotImplementedError

    def known(self) -> Moment | None:
        """The moment of `?known=`; None without it. Raises BadRequest."""
        text = self.request.GET.get("known", "")
        try:
            return moment_of(text) if text else None
        except BadMoment as problem:
            raise BadRequest(str(problem)) from None

    def finalize_response(self, request, response, *args, **kwargs):
        if response.status_code >= 400:
            request.accepted_renderer = JSONRenderer()
            request.accepted_media_type = JSONRenderer.media_type
        return super().finalize_response(request, response, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Http404):
            answer = error(status.HTTP_404_NOT_FOUND)
        elif isinstance(exc, AuthenticationFailed):
            answer = error_of(status.HTTP_401_UNAUTHORIZED, "bad_token", str(exc.detail))
        elif isinstance(exc, Throttled):
            wait = max(1, round(exc.wait or 60))
            answer = error_of(
                exc.status_code, "too_many_requests", f"请求太多；请 {wait} 秒后再试。"
            )
            answer["Retry-After"] = str(wait)
        elif isinstance(exc, NotAuthenticated):
            answer = error(status.HTTP_401_UNAUTHORIZED)
        elif isinstance(exc, BadRequest):
            answer = Response({"error": {"code": "bad_known", "message": str(exc)}}, status=400)
        elif isinstance(exc, BadParameter):
            answer = error_of(status.HTTP_400_BAD_REQUEST, "bad_parameter", str(exc))
        elif isinstance(exc, TooSlow):
            words = TOO_SLOW.format(seconds=settings.API_SECONDS)
            answer = error_of(exc.status_code, "too_slow", words)
        elif isinstance(exc, APIException):
            answer = error(
                exc.status_code,
                methods="、".join(m for m in self.allowed_methods if m != "OPTIONS"),
                formats="、".join(each.media_type for each in self.renderer_classes),
            )
        else:
            raise exc
        answer.exception = True
        return answer


class Missing(Endpoint):
    """Every address under /api/ that there is not."""

    schema = None

    def answer(self, viewer: Viewer, **given) -> None:
        return None
