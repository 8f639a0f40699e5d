"""Who asks by a token: `Authorization: Bearer rc_…`, and how often it may."""

from django.conf import settings
from django.core.cache import caches
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.throttling import SimpleRateThrottle

from dashboard.frame.addresses import client_address
from monitoring.ingest.services.tokens import token_of
from monitoring.models import AccessToken

WRONG_TOKENS = 30  # a minute from one address


class TokenUser:
    """Who a token is in the eyes of the framework: signed in, and nobody."""

    is_authenticated, is_active, is_anonymous = True, True, False
    pk = None

    def __init__(self, token: AccessToken) -> None:
        self.token = token


class TokenAuthentication(BaseAuthentication):
    """None where no token is brought, so that the session may speak. Raises AuthenticationFailed (401)
    for one that does not hold."""

    def authenticate(self, request) -> tuple[TokenUser, AccessToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        if _tried_too_often(request):
            raise AuthenticationFailed("这个地址连续带来无效的令牌，请稍后再试。")
        secret = parts[1].decode("latin-1") if len(parts) == 2 else ""
        token = token_of(secret)
        if token is None:
            _note_wrong(request)
            raise AuthenticationFailed("令牌无效、已过期或已吊销。")
        return TokenUser(token), token

    def authenticate_header(self, request) -> str:
        return 'Bearer realm="api"'


def _place(request) -> str:
    return f"wrong-token:{client_address(request)}"


def _tried_too_often(request) -> bool:
    return caches["default"].get(_place(request), 0) >= WRONG_TOKENS


def _note_wrong(request) -> None:
    cache = caches["default"]
    if not cache.add(_place(request), 1, timeout=60):
        cache.incr(_place(request))


class TokenThrottle(SimpleRateThrottle):
    """So many requests a minute a token, counted by each web process."""

    scope = "token"

    def get_rate(self) -> str:
        return f"{settings.API_REQUESTS_A_MINUTE}/min"

    def get_cache_key(self, request, view) -> str | None:
        token = request.auth
        return f"token-rate:{token.pk}" if isinstance(token, AccessToken) else None
