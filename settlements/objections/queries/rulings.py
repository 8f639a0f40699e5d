"""认定 as a list, one of them, and what a ruling would change before it is made."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet

from basins.access import Act, Scope, Viewer
from monitoring.models import Section
from settlements.accruals.services.accruals import agreements_touched
from settlements.models import (
    Accrual,
    Adjustment,
    Agreement,
    MonthRuling,
    TermSection,
    VerdictEvidence,
)
from settlements.reckoning.computation import Work, compute, load, other_parties, party_of, work_of
from settlements.reckoning.given_facts import Ruling
from settlements.rules.facts import MonthState
from settlements.shown.visible import visible_rulings
from settlements.years.queries.adjustments import visible_adjustments

NOBODY = "互不补偿"


def may_see(viewer: Viewer) -> bool:
    """Who sees drafts: all of them, or those of one's own agreements."""
    return viewer.may(Act.SEE_DRAFTS)


def names(viewer: Viewer) -> bool:
    """Whether the viewer is told who of the bureau ruled."""
    return viewer.sees_all(Act.SEE_DRAFTS)


def listed(
    viewer: Viewer, *, section: str = "", year: int | None = None, state: str = "", live: str = ""
) -> QuerySet[MonthRuling]:
    """Rulings the viewer sees, the newest month first. `live`: "yes" in force, "no" revoked."""
    found = _related(visible_rulings(viewer))
    if section:
        found = found.filter(section__code=section)
    if year:
        found = found.filter(month__year=year)
    if state:
        found = found.filter(state=state)
    if live:
        found = found.filter(revoked_at__isnull=live == "yes")
    return found


def ruling(viewer: Viewer, pk: int) -> MonthRuling | None:
    return _related(visible_rulings(viewer).filter(pk=pk)).first()


def refused_because_of(viewer: Viewer, ruling: MonthRuling) -> list[Adjustment]:
    """Adjustments that this ruling led to and that were refused, with what became of it: 1 SQL
    query."""
    of_month = Q(accrual__period=ruling.month) | Q(
        accrual__yearly=True, accrual__period__year=ruling.month.year
    )
    found = visible_adjustments(viewer).filter(
        of_month,
        state=Adjustment.State.DISMISSED,
        accrual__term_section__section=ruling.section_id,
        accrual__computed_at__lt=ruling.decided_at,
        proposed_at__gte=ruling.decided_at,
    )
    if ruling.agreement_id is not None:
        found = found.filter(accrual__term__agreement=ruling.agreement_id)
    return list(found.select_related("accrual__term__agreement").order_by("pk"))


def visible_verdict_evidence(viewer: Viewer) -> QuerySet[VerdictEvidence]:
    """What judgements of readings rest on: all, or of the sections of one's own agreements."""
    match viewer.scope(Act.SEE_DRAFTS):
        case Scope.ALL:
            return VerdictEvidence.objects.all()
        case Scope.OWN:
            own = TermSection.objects.filter(
                section=OuterRef("verdict__section"),
                term__agreement__parties__jurisdiction=viewer.jurisdiction_id,
            )
            return VerdictEvidence.objects.filter(Exists(own))
    return VerdictEvidence.objects.none()


def years_ruled_on(viewer: Viewer) -> list[int]:
    return sorted({d.year for d in visible_rulings(viewer).dates("month", "year")}, reverse=True)


def sections_of_rulings(viewer: Viewer) -> list[tuple[str, str]]:
    """Sections with a ruling the viewer sees, as choices."""
    found = Section.objects.filter(pk__in=visible_rulings(viewer).values("section"))
    return list(found.order_by("name").values_list("code", "name"))


def _related(rows: QuerySet[MonthRuling]) -> QuerySet[MonthRuling]:
    return rows.select_related("section", "agreement", "decided_by", "revoked_by")


