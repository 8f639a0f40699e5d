"""What every endpoint shares: session sign-in, the viewer, and errors as JSON.

An error is {"error": {"code", "message"}}. What a person may not see answers exactly as what
there is not: 404 with the same words.
"""

from typing import Any

from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    NotAuthenticated,
    Throttled,
)
from rest_framework.response import Response
from rest_framework.views import APIView

from basins.access import Viewer, viewer_of
from dashboard.frame.known import BadMoment, Moment, moment_of

WORDS = {
    status.HTTP_401_UNAUTHORIZED: ("not_signed_in", "请先登录；接口使用页面的登录会话。"),
    status.HTTP_403_FORBIDDEN: ("forbidden", "不允许这样做。"),
    status.HTTP_404_NOT_FOUND: ("not_found", "没有这项内容。"),
    status.HTTP_405_METHOD_NOT_ALLOWED: ("method_not_allowed", "这个地址只支持 GET。"),
    status.HTTP_406_NOT_ACCEPTABLE: ("not_acceptable", "接口只给 JSON。"),
}


def error(code: int) -> Response:
    """The error document of a status."""
    name, message = WORDS.get(code, ("error", "请求无法处理。"))
    return Response({"error": {"code": name, "message": message}}, status=code)


def error_of(status_code: int, code: str, message: str) -> Response:
    """The error document of an endpoint's own error."""
    return Response({"error": {"code": code, "message": message}}, status=status_code)


class BadRequest(Exception):
    """What is asked for makes no sense; the message says the remedy."""


class Endpoint(APIView):
    """GET only; `answer(viewer, …)` gives the document, or None where there is nothing."""

    http_method_names = ["get", "head", "options"]

    @property
    def viewer(self) -> Viewer:
        return viewer_of(self.request.user)

    def get(self, request, **given) -> Response:
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
        elif isinstance(exc, APIException):
            answer = error(exc.status_code)
        else:
            raise exc
        answer.exception = True
        return answer


class Missing(Endpoint):
    """Every address under /api/ that there is not."""

    def answer(self, viewer: Viewer, **given) -> None:
        return None
