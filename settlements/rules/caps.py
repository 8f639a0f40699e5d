"""Yearly caps over outcomes already found (每年单向封顶).

Pure: the pipeline gives one year's outcomes of a term in the order of their periods.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from settlements.money import format_wan, format_yuan
from settlements.rules.base import ROLE_LABELS, Outcome, RoleTransfer, Step, pays


def apply_cap(
    outcomes: Sequence[Outcome], cap: Decimal | None, *, clause: str = ""
) -> tuple[Outcome, ...]:
    """The outcomes with what each direction pays in the year held to the cap (yuan).

    Earlier periods use the cap up first; the directions do not net. An outcome that is cut
    gets a line saying by how much; the others are unchanged. No cap: all unchanged. Raises
    ValueError for a negative cap.
    """
    if cap is None:
        return tuple(outcomes)
    if cap < 0:
        raise ValueError(f"封顶金额 {cap} 元不能为负；不封顶请留空。")
    paid: dict[tuple[str, str], Decimal] = {}
    return tuple(_capped(outcome, cap, paid, clause) for outcome in outcomes)


def _capped(
    outcome: Outcome, cap: Decimal, paid: dict[tuple[str, str], Decimal], clause: str
) -> Outcome:
    transfers: list[RoleTransfer] = []
    cuts: list[str] = []
    for transfer in outcome.transfers:
        direction = (transfer.payer, transfer.payee)
        before = paid.get(direction, Decimal(0))
        amount = min(transfer.yuan, cap - before)
        paid[direction] = before + amount
        transfers += pays(*direction, amount, because=transfer.reason)
        if amount < transfer.yuan:
            payer, payee = (ROLE_LABELS.get(role, role) for role in direction)
            cuts.append(
                f"{payer}补偿{payee}本年此前已计 {format_wan(before)} 万元，"
                f"封顶 {format_wan(cap)} 万元；本期由 {format_wan(transfer.yuan)} 万元"
                f"减为 {format_wan(amount)} 万元，减去 {format_yuan(transfer.yuan - amount)} 元。"
            )
    if not cuts:
        return outcome
    total = sum((t.yuan for t in transfers), Decimal(0))
    step = Step(
        key="cap",
        title="年度封顶",
        text="".join(cuts),
        formula=f"本期 ＝ min（应计，封顶 − 此前已计）＝ {format_wan(total)} 万元",
        result=format_wan(total),
        result_note="万元",
        clause=clause,
    )
    return outcome.with_step(step, tuple(transfers))
