"""A year that is not closed, as those see it who are no party to it: its published months."""

from collections import defaultdict
from decimal import Decimal

from django.db.models import prefetch_related_objects

from basins.access import Viewer
from basins.models import Jurisdiction
from settlements.models import Accrual, Agreement, Party, Settlement
from settlements.shown.findings import Net
from settlements.shown.payments import current_prefetch
from settlements.shown.places import Place
from settlements.shown.revisions import carried_in, revisions_of
from settlements.shown.visible import visible_accruals, visible_agreements, visible_settlements
from settlements.years.queries.years import (
    SettlementYear,
    accruals_of_year,
    booked_finding,
    section_years,
    states_of,
    terms_in,
    yearly_lines,
)


def published_year(viewer: Viewer, code: str, year: int) -> SettlementYear | None:
    """The nets of what is published of the year so far, adjustments that count included.

    None where nothing of it is published, or the agreement is not this viewer's to see: at most
    12 SQL queries, and 4 more where something was adjusted.
    """
    settlement = (
        Settlement.objects.filter(
            agreement__in=visible_agreements(viewer), agreement__code=code, year=year
        )
        .select_related("agreement__river")
        .first()
    )
    if settlement is None:
        return None
    agreement = settlement.agreement
    accruals = accruals_of_year(viewer, agreement, year)
    if not accruals:
        return None
    nets = _nets(agreement, accruals)
    yearly = any(a.yearly for a in accruals)
    carried = carried_in(visible_accruals(viewer).filter(term__agreement=agreement), year)
    revised = revisions_of(accruals)
    return SettlementYear(
        agreement=agreement.code,
        title=agreement.title,
        river=agreement.river.name,
        year=year,
        finding=booked_finding(nets, carried),
        state="未关账",
        kind="open",
        closed=False,
        closed_on=None,
        computed_at=settlement.computed_at,
        nets=nets,
        carried=carried,
        sections=section_years(
            [a for a in accruals if not a.yearly], year, revised, missing="未发布"
        ),
        yearly=yearly_lines(viewer, agreement, year, revised) if yearly else (),
        terms=terms_in(agreement, year),
        entry=None,
        adjustments=(),
        years=(year,),
        states=states_of(accruals),
    )


def years_open(viewer: Viewer) -> set[tuple[str, int]]:
    """(agreement code, year) of every year whose page opens for the viewer: 2 SQL queries."""
    published = (
        visible_accruals(viewer).order_by().values_list("term__agreement__code", "period__year")
    )
    return {
        *visible_settlements(viewer).values_list("agreement__code", "year"),
        *published.distinct(),
    }


def _nets(agreement: Agreement, accruals: list[Accrual]) -> tuple[Net, ...]:
    """Every party's sum over the accruals as they count now, in the parties' order: the year is
    not closed, so it has booked every adjustment of its months."""
    prefetch_related_objects(accruals, current_prefetch())
    sums: dict[int, Decimal] = defaultdict(Decimal)
    places: dict[int, Jurisdiction] = {}
    roles: dict[int, tuple[int, str]] = {}
    parties = Party.objects.filter(agreement=agreement).select_related("jurisdiction")
    for party in parties.defer("jurisdiction__boundary"):
        sums[party.jurisdiction_id] += 0
        places[party.jurisdiction_id] = party.jurisdiction
        roles[party.jurisdiction_id] = party.order, party.get_role_display()
    for accrual in accruals:
        for transfer in accrual.current.all():  # type: ignore[attr-defined]
            for place, yuan in ((transfer.payer, -transfer.yuan), (transfer.payee, transfer.yuan)):
                sums[place.pk] += yuan
                places[place.pk] = place
    order = sorted(sums, key=lambda pk: (roles.get(pk, (99, "")), pk))
    return tuple(Net(Place.of(places[pk]), sums[pk], roles.get(pk, (99, ""))[1]) for pk in order)
