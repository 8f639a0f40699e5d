"""听取意见: the parties may speak to a proposed adjustment, for some working days, before another
person approves it.
"""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from basins.access import Act, Scope, viewer_of
from basins.clock import now, today
from basins.links import to
from basins.models import Jurisdiction, User
from basins.services.working_days import Deadline, add_working_days
from basins.words import day_words, period_words
from settlements.models import Adjustment, AdjustmentRemark, Objection
from settlements.moving.acts import NotAllowed, Refused
from settlements.moving.notify import signatories
from settlements.moving.telling import tell

LONGEST = 1000


class NotYetHeard(Refused):
    """Parties have not spoken and still may; approving now needs a reason of its own."""


def hearing_until(adjustment: Adjustment) -> Deadline:
    """The last working day on which the parties may speak to it: 1 SQL query."""
    return add_working_days(timezone.localdate(adjustment.proposed_at), settings.HEARING_DAYS)


def awaited(adjustment: Adjustment) -> list[str]:
    """Names of the parties that have not spoken and still may: at most 4 SQL queries.

    Nobody where the adjustment follows from an objection: the parties were heard in that.
    """
    if not settings.HEARING_DAYS or today() > hearing_until(adjustment).date:
        return []
    if _follows_objection(adjustment):
        return []
    spoke = set(adjustment.remarks.values_list("jurisdiction", flat=True))
    return [
        party.jurisdiction.name
        for party in signatories(agreement=adjustment.accrual.term.agreement_id)
        if party.jurisdiction_id not in spoke
    ]


def refuse_unheard(adjustment: Adjustment, unheard: str) -> str:
    """What the record says of an approval before its time; '' in time. Raises NotYetHeard."""
    names = awaited(adjustment)
    if not names:
        return ""
    if not unheard.strip():
        until = hearing_until(adjustment).date
        raise NotYetHeard(
            f"{'、'.join(names)}尚未表示意见，听取意见至 {until.year}年{day_words(until)}；"
            "确须现在批准的，请写明提前批准的理由。"
        )
    return f"提前批准（{'、'.join(names)}未表示意见）：{unheard.strip()}"[:LONGEST]


@transaction.atomic
def remark_on(*, adjustment: Adjustment, by: User, text: str) -> AdjustmentRemark:
    """A party's words on an adjustment that is not decided yet; the same words again are those.

    Raises NotAllowed for who speaks for no party, Refused.
    """
    adjustment = (
        Adjustment.objects.select_for_update(of=("self",))
        .select_related("accrual__term__agreement")
        .get(pk=adjustment.pk)
    )
    viewer, accrual = viewer_of(by), adjustment.accrual
    agreement = accrual.term.agreement
    parties = {p.jurisdiction_id for p in signatories(agreement=agreement)}
    if viewer.scope(Act.CONFIRM) is not Scope.OWN or viewer.jurisdiction_id not in parties:
        raise NotAllowed(f"{by} 不代表本协议的任何一方。")
    if adjustment.state not in Adjustment.PENDING:
        raise Refused(f"调整{adjustment.get_state_display()}，不能再提意见。")
    said = text.strip()
    if not said or len(said) > LONGEST:
        raise Refused(f"请写明意见（至多 {LONGEST} 字）。")
    own = Jurisdiction.objects.defer("boundary").get(pk=viewer.jurisdiction_id)
    if known := adjustment.remarks.filter(jurisdiction=own, text=said).first():
        return known
    made = AdjustmentRemark.objects.create(
        adjustment=adjustment, jurisdiction=own, text=said, by=by, at=now()
    )
    tell(
        "adjustment.remark",
        to("adjustment", adjustment.pk),
        about=made.pk,
        by=by,
        parties=parties,
        own=own.pk,
        party=own,
        agreement=agreement,
        month=period_words(accrual.period, accrual.yearly),
        text=said,
    )
    return made


def _follows_objection(adjustment: Adjustment) -> bool:
    accrual = adjustment.accrual
    month = accrual.period.replace(month=12) if accrual.yearly else accrual.period
    return Objection.objects.filter(
        month__agreement=accrual.term.agreement_id,
        month__month=month,
        section=accrual.term_section.section_id,
        state=Objection.State.ACCEPTED,
        decided_at__lte=adjustment.proposed_at,
        decided_at__gt=accrual.computed_at,
    ).exists()