def sections_ruled_on() -> list[tuple[str, str]]:
    """Sections of terms in force or past, as choices: code and name with its river."""
    sections = (
        Section.objects.filter(term_sections__isnull=False)
        .select_related("river")
        .order_by("name")
        .distinct()
    )
    return [(s.code, f"{s.name}（{s.river.name}）" if s.river else s.name) for s in sections]


def agreements_of(section: Section | None = None) -> list[tuple[str, str]]:
    """Agreements over the section, or all, as choices."""
    found = Agreement.objects.exclude(state=Agreement.State.DRAFT)
    if section is not None:
        ids = TermSection.objects.filter(section=section).values("term__agreement")
        found = found.filter(pk__in=ids)
    return list(found.order_by("code").values_list("code", "title"))


@dataclass(frozen=True, slots=True)
class Effect:
    """One accrual a ruling feeds: what it is now and what it would be."""

    agreement: str
    code: str
    section: str
    period: date
    yearly: bool
    published: bool  # then an adjustment is proposed, and the accrual stays
    before_state: str
    before: str
    after_state: str
    after: str

    @property
    def changes(self) -> bool:
        return (self.before_state, self.before) != (self.after_state, self.after)


def effects(
    *,
    section: Section,
    month: date,
    agreement: Agreement | None,
    state: MonthState | None,
    reason: str = "",
) -> list[Effect]:
    """The accruals the ruling feeds, computed as if it held; `state` None: as if revoked."""
    changed = {(section.pk, month)}
    touched = agreements_touched(changed)
    wanted = [agreement.pk] if agreement is not None else list(touched)
    found = Agreement.objects.filter(pk__in=set(wanted) & set(touched)).select_related("river")
    answer: list[Effect] = []
    for each in found.order_by("code"):
        answer += _effects(each, section, month, agreement, state, reason)
    return answer


def _effects(
    each: Agreement,
    section: Section,
    month: date,
    agreement: Agreement | None,
    state: MonthState | None,
    reason: str,
) -> list[Effect]:
    work = work_of(each, changed={(section.pk, month)})
    facts = load(work)
    kept = dict(facts.rulings.get((section.pk, month), {}))
    at = agreement.pk if agreement is not None else None
    kept.pop(at, None)
    if state is not None:
        kept[at] = Ruling(state, reason or "拟认定", "市局认定")
    facts.rulings[section.pk, month] = kept
    others = other_parties(each)
    stored = _stored(work)
    lines = []
    for item, computed in zip(
        [one for one in work for _ in one.periods],
        compute(work, facts, digests=False),
        strict=True,
    ):
        before = stored.get((item.part.pk, computed.period))
        after = [
            (
                party_of(item.part, t.payer, others).name,
                party_of(item.part, t.payee, others).name,
                t.yuan,
            )
            for t in computed.outcome.transfers
        ]
        lines.append(
            Effect(
                agreement=each.title,
                code=each.code,
                section=item.part.section.name,
                period=computed.period,
                yearly=computed.facts.granularity == "year",
                published=before is not None and before.state not in Accrual.OPEN,
                before_state=before.get_month_state_display() if before else "未核算",
                before=_words(
                    [(t.payer.name, t.payee.name, t.yuan) for t in before.transfers.all()]
                    if before
                    else []
                ),
                after_state=computed.outcome.state.label,
                after=_words(after),
            )
        )
    return [line for line in lines if line.changes or line.period == month]


def _stored(work: list[Work]) -> dict[tuple[int, date], Accrual]:
    found = {}
    rows = Accrual.objects.filter(
        term_section__in=[item.part.pk for item in work],
        period__in={p for item in work for p in item.periods},
    ).prefetch_related("transfers__payer", "transfers__payee")
    for row in rows:
        found[row.term_section_id, row.period] = row
    return dict(found)


def _words(transfers: list[tuple[str, str, Decimal]]) -> str:
    return "；".join(f"{a} → {b} {yuan / 10000:,.2f} 万元" for a, b, yuan in transfers) or NOBODY
