"""年度结算: the net of a year per party, from its months and the adjustments approved to them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet, Sum

from basins.clock import now
from basins.links import to
from basins.ranges import months_of, year_start
from basins.together import read_together
from settlements.models import (
    Adjustment,
    AdjustmentNet,
    Agreement,
    AmountRefusal,
    Settlement,
    SettlementNet,
    SettlementSignature,
    Transfer,
)
from settlements.money import ZERO, format_yuan
from settlements.moving.acts import moving
from settlements.moving.telling import tell, tell_of_year, told_together

LONGEST_WHY = 400
RECOMPUTED = "数据更正后重新核算"


def resettle(*, agreement: Agreement, years: Iterable[int], cause: str = RECOMPUTED) -> None:
    """Sum the years' accruals per party again; closed years are left as they were closed.

    Signatures under other data or amounts become void, and the year is open again; `cause` is
    what its signers are told. Runs in the caller's transaction, which holds the agreement's lock.
    7 SQL queries at most, whatever
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
        void_signatures(settlement, cause)


def _begun(agreement: Agreement, years: list[int]) -> dict[int, Settlement]:
    """The settlements of years that had none, by year."""
    made = Settlement.objects.bulk_create(Settlement(agreement=agreement, year=y) for y in years)
    return {settlement.year: settlement for settlement in made}


def void_signatures(settlement: Settlement, cause: str) -> bool:
    """What the parties signed is no longer what the year says: back to open, and each signer is
    told what changed, from what to what in yuan, and by whom (`cause`)."""
    valid = list(
        settlement.signatures.filter(void_at__isnull=True)
        .select_related("jurisdiction")
        .defer("jurisdiction__boundary")
    )
    if settlement.state in Settlement.FIXED:
        return False
    for refusal in settlement.refusals.filter(state__in=AmountRefusal.OPEN):
        with moving("void", by=None, note=cause[:LONGEST_WHY]):
            refusal.state = AmountRefusal.State.WITHDRAWN
            refusal.save(update_fields=["state"])
    if settlement.state == Settlement.State.OPEN and not valid:
        return False
    nets = dict(settlement.nets.values_list("jurisdiction_id", "yuan"))
    moment = now()
    for signature in valid:
        signature.void_at = moment
        signature.void_why = void_words(signature, nets.get(signature.jurisdiction_id), cause)
        signature.save(update_fields=["void_at", "void_why"])
    if settlement.state != Settlement.State.OPEN:
        with moving("void", by=None, note=f"签认后数据有变：{cause}"[:LONGEST_WHY]):
            settlement.state = Settlement.State.OPEN
            settlement.save(update_fields=["state"])
    # The parties are asked anew, with a day of their own.
    settlement.sign_until, settlement.sign_provisional = None, False
    settlement.save(update_fields=["sign_until", "sign_provisional"])
    _tell_void(settlement, valid)
    return True


def void_words(signature: SettlementSignature, now_yuan: Decimal | None, cause: str) -> str:
    """What changed for the signer, from what to what, and why."""
    then = signature.yuan
    if then is None or now_yuan is None:
        changed = "所签内容有变"
    elif then == now_yuan:
        changed = f"净额仍为{in_words(now_yuan)}，所依据的数据有变"
    else:
        changed = f"净额由{in_words(then)}变为{in_words(now_yuan)}"
    return f"{changed}：{cause}"[:LONGEST_WHY]


def in_words(net: Decimal) -> str:
    """A party's net: 应收 500,000.00 元, 应付 … or 0.00 元."""
    word = "应收 " if net > 0 else "应付 " if net < 0 else " "
    return f"{word}{format_yuan(abs(net))} 元"


@told_together()
def _tell_void(settlement: Settlement, signatures: Iterable[SettlementSignature]) -> None:
    """Each signer once, whatever it had signed, and the bureau that closes the year."""
    latest = {s.jurisdiction_id: s for s in signatures}
    link = to("settlement", settlement.agreement.code, settlement.year)
    for place, signature in latest.items():
        tell(
            "settlement.void",
            link,
            about=f"{settlement.pk}:{place}",
            parties=[place],
            again=True,
            settlement=settlement,
            why=signature.void_why,
        )
    if latest:
        tell_of_year(
            "settlement.voided",
            settlement,
            names="、".join(str(s.jurisdiction) for s in latest.values()),
            why=next(iter(latest.values())).void_why,
        )


def net_of(agreement: Agreement, year: int) -> dict[int, Decimal]:
    """Jurisdiction id → yuan it is to receive (negative: to pay) from the year's accruals and
    the adjustments approved to them while the year was open.

    Every party of the year is named, also with 0.00; the values sum to zero.
    """
    return nets_of(agreement, [year])[year]


def nets_of(agreement: Agreement, years: Collection[int]) -> dict[int, dict[int, Decimal]]:
    """Year → what `net_of` says of it: 1 SQL query whatever the years."""
    asked = nets_asked(agreement, years)
    read_together(*asked)
    return nets_from(years, *asked)


def nets_asked(agreement: Agreement, years: Collection[int]) -> tuple[QuerySet, QuerySet, QuerySet]:
    """What `nets_from` takes: parties, transfers, and what adjustments add."""
    transfers = Transfer.objects.filter(
        accrual__term__agreement=agreement, accrual__period__range=_span(years)
    )
    sums = transfers.values_list("accrual__period__year", "payer_id", "payee_id")
    return (
        agreement.parties.values_list("jurisdiction_id", "since", "until"),
        sums.annotate(total=Sum("yuan")).order_by(),
        _adjusted(agreement, years),
    )


def nets_from(
    years: Collection[int], parties: Iterable, transfers: Iterable, adjusted: Iterable
) -> dict[int, dict[int, Decimal]]:
    """Year → what `net_of` says of it."""
    nets: dict[int, dict[int, Decimal]] = {year: defaultdict(lambda: ZERO) for year in years}
    for party, since, until in parties:
        for year, of_year in nets.items():
            came = since is None or since <= date(year, 12, 31)
            left = until is not None and until <= year_start(year)
            if came and not left:
                of_year[party] = ZERO
    for year, payer, payee, yuan in transfers:
        if year in nets:
            nets[year][payer] -= yuan
            nets[year][payee] += yuan
    for year, party, yuan in adjusted:
        if year in nets:
            nets[year][party] += yuan
    return {year: dict(of_year) for year, of_year in nets.items()}


def adjusted_nets(agreement: Agreement, year: int) -> dict[int, Decimal]:
    """Jurisdiction id → what adjustments approved before the closing add, in yuan: 1 SQL query."""
    return {party: yuan for _, party, yuan in _adjusted(agreement, [year])}


def _adjusted(agreement: Agreement, years: Collection[int]) -> QuerySet:
    """Year, party and what adjustments approved before the closing add, in yuan."""
    found = AdjustmentNet.objects.filter(
        adjustment__state=Adjustment.State.APPROVED,
        adjustment__entry__isnull=True,
        adjustment__accrual__term__agreement=agreement,
        adjustment__accrual__period__range=_span(years),
    )
    sums = found.values_list("adjustment__accrual__period__year", "jurisdiction_id")
    return sums.annotate(total=Sum("yuan")).order_by()


def _span(years: Collection[int]) -> tuple[date, date]:
    """First and last month from the earliest year to the latest."""
    return months_of(min(years))[0], months_of(max(years))[1]
