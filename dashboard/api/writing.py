"""POST /api/v1/readings/: what a laboratory or platform sends."""

from typing import Any

from rest_framework.authentication import SessionAuthentication
from rest_framework.response import Response

from dashboard.api.base import Endpoint, error_of, limited
from dashboard.api.bodies import BadBody, body_of, readings_of
from dashboard.api.tokens import TokenAuthentication, TokenThrottle
from jobs.acting import acting
from monitoring.ingest.services.requests import MOST, OtherBody, RequestRefused, receive
from monitoring.models import AccessToken

LONGEST_KEY = 200
TOKEN_NEEDED = "报送数据须用令牌（Authorization: Bearer …）；由生态环境局签发。"


class Writing(Endpoint):
    """POST of readings."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    throttle_classes = [TokenThrottle]

    def post(self, request, **given: Any) -> Response:
        token = request.auth
        if not isinstance(token, AccessToken):
            return error_of(403, "token_needed", TOKEN_NEEDED)
        partial = request.GET.get("partial", "false")
        if partial not in ("true", "false"):
            return error_of(400, "bad_parameter", "partial 只能是 true 或 false。")
        key = request.headers.get("Idempotency-Key", "")
        if len(key) > LONGEST_KEY or not key.isprintable():
            return error_of(400, "bad_key", f"Idempotency-Key 须为至多 {LONGEST_KEY} 个可见字符。")
        try:
            body = body_of(request._request)
            readings = readings_of(body, request.headers.get("Content-Type", ""), most=MOST)
            with limited(), acting(who=f"令牌 {token.name}", act="接口报送"):
                answer, again = receive(
                    token=token, readings=readings, partial=partial == "true", key=key, body=body
                )
        except BadBody as bad:
            return error_of(bad.status, bad.code, str(bad))
        except OtherBody:
            words = "这个 Idempotency-Key 已用于另一份数据；新的数据请用新的键。"
            return error_of(409, "key_used", words)
        except RequestRefused as refused:
            said = {"error": {"code": "readings_refused", "message": str(refused)}}
            return Response({**said, **refused.report.to_json()}, status=422)
        headers = {"Idempotent-Replayed": "true"} if again else {}
        return Response(answer, status=201, headers=headers)
