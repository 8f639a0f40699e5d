"""年度结算: the net of a year per party, from its months and the adjustments approved to them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from basins.clock import now
from basins.ranges import months_of, year_start
from settlements.models import (
    Adjustment,
    AdjustmentNet,
    Agreement,
    Settlement,
    SettlementNet,
    Transfer,
)
from settlements.money import ZERO
from settlements.moving.acts import moving


def resettle(*, agreement: Agreement, years: Iterable[int]) -> None:
    """Sum the years' accruals per party again; closed years are left as they were closed.

    Signatures under other data or amounts become void, and the year is open again. Runs in
    the caller's transaction, which holds the agreement's lock. 9 SQL queries at most, whatever
    the years, and those of signatures that become void.
    """
    asked = sorted(set(years))
    there = {s.year: s for s in agreement.settlements.filter(year__in=asked)}
    there |= _begun(agreement, [year for year in asked if year not in there])
    summed = [there[year] for year in asked if there[year].state not in Settlement.FIXED]
    if not summed:
        return
    nets = nets_of(agreement, [settlement.year for settlement in summed])
    before: dict[int, dict[int, Decimal]] = {settlement.pk: {} for settlement in summed}
    stored = SettlementNet.objects.filter(settlement__in=summed)
    for pk, party, yuan in stored.values_list("settlement_id", "jurisdiction_id", "yuan"):
        before[pk][party] = yuan
    changed = [s for s in summed if before[s.pk] != nets[s.year]]
    if changed:
        SettlementNet.objects.filter(settlement__in=changed).delete()
        SettlementNet.objects.bulk_create(
            SettlementNet(settlement=settlement, jurisdiction_id=party, yuan=yuan)
            for settlement in changed
            for party, yuan in sorted(nets[settlement.year].items())
        )
    Settlement.objects.filter(pk__in=[s.pk for s in summed]).update(computed_at=now())
    for settlement in changed:
        void_signatures(settlement)


def _begun(agreement: Agreement, years: list[int]) -> dict[int, Settlement]:
    """The settlements of years that had none, by year."""
    made = Settlement.objects.bulk_create(Settlement(agreement=agreement, year=y) for y in years)
    return {settlement.year: settlement for settlement in made}


def void_signatures(settlement: Settlement) -> bool:
    """What the parties signed is no longer what the year says: back to open."""
    if settlement.state in (Settlement.State.OPEN, *Settlement.FIXED):
        valid = settlement.signatures.filter(void_at__isnull=True)
        if settlement.state in Settlement.FIXED or not valid.exists():
            return False
    settlement.signatures.filter(void_at__isnull=True).update(void_at=now())
    if settlement.state != Settlement.State.OPEN:
        with moving("void", by=None, note="签认后数据有变"):
            settlement.state = Settlement.State.OPEN
            settlement.save(update_fields=["state"])
    return True


def net_of(agreement: Agreement, year: int) -> dict[int, Decimal]:
    """Jurisdiction id → yuan it is to receive (negative: to pay) from the year's accruals and
    the adjustments approved to them while the year was open.

    Every party of the year is named, also with 0.00; the values sum to zero.
    """
    return nets_of(agreement, [year])[year]


def nets_of(agreement: Agreement, years: Collection[int]) -> dict[int, dict[int, Decimal]]:
    """Year → what `net_of` says of it: 3 SQL queries whatever the years."""
    nets: dict[int, dict[int, Decimal]] = {year: defaultdict(lambda: ZERO) for year in years}
    for party, since, until in agreement.parties.values_list("jurisdiction_id", "since", "until"):
        for year, of_year in nets.items():
            came = since is None or since <= date(year, 12, 31)
            left = until is not None and until <= year_start(year)
            if came and not left:
                of_year[party] = ZERO
    transfers = Transfer.objects.filter(
        accrual__term__agreement=agreement,
        accrual__period__range=_span(years),
    )
    sums = transfers.values_list("accrual__period__year", "payer_id", "payee_id")
    for year, payer, payee, yuan in sums.annotate(total=Sum("yuan")).order_by():
        if year in nets:
            nets[year][payer] -= yuan
            nets[year][payee] += yuan
    for year, adjusted in adjusted_nets_of(agreement, years).items():
        for party, yuan in adjusted.items() if year in nets else ():
            nets[year][party] += yuan
    return {year: dict(of_year) for year, of_year in nets.items()}


def adjusted_nets(agreement: Agreement, year: int) -> dict[int, Decimal]:
    """Jurisdiction id → what adjustments approved before the closing add, in yuan."""
    return adjusted_nets_of(agreement, [year]).get(year, {})


def adjusted_nets_of(agreement: Agreement, years: Collection[int]) -> dict[int, dict[int, Decimal]]:
    """Year → what `adjusted_nets` says of it, where there is anything: 1 SQL query."""
    found = AdjustmentNet.objects.filter(
        adjustment__state=Adjustment.State.APPROVED,
        adjustment__entry__isnull=True,
        adjustment__accrual__term__agreement=agreement,
        adjustment__accrual__period__range=_span(years),
    )
    sums = found.values_list("adjustment__accrual__period__year", "jurisdiction_id")
    nets: dict[int, dict[int, Decimal]] = defaultdict(dict)
    for year, party, yuan in sums.annotate(total=Sum("yuan")).order_by():
        nets[year][party] = yuan
    return nets


def _span(years: Collection[int]) -> tuple[date, date]:
    """First and last month from the earliest year to the latest."""
    return months_of(min(years))[0], months_of(max(years))[1]
