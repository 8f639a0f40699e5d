"""年度结算: the net of a year per party, and closing it into the ledger."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from settlements.models import Accrual, Agreement, Settlement, SettlementNet, Transfer
from settlements.services.ledger import Line, account_of, post
from settlements.services.periods import due_in_year

ZERO = Decimal("0.00")


class NotReady(Exception):
    """The year cannot be closed yet; the message (Chinese) names what is missing."""


def resettle(*, agreement: Agreement, years: Iterable[int]) -> None:
    """Sum the years' accruals per party again; closed years are left as they were closed.

    Runs in the caller's transaction, which holds the agreement's lock.
    """
    for year in sorted(set(years)):
        settlement, _ = Settlement.objects.get_or_create(agreement=agreement, year=year)
        if settlement.state == Settlement.State.CLOSED:
            continue
        nets = net_of(agreement, year)
        settlement.nets.all().delete()
        SettlementNet.objects.bulk_create(
            SettlementNet(settlement=settlement, jurisdiction_id=party, yuan=yuan)
            for party, yuan in sorted(nets.items())
        )
        settlement.save(update_fields=["computed_at"])


def net_of(agreement: Agreement, year: int) -> dict[int, Decimal]:
    """Jurisdiction id → yuan it is to receive (negative: to pay) from the year's accruals.

    Every party of the agreement is named, also with 0.00; the values sum to zero.
    """
    nets = dict.fromkeys(agreement.parties.values_list("jurisdiction_id", flat=True), ZERO)
    transfers = Transfer.objects.filter(
        accrual__term__agreement=agreement,
        accrual__period__range=(date(year, 1, 1), date(year, 12, 1)),
    )
    for side, sign in (("payer_id", -1), ("payee_id", 1)):
        for row in transfers.values(side).annotate(total=Sum("yuan")).order_by(side):
            nets[row[side]] = nets.get(row[side], ZERO) + sign * row["total"]
    return nets


@transaction.atomic
def close_settlement(*, agreement: Agreement, year: int, on: date, by) -> Settlement:
    """Close the year: its accruals are settled and one balanced entry is posted.

    Raises NotReady if the year is not over or a month of a term in force has no accrual.
    """
    Agreement.objects.select_for_update(no_key=True).get(pk=agreement.pk)
    settlement = (
        Settlement.objects.select_for_update().filter(agreement=agreement, year=year).first()
    )
    if settlement is None:
        raise NotReady(f"{agreement} {year} 年没有核算结果,请先重算。")
    if settlement.state == Settlement.State.CLOSED:
        raise NotReady(f"{agreement} {year} 年已于 {settlement.closed_on} 关账。")
    if on <= date(year, 12, 31):
        raise NotReady(f"{year} 年尚未结束,不能在 {on} 关账。")
    if missing := _months_missing(agreement, year):
        raise NotReady(f"{agreement} {year} 年缺核算:{'、'.join(missing)};请先重算。")
    resettle(agreement=agreement, years=[year])
    Accrual.objects.filter(term__agreement=agreement, period__year=year).update(
        state=Accrual.State.SETTLED
    )
    nets = [(n.jurisdiction, n.yuan) for n in settlement.nets.select_related("jurisdiction")]
    settlement.state = Settlement.State.CLOSED
    settlement.closed_on, settlement.closed_by = on, by
    settlement.save()
    lines = [Line(account_of(j, opened_on=on), yuan) for j, yuan in nets if yuan]
    if lines:
        post(
            cause="settlement",
            settlement=settlement,
            on=on,
            text=f"{year} 年清缴:{agreement.title}",
            lines=lines,
            by=by,
        )
    return settlement


def _months_missing(agreement: Agreement, year: int) -> list[str]:
    """Months of the year in which a monthly term is in force but a section has no accrual."""
    have = set(
        Accrual.objects.filter(term__agreement=agreement, period__year=year).values_list(
            "term_section_id", "period"
        )
    )
    return sorted(
        {
            f"{part.section} {period:%Y-%m}"
            for part, period in due_in_year(agreement, year)
            if (part.pk, period) not in have
        }
    )
