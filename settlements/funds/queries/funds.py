"""资金使用 as its pages show it: received, allotted, spent and left, per agreement and project.

Amounts are Decimal yuan. The bureau, the treasury and the auditor see all districts, a district
its own.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet, Sum

from basins.access import Act, Scope, Viewer
from basins.models import Jurisdiction, Role
from settlements.funds.services.funds import received_payments
from settlements.models import Agreement, FundProject, FundReduction, FundSpending, Payment
from settlements.money import ZERO
from settlements.shown.places import Place

SEES_ALL = (Role.Code.BUREAU, Role.Code.TREASURY, Role.Code.AUDITOR)


def may_see(viewer: Viewer) -> bool:
    return viewer.role in (*SEES_ALL, Role.Code.DISTRICT)


def may_enter(viewer: Viewer) -> bool:
    """Whether the viewer allots and reports, for its own district."""
    return viewer.scope(Act.CONFIRM) is Scope.OWN


def visible_projects(viewer: Viewer) -> QuerySet[FundProject]:
    found = FundProject.objects.select_related("jurisdiction", "agreement", "by").defer(
        "jurisdiction__boundary"
    )
    if viewer.role in SEES_ALL:
        return found
    if viewer.role == Role.Code.DISTRICT:
        return found.filter(jurisdiction=viewer.jurisdiction_id)
    return found.none()


def visible_spendings(viewer: Viewer) -> QuerySet[FundSpending]:
    return FundSpending.objects.filter(project__in=visible_projects(viewer))


@dataclass(frozen=True, slots=True)
class ProjectLine:
    id: int
    name: str
    purpose: str
    allotted: Decimal
    allotted_on: date
    document_number: str
    spent: Decimal

    @property
    def left(self) -> Decimal:
        return self.allotted - self.spent


@dataclass(frozen=True, slots=True)
class FundLine:
    """One district's money of one agreement; projects narrowed by the filter."""

    place: Place
    agreement: str
    title: str
    received: Decimal
    allotted: Decimal
    spent: Decimal
    projects: tuple[ProjectLine, ...]

    @property
    def free(self) -> Decimal:
        """Not allotted yet; negative where a payment was reversed afterwards."""
        return self.received - self.allotted

    @property
    def left(self) -> Decimal:
        return self.received - self.spent


@dataclass(frozen=True, slots=True)
class Funds:
    lines: tuple[FundLine, ...]

    @property
    def received(self) -> Decimal:
        return sum((line.received for line in self.lines), ZERO)

    @property
    def allotted(self) -> Decimal:
        return sum((line.allotted for line in self.lines), ZERO)

    @property
    def spent(self) -> Decimal:
        return sum((line.spent for line in self.lines), ZERO)

    @property
    def free(self) -> Decimal:
        return self.received - self.allotted

    @property
    def left(self) -> Decimal:
        return self.received - self.spent


def funds(viewer: Viewer, *, place: str = "", agreement: str = "", purpose: str = "") -> Funds:
    """Every district and agreement with money received or allotted: 6 SQL queries."""
    paid = Payment.objects.filter(received_payments(), payee__level=Jurisdiction.Level.DISTRICT)
    projects = visible_projects(viewer)
    if viewer.role not in SEES_ALL:
        paid = paid.filter(payee=viewer.jurisdiction_id if may_see(viewer) else None)
    for name, value in (("payee__code", place), ("agreement__code", agreement)):
        if value:
            paid = paid.filter(**{name: value})
    for name, value in (("jurisdiction__code", place), ("agreement__code", agreement)):
        if value:
            projects = projects.filter(**{name: value})
    got: dict[tuple[int, int], Decimal] = {
        (row["payee"], row["agreement"]): row["total"]
        for row in paid.values("payee", "agreement").annotate(total=Sum("yuan")).order_by()
    }
    rows = list(projects.order_by("jurisdiction__sort_key", "agreement__code", "allotted_on", "pk"))
    reduced: dict[int, Decimal] = defaultdict(lambda: ZERO)
    spent = dict(
        FundSpending.objects.filter(project__in=[p.pk for p in rows])
        .order_by()
        .values_list("project")
        .annotate(total=Sum("yuan"))
    )
    for pk, total in (
        FundReduction.objects.filter(project__in=[p.pk for p in rows])
        .order_by()
        .values_list("project")
        .annotate(total=Sum("yuan"))
    ):
        reduced[pk] = total
    own: dict[tuple[int, int], list[FundProject]] = defaultdict(list)
    for project in rows:
        own[project.jurisdiction_id, project.agreement_id].append(project)
    keys = {*got, *own}
    places = {
        j.pk: j for j in Jurisdiction.objects.filter(pk__in={k[0] for k in keys}).defer("boundary")
    }
    agreements = Agreement.objects.in_bulk({k[1] for k in keys})
    lines = [
        _line(places[p], agreements[a], got.get((p, a), ZERO), own[p, a], spent, reduced, purpose)
        for p, a in sorted(keys, key=lambda k: (places[k[0]].sort_key, agreements[k[1]].code))
    ]
    return Funds(tuple(line for line in lines if line.projects or not purpose))


def _line(
    place: Jurisdiction,
    agreement: Agreement,
    received: Decimal,
    projects: list[FundProject],
    spent: dict[int, Decimal],
    reduced: dict[int, Decimal],
    purpose: str,
) -> FundLine:
    return FundLine(
        place=Place.of(place),
        agreement=agreement.code,
        title=agreement.title,
        received=received,
        allotted=sum((p.allotted - reduced[p.pk] for p in projects), ZERO),
        spent=sum((spent.get(p.pk, ZERO) for p in projects), ZERO),
        projects=tuple(
            ProjectLine(
                p.pk,
                p.name,
                p.get_purpose_display(),
                p.allotted - reduced[p.pk],
                p.allotted_on,
                p.document_number,
                spent.get(p.pk, ZERO),
            )
            for p in projects
            if not purpose or p.purpose == purpose
        ),
    )


@dataclass(frozen=True, slots=True)
class ProjectPage:
    project: FundProject
    spendings: tuple[FundSpending, ...]
    reductions: tuple[FundReduction, ...]
    spent: Decimal
    may_report: bool

    @property
    def allotted(self) -> Decimal:
        """What stands of it, less what was taken back."""
        return self.project.allotted - sum((r.yuan for r in self.reductions), ZERO)

    @property
    def left(self) -> Decimal:
        return self.allotted - self.spent


def project_page(viewer: Viewer, pk: int) -> ProjectPage | None:
    """One project with its spendings, or None where there is none for this viewer."""
    found = visible_projects(viewer).filter(pk=pk).first()
    if found is None:
        return None
    spendings = tuple(found.spendings.select_related("by").order_by("spent_on", "pk"))
    return ProjectPage(
        found,
        spendings,
        tuple(found.reductions.select_related("by").order_by("at", "pk")),
        sum((s.yuan for s in spendings), ZERO),
        may_enter(viewer) and viewer.jurisdiction_id == found.jurisdiction_id,
    )


def agreements_of(viewer: Viewer) -> QuerySet[Agreement]:
    """Agreements under which the viewer's district can have received something."""
    return (
        Agreement.objects.filter(parties__jurisdiction=viewer.jurisdiction_id)
        .exclude(state=Agreement.State.DRAFT)
        .distinct()
        .order_by("code")
    )
