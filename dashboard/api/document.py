"""GET /api/schema/: the interface as OpenAPI 3, for programs that make clients of it."""

from typing import Any

from rest_framework.authentication import SessionAuthentication

from basins.access import Viewer
from dashboard.api.base import Endpoint
from dashboard.api.schema import document
from dashboard.api.tokens import TokenAuthentication, TokenThrottle


class Schema(Endpoint):
    """The document, to whoever has a token or a session."""

    schema = None
    authentication_classes = [TokenAuthentication, SessionAuthentication]
    throttle_classes = [TokenThrottle]

    @property
    def viewer(self) -> Any:
        return None

    def answer(self, viewer: Viewer, **given: Any) -> dict[str, Any]:
        return document()
