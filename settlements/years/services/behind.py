"""What led to a proposed adjustment beside readings: rulings and decided objections, and what
becomes of them when the adjustment is refused (不予调整)."""

from django.db.models import Q, QuerySet

from basins.models import User
from basins.ranges import months_of
from basins.words import month_words
from settlements.accruals.services.rulings import revoke_ruling
from settlements.models import Adjustment, MonthRuling, Objection
from settlements.moving.acts import Refused

Rulings = Adjustment.Rulings


def rulings_behind(adjustment: Adjustment) -> QuerySet[MonthRuling]:
    """Rulings made or revoked between the published computation and the proposal."""
    since, until = adjustment.accrual.computed_at, adjustment.proposed_at
    return MonthRuling.objects.filter(
        Q(decided_at__gt=since, decided_at__lte=until)
        | Q(revoked_at__gt=since, revoked_at__lte=until),
        Q(agreement=None) | Q(agreement=adjustment.accrual.term.agreement_id),
        section=adjustment.accrual.term_section.section_id,
        month__range=_months(adjustment),
    ).order_by("pk")


def objections_behind(adjustment: Adjustment) -> QuerySet[Objection]:
    """Objections accepted in that time."""
    return Objection.objects.filter(
        month__agreement=adjustment.accrual.term.agreement_id,
        month__month__range=_months(adjustment),
        section=adjustment.accrual.term_section.section_id,
        state=Objection.State.ACCEPTED,
        decided_at__gt=adjustment.accrual.computed_at,
        decided_at__lte=adjustment.proposed_at,
    ).order_by("pk")


def in_force_behind(adjustment: Adjustment) -> QuerySet[MonthRuling]:
    """Those of the rulings that hold still, so that something has to become of them."""
    return rulings_behind(adjustment).filter(revoked_at=None)


def refuse_unsaid(adjustment: Adjustment, rulings: str) -> None:
    """Raises Refused where a ruling behind it holds and nothing is said of it, or the reverse."""
    if rulings and rulings not in Rulings.values:
        raise Refused("背后的认定只能继续有效或随之撤销；请重选。", field="rulings")
    if bool(rulings) != in_force_behind(adjustment).exists():
        raise Refused(
            "这项调整没有有效的认定，无须说明。"
            if rulings
            else "请说明这项调整背后的认定如何处理：继续有效，或随之撤销。",
            field="rulings",
        )


def settle_behind(adjustment: Adjustment, by: User) -> str:
    """Do with the rulings what was said when the refusal was asked for; returns in words what
    became of all that led to the adjustment, empty where readings alone did."""
    said = []
    for ruling in in_force_behind(adjustment):
        words = f"认定“{ruling.get_state_display()}”（{month_words(ruling.month)}）"
        if adjustment.rulings == Rulings.REVOKE:
            revoke_ruling(ruling=ruling, why=f"不予调整：{adjustment.reason}"[:500], by=by)
            said.append(f"{words}随之撤销")
        else:
            said.append(f"{words}继续有效，只是不改已发布的结果")
    said += [
        f"第 {objection.pk} 号异议的裁决留存，其数据处理不变"
        for objection in objections_behind(adjustment)
    ]
    return "；".join(said)[:400]


def _months(adjustment: Adjustment):
    period = adjustment.accrual.period
    return months_of(period.year) if adjustment.accrual.yearly else (period, period)
