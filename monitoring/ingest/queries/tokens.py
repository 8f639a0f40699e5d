"""令牌 as the bureau sees them: whose, for which sections, used when, and whether it still holds."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from basins.access import Act, Viewer
from monitoring.models import AccessToken

OPEN, OVER, REVOKED = "open", "over", "revoked"


@dataclass(frozen=True, slots=True)
class TokenLine:
    """`former_until`: until when the secret before this one still holds."""

    pk: int
    name: str
    begins: str
    sections: tuple[str, ...]
    made_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    former_until: datetime | None
    state: str  # OPEN, OVER, REVOKED


def may_issue(viewer: Viewer) -> bool:
    return viewer.sees_all(Act.UPLOAD_READINGS)


def tokens(viewer: Viewer) -> list[TokenLine]:
    """Those that hold first, each group by name: 2 SQL queries; none for who issues none."""
    if not may_issue(viewer):
        return []
    found = AccessToken.objects.prefetch_related("sections").order_by("name")
    lines = [_line(each) for each in found]
    return sorted(lines, key=lambda line: line.state != OPEN)


def find_token(viewer: Viewer, pk: int) -> AccessToken | None:
    return AccessToken.objects.filter(pk=pk).first() if may_issue(viewer) else None


def _line(token: AccessToken) -> TokenLine:
    now = timezone.now()
    over = token.expires_at is not None and token.expires_at <= now
    former = token.former_until
    return TokenLine(
        pk=token.pk,
        name=token.name,
        begins=token.prefix,
        sections=tuple(sorted(each.name for each in token.sections.all())),
        made_at=token.made_at,
        last_used_at=token.last_used_at,
        expires_at=token.expires_at,
        former_until=former if former is not None and former > now else None,
        state=REVOKED if token.revoked_at else OVER if over else OPEN,
    )
