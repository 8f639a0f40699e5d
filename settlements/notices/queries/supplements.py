"""补充通报 as their pages show them: what waits to be prepared, what waits to be signed off."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from basins.access import Viewer
from settlements.models import Notice
from settlements.notices.services.content import draw, without_data
from settlements.notices.services.data import notice_data
from settlements.notices.services.supplements import months_to_supplement, supplementary


@dataclass(frozen=True, slots=True)
class SupplementLine:
    """A month that would be, or is, supplemented; yuan: all its payments."""

    month: date
    agreements: tuple[str, ...]
    accruals: int
    yuan: Decimal
    lacks: tuple[str, ...] = ()
    no_data: str = ""  # which of its results are that there are no data
    notice: Notice | None = None


def to_prepare() -> list[SupplementLine]:
    """Months published before with results that are not, in order: 12 SQL queries."""
    months = months_to_supplement()
    if not months:
        return []
    data = notice_data(months)
    lines = []
    for month in months:
        drawn = draw(month, {}, data)
        lacks = [f"{code}：{'、'.join(why)}" for code, why in sorted(drawn.incomplete.items())]
        lines.append(_line(month, drawn.content, len(drawn.accruals), tuple(lacks)))
    return lines


def to_sign(viewer: Viewer) -> list[SupplementLine]:
    """Prepared ones that the viewer did not prepare: 1 SQL query."""
    found = (
        supplementary(Notice.objects.filter(state=Notice.State.PREPARED))
        .exclude(prepared_by=viewer.user_id)
        .select_related("prepared_by")
        .order_by("month", "pk")
    )
    return [
        _line(n.month, n.content, sum(len(a["sections"]) for a in n.content["agreements"]), (), n)
        for n in found
    ]


def _line(month, content, accruals, lacks, notice=None) -> SupplementLine:
    return SupplementLine(
        month=month,
        agreements=tuple(a["title"] for a in content["agreements"]),
        accruals=accruals,
        yuan=Decimal(content["total"]),
        lacks=lacks,
        no_data="；".join(
            f"{a['title']}：{words}" for a in content["agreements"] if (words := without_data(a))
        ),
        notice=notice,
    )
