"""年度结算: the net of a year per party, from its months and the adjustments approved to them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from basins.clock import now
from basins.links import to
from basins.models import Role
from basins.ranges import months_of, year_start
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
from settlements.moving.notify import next_key, tell_role, tell_signers

LONGEST_WHY = 400
RECOMPUTED = "数据更正后重新核算"


def resettle(*, agreement: Agreement, years: Iterable[int], cause: str = RECOMPUTED) -> None:
    """Sum the years' accruals per party again; closed years are left as they were closed.

    Signatures under other data or amounts become void, and the year is open again; `cause` is
    what its signers are told. Runs in the caller's transaction, which holds the agreement's lock.
    """
    for year in sorted(set(years)):
        settlement, _ = Settlement.objects.get_or_create(agreement=agreement, year=year)
        if settlement.state in Settlement.FIXED:
            continue
        nets = net_of(agreement, year)
        before = dict(settlement.nets.values_list("jurisdiction_id", "yuan"))
        if before != nets:
            settlement.nets.all().delete()
            SettlementNet.objects.bulk_create(
                SettlementNet(settlement=settlement, jurisdiction_id=party, yuan=yuan)
                for party, yuan in sorted(nets.items())
            )
        settlement.computed_at = now()
        settlement.save(update_fields=["computed_at"])
        if before != nets:
            void_signatures(settlement, cause)


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


def _tell_void(settlement: Settlement, signatures: Iterable[SettlementSignature]) -> None:
    """Each signer once, whatever it had signed, and the bureau that closes the year."""
    link = to("settlement", settlement.agreement.code, settlement.year)
    key = next_key(f"signature-void:{settlement.pk}")
    latest = {s.jurisdiction_id: s for s in signatures}
    for place, signature in latest.items():
        tell_signers(
            [place],
            key=key,
            text=f"{settlement}的签认已作废，请重新签认：{signature.void_why}",
            link=link,
        )
    if latest:
        parties = "、".join(str(s.jurisdiction) for s in latest.values())
        why = next(iter(latest.values())).void_why
        tell_role(
            Role.Code.BUREAU,
            key=key,
            text=f"{settlement}的签认已作废（{parties}），待各方重新签认：{why}",
            link=link,
        )


def net_of(agreement: Agreement, year: int) -> dict[int, Decimal]:
    """Jurisdiction id → yuan it is to receive (negative: to pay) from the year's accruals and
    the adjustments approved to them while the year was open.

    Every party of the year is named, also with 0.00; the values sum to zero.
    """
    parties = agreement.parties.exclude(since__gt=date(year, 12, 31)).exclude(
        until__lte=year_start(year)
    )
    nets: dict[int, Decimal] = defaultdict(lambda: ZERO)
    nets |= dict.fromkeys(parties.values_list("jurisdiction_id", flat=True), ZERO)
    transfers = Transfer.objects.filter(
        accrual__term__agreement=agreement,
        accrual__period__range=months_of(year),
    )
    for side, sign in (("payer_id", -1), ("payee_id", 1)):
        for row in transfers.values(side).annotate(total=Sum("yuan")).order_by(side):
            nets[row[side]] += sign * row["total"]
    for party, yuan in adjusted_nets(agreement, year).items():
        nets[party] += yuan
    return dict(nets)


def adjusted_nets(agreement: Agreement, year: int) -> dict[int, Decimal]:
    """Jurisdiction id → what adjustments approved before the closing add, in yuan."""
    rows = (
        AdjustmentNet.objects.filter(
            adjustment__state=Adjustment.State.APPROVED,
            adjustment__entry__isnull=True,
            adjustment__accrual__term__agreement=agreement,
            adjustment__accrual__period__range=months_of(year),
        )
        .values("jurisdiction_id")
        .annotate(total=Sum("yuan"))
        .order_by("jurisdiction_id")
    )
    return {row["jurisdiction_id"]: row["total"] for row in rows}
