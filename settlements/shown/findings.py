"""Findings in words: what a month or a year came to, as a heading says it.

Amounts are Decimal yuan to the fen, said in 万元 with two decimals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from settlements.money import ZERO, format_wan
from settlements.shown.places import Place


@dataclass(frozen=True, slots=True)
class Net:
    """A party's net in yuan; positive: it receives."""

    place: Place
    yuan: Decimal
    role: str = ""


@dataclass(frozen=True, slots=True)
class Compensation:
    """Who pays whom how much (yuan, positive) and why."""

    payer: Place
    payee: Place
    yuan: Decimal
    reason: str

    @property
    def words(self) -> str:
        return f"{self.payer.name}补偿{self.payee.name} {format_wan(self.yuan)} 万元"

    def signed_for(self, code: str) -> Decimal:
        """Yuan from one jurisdiction's side: positive it receives, 0 it is not concerned."""
        return {self.payee.code: self.yuan, self.payer.code: -self.yuan}.get(code, ZERO)


def year_finding(nets: Sequence[Net]) -> str:
    """ "垫江县补偿梁平区 300.00 万元": the one sentence of a year's nets."""
    payers = [n for n in nets if n.yuan < 0]
    payees = [n for n in nets if n.yuan > 0]
    if not nets:
        return "尚无结果"
    if not payers:
        return "各方互不补偿"
    if len(payers) == len(payees) == 1:
        amount = format_wan(payees[0].yuan)
        return f"{payers[0].place.name}补偿{payees[0].place.name} {amount} 万元"
    pay = "、".join(f"{n.place.name}应付 {format_wan(-n.yuan)}" for n in payers)
    receive = "、".join(f"{n.place.name}应收 {format_wan(n.yuan)}" for n in payees)
    return f"{pay}，{receive} 万元"


def month_finding(payments: Sequence[Compensation], accruals: int, no_data: int) -> str:
    """The one sentence of a month's payments over `accruals` sections."""
    if len(payments) == 1:
        return payments[0].words
    if payments:
        pairs = {(p.payer.code, p.payee.code) for p in payments}
        total = sum((p.yuan for p in payments), ZERO)
        if len(pairs) == 1:
            one = payments[0]
            return f"{one.payer.name}补偿{one.payee.name} {format_wan(total)} 万元"
        return f"{len(payments)} 个断面应补偿，共 {format_wan(total)} 万元"
    if not accruals:
        return "尚未核算"
    if no_data == accruals:
        return "没有有效监测数据，互不补偿"
    return "各方互不补偿"


def starred(name: str, is_demo: bool) -> str:
    """The section's name, with * where it is made up for the demonstration."""
    return f"{name}*" if is_demo else name
