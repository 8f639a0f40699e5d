"""认定 of a section's month by the bureau, and taking one back.

Nothing is computed here: the database marks the month, and the pipeline computes what it
feeds. In a closed year that leads to a proposed adjustment; the books stay as they are.
"""

from datetime import date

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.utils import timezone

from basins.clock import now
from basins.links import to
from basins.models import User
from basins.ranges import between, month_start, next_month, today
from basins.words import month_words
from monitoring.assessment.services.assessment import month_bounds
from monitoring.models import Origin, Reading, Section
from settlements.models import Agreement, MonthRuling, TermSection
from settlements.moving.documents import checked, kept
from settlements.moving.notify import signatories
from settlements.moving.parties_of_month import is_party_in
from settlements.moving.telling import tell
from settlements.rules.facts import MonthState

Ground = MonthRuling.Ground
LONGEST = 500

# On which grounds a month may be found to be in a state (domain: exclusions, no flow, no data).
GROUNDS: dict[MonthState, tuple[Ground, ...]] = {
    MonthState.EXCLUDED: (
        Ground.DISASTER,
        Ground.DROUGHT,
        Ground.BACKGROUND,
        Ground.INFLOW,
        Ground.STATION,
    ),
    MonthState.NATURAL_NO_FLOW: (Ground.DROUGHT, Ground.DISASTER),
    MonthState.MANMADE_NO_FLOW: (Ground.DRAINED,),
    MonthState.NO_DATA: (Ground.STATION, Ground.MISSING, Ground.DISASTER),
}


class RulingRefused(ValueError):
    """A ruling that cannot be made or taken back; `field` names what is wrong with it."""

    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)


@transaction.atomic
def rule_month(
    *,
    section: Section,
    month: date,
    state: MonthState | str,
    ground: str,
    reason: str,
    by: User,
    agreement: Agreement | None = None,
    evidence: File | None = None,
) -> MonthRuling:
    """Find the state of a section's month, for one agreement or for all of them.

    Raises RulingRefused, and DocumentRefused for evidence that is no PDF, PNG or JPEG.
    """
    check(
        section=section,
        month=month,
        state=state,
        ground=ground,
        reason=reason,
        agreement=agreement,
    )
    ruling = MonthRuling(
        section=section,
        month=month,
        agreement=agreement,
        state=MonthState(state).value,
        ground=ground,
        reason=" ".join(reason.split()),
        decided_by=by,
        decided_at=now(),
    )
    if evidence is not None:
        found = checked(evidence)
        ruling.evidence_name, ruling.evidence_kind = found.name, found.kind
        ruling.evidence_sha256 = found.sha256
        ruling.evidence.name = kept(found, "rulings", found.stored_name)
    try:
        with transaction.atomic():
            ruling.save()
    except IntegrityError as clash:
        if "ruling_live_once" not in str(clash):
            raise
        raise RulingRefused(_twice(section, month), "month") from clash
    _tell("ruling.make", ruling, by, ground=ruling.get_ground_display(), reason=ruling.reason)
    return ruling


def check(
    *,
    section: Section,
    month: date,
    state: MonthState | str,
    ground: str,
    reason: str,
    agreement: Agreement | None = None,
) -> None:
    """Whether the month may be ruled so. Raises RulingRefused with the remedy."""
    try:
        found, why = MonthState(state), Ground(ground)
    except ValueError as wrong:
        raise RulingRefused("请选一种状态和事由。", "state") from wrong
    if found not in GROUNDS:
        states = "、".join(s.label for s in GROUNDS)
        raise RulingRefused(f"“{found.label}”由规则得出，不能认定；可认定的是{states}。", "state")
    if why not in GROUNDS[found]:
        fitting = "、".join(str(g.label) for g in GROUNDS[found])
        raise RulingRefused(f"“{found.label}”的事由须是{fitting}；请改选。", "ground")
    if month != month_start(month) or month > today():
        raise RulingRefused(f"{month:%Y-%m} 还没有到，或不是一个月；请核对月份。", "month")
    if not reason.strip() or len(reason) > LONGEST:
        raise RulingRefused(f"请写明理由（至多 {LONGEST} 字）：何时、何事、依据什么。", "reason")
    live = MonthRuling.objects.filter(
        section=section, month=month, agreement=agreement, revoked_at__isnull=True
    )
    if live.exists():
        raise RulingRefused(_twice(section, month), "month")
    if why is Ground.STATION and (sample := manual_sample(section, month)):
        raise RulingRefused(
            f"{section}断面 {month:%Y-%m} 有手工样（{sample}），自动站故障时以它代替，"
            "无须认定；自动站的故障数据请标为无效，评价即改用手工样。",
            "ground",
        )


def manual_sample(section: Section, month: date) -> str:
    """Words for the month's manual samples, which stand in for a failed station; or empty."""
    start, end = month_bounds(month)
    times = (
        Reading.objects.filter(
            section=section,
            sampled_at__gte=start,
            sampled_at__lt=end,
            origin=Origin.MANUAL,
            flag__in=Reading.VALID_FLAGS,
        )
        .values_list("sampled_at", flat=True)
        .order_by("sampled_at")
        .distinct()
    )
    return "、".join(f"{timezone.localtime(at):%m-%d %H:%M}" for at in times[:4])


@transaction.atomic
def revoke_ruling(*, ruling: MonthRuling, why: str, by: User) -> MonthRuling:
    """Take a ruling back; it stays on record. Raises RulingRefused."""
    if not why.strip() or len(why) > LONGEST:
        raise RulingRefused(f"请写明撤销的理由（至多 {LONGEST} 字）。", "why")
    ruling = MonthRuling.objects.select_for_update(of=("self",)).get(pk=ruling.pk)
    if ruling.revoked_at is not None:
        raise RulingRefused("这项认定已经撤销。")
    ruling.revoked_by, ruling.revoked_at = by, now()
    ruling.revoked_why = " ".join(why.split())
    ruling.save(update_fields=["revoked_by", "revoked_at", "revoked_why"])
    _tell("ruling.revoke", ruling, by, why=ruling.revoked_why)
    return ruling


def _tell(event: str, ruling: MonthRuling, by: User, **said) -> None:
    """The parties of the agreements it holds for, and the bureau."""
    tell(
        event,
        to("ruling", ruling.pk),
        about=ruling.pk,
        by=by,
        parties=parties_ruled_on(ruling),
        section=ruling.section,
        month=month_words(ruling.month),
        state=ruling.get_state_display(),
        **said,
    )


def parties_ruled_on(ruling: MonthRuling) -> list[int]:
    """Ids of the parties, in that month, of the agreements the ruling holds for: 2 SQL queries."""
    days = between(ruling.month, next_month(ruling.month))
    terms = TermSection.objects.filter(section=ruling.section_id, term__in_force__overlap=days)
    if ruling.agreement_id is not None:
        terms = terms.filter(term__agreement=ruling.agreement_id)
    agreements = set(terms.values_list("term__agreement", flat=True))
    return [
        party.jurisdiction_id
        for party in signatories(agreement__in=agreements)
        if is_party_in(party, ruling.month)
    ]


def _twice(section: Section, month: date) -> str:
    return f"{section}断面 {month:%Y-%m} 已有认定；要改请先撤销原认定。"
