"""The agreements a section counts for, and when their rules changed there."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, Q

from basins.access import Viewer
from basins.models import Jurisdiction
from monitoring.models import Section
from settlements import rules
from settlements.models import Agreement, Term
from settlements.shown.visible import visible_accruals, visible_agreements


@dataclass(frozen=True, slots=True)
class RuleChange:
    """From this day another term of the agreement governs the section."""

    on: date
    agreement: str
    title: str  # of the rule from then on


@dataclass(frozen=True, slots=True)
class SectionAgreement:
    code: str
    title: str
    rule: str  # of the newest term
    changes: tuple[RuleChange, ...]


def agreements_with(section: Section, on: date) -> list[str]:
    """Titles of the agreements in force that count the section on a day or later: 1 SQL query."""
    found = Agreement.objects.filter(
        Q(terms__in_force__endswith__gt=on) | Q(terms__in_force__endswith=None),
        state=Agreement.State.ACTIVE,
        terms__sections__section=section,
    )
    return [f"《{title}》" for title in found.distinct().values_list("title", flat=True)]


def agreements_of_party(place: Jurisdiction, on: date) -> list[str]:
    """Titles of the agreements in force to which the place is party, on a day or later: 1 SQL query."""
    found = Agreement.objects.filter(
        Q(terms__in_force__endswith__gt=on) | Q(terms__in_force__endswith=None),
        state=Agreement.State.ACTIVE,
        parties__jurisdiction=place,
    )
    return [f"《{title}》" for title in found.distinct().values_list("title", flat=True)]


def agreements_of_section(viewer: Viewer, section: Section) -> tuple[SectionAgreement, ...]:
    """Visible agreements with a term at the section, drafts left out: 2 SQL queries."""
    terms = Term.objects.filter(sections__section=section).distinct().order_by("number")
    found = (
        visible_agreements(viewer)
        .filter(terms__sections__section=section)
        .exclude(state=Agreement.State.DRAFT)
        .distinct()
        .prefetch_related(Prefetch("terms", queryset=terms, to_attr="here"))
        .order_by("code")
    )
    return tuple(
        SectionAgreement(
            code=agreement.code,
            title=agreement.title,
            rule=rules.get(agreement.here[-1].rule).title,
            changes=_changes(agreement),
        )
        for agreement in found
    )


def _changes(agreement) -> tuple[RuleChange, ...]:
    """The first day of every term but the first of its strand."""
    seen, changes = set(), []
    for term in sorted(agreement.here, key=lambda t: (t.strand, t.in_force.lower or date.min)):
        if term.strand in seen and term.in_force.lower:
            changes.append(
                RuleChange(term.in_force.lower, agreement.code, rules.get(term.rule).title)
            )
        seen.add(term.strand)
    return tuple(sorted(changes, key=lambda c: c.on))


@dataclass(frozen=True, slots=True)
class MonthAccrual:
    """How far the money of a section's month has come."""

    agreement: str
    state: str
    state_label: str


def accrual_of_month(viewer: Viewer, section: Section, month: date) -> MonthAccrual | None:
    """The section's accrual of the month, if the viewer may see one: 1 SQL query."""
    found = (
        visible_accruals(viewer)
        .filter(term_section__section=section, period=month, yearly=False)
        .select_related("term__agreement")
        .order_by("term__agreement__code", "pk")
        .first()
    )
    if found is None:
        return None
    return MonthAccrual(found.term.agreement.code, found.state, found.get_state_display())
