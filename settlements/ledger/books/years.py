"""Checking years: a year is closed if and only if its nets stand in the ledger as one entry."""

from collections import defaultdict
from decimal import Decimal

from django.db.models import Sum

from settlements.ledger.books.found import Broken, Promise
from settlements.models import (
    Accrual,
    Adjustment,
    AdjustmentNet,
    JournalEntry,
    Posting,
    Settlement,
    SettlementNet,
    Transfer,
)


def settlement_problems() -> list[Broken]:
    nets: dict[int, dict[int, Decimal]] = defaultdict(dict)
    for settlement_id, party, yuan in SettlementNet.objects.filter(
        settlement__in=Settlement.objects.filter(state__in=Settlement.FIXED)
    ).values_list("settlement_id", "jurisdiction_id", "yuan"):
        if yuan:
            nets[settlement_id][party] = yuan
    booked: dict[int, dict[int, Decimal]] = defaultdict(dict)
    for settlement_id, party, yuan in Posting.objects.filter(
        entry__cause=JournalEntry.Cause.SETTLEMENT, entry__settlement__isnull=False
    ).values_list("entry__settlement_id", "account__jurisdiction_id", "yuan"):
        booked[settlement_id][party] = yuan
    settled = _settled_nets()
    broken = []
    for settlement in Settlement.objects.select_related("agreement").order_by("agreement", "year"):
        name = f"{settlement.agreement.code} {settlement.year}"
        closed = settlement.state in Settlement.FIXED
        own, posted = nets.get(settlement.pk, {}), booked.get(settlement.pk, {})
        if not closed and posted:
            broken.append(Broken(name, "有年清缴凭证，但年度结算没有关账。", Promise.CAUSED))
        elif closed and sum(own.values(), Decimal(0)):
            broken.append(Broken(name, "已关账的年度净额合计不为零。", Promise.SETTLED))
        elif closed and own and not posted:
            broken.append(Broken(name, "已关账，但台账里没有年清缴凭证。", Promise.CAUSED))
        elif closed and own != posted:
            broken.append(Broken(name, "年清缴凭证与关账的年度净额不符。", Promise.SETTLED))
        if closed and own != settled.get((settlement.agreement_id, settlement.year), {}):
            broken.append(
                Broken(name, "已关账的年度净额与已结清的月核算收付不符。", Promise.SETTLED)
            )
    return broken


def _settled_nets() -> dict[tuple[int, int], dict[int, Decimal]]:
    """(Agreement id, year) → jurisdiction id → yuan, from the transfers of settled accruals
    and the adjustments approved to them in time."""
    nets: dict[tuple[int, int], dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    settled = Transfer.objects.filter(accrual__state=Accrual.State.SETTLED)
    for side, sign in (("payer_id", -1), ("payee_id", 1)):
        for agreement, year, party, yuan in settled.values_list(
            "accrual__term__agreement", "accrual__period__year", side
        ).annotate(total=Sum("yuan")):
            nets[agreement, year][party] += sign * yuan
    # What was approved before the closing is in the year; afterwards it has an entry of its own.
    adjusted = AdjustmentNet.objects.filter(
        adjustment__state=Adjustment.State.APPROVED, adjustment__entry__isnull=True
    )
    for agreement, year, party, yuan in adjusted.values_list(
        "adjustment__accrual__term__agreement", "adjustment__accrual__period__year", "jurisdiction"
    ).annotate(total=Sum("yuan")):
        nets[agreement, year][party] += yuan
    return {key: {p: yuan for p, yuan in own.items() if yuan} for key, own in nets.items()}
