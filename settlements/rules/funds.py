"""What schemes with a common fund share: ratios in words, and nets turned into payments.

Parties go by role ("upstream", "downstream", "treasury") or by the codes in `facts.parties`.
Amounts are Decimal yuan to the fen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from monitoring.standards.exact import Number
from settlements.money import format_wan, format_yuan
from settlements.rules.base import (
    ROLE_LABELS,
    Facts,
    MissingFact,
    RoleTransfer,
    Step,
    pays,
)
from settlements.rules.facts import plain_decimal


def require_parties(facts: Facts, codes: Iterable[str]) -> None:
    """Raises MissingFact("parties.<code>") for a code that is neither a role nor a party."""
    for code in codes:
        if code not in ROLE_LABELS and code not in facts.parties:
            raise MissingFact(f"parties.{code}", facts.section, facts.period_label)


def in_order(
    ratios: Mapping[str, Decimal], places: Mapping[str, Decimal] | None = None
) -> dict[str, Decimal]:
    """The ratios from the source down where places are known, else by code.

    The order of a stored mapping means nothing (a database keeps its own), but the last fen
    and the pairing of payments follow it, so rules fix it first.
    """
    last = Decimal("Infinity")
    codes = sorted(ratios, key=lambda code: ((places or {}).get(code, last), code))
    return {code: ratios[code] for code in codes}


def net_transfers(nets: Mapping[str, Decimal], *, because: str) -> tuple[RoleTransfer, ...]:
    """Payments that give every party its net (yuan; positive: is owed).

    Those who owe pay those who are owed, both in the order given, so that nobody both pays
    and receives. Raises ValueError unless the nets add up to zero.
    """
    if sum(nets.values()) != 0:
        raise ValueError(f"各方净额合计 {sum(nets.values())} 元，不为零；请检查出资与分配。")
    owed = {code: net for code, net in nets.items() if net > 0}
    transfers: list[RoleTransfer] = []
    for payer, net in nets.items():
        left = -net
        for payee in list(owed):
            if left <= 0:
                break
            amount = min(left, owed[payee])
            transfers += pays(payer, payee, amount, because=because)
            left -= amount
            owed[payee] -= amount
            if not owed[payee]:
                del owed[payee]
    return tuple(transfers)


def ratio_words(facts: Facts, ratios: Mapping[str, Number]) -> str:
    """ "云南省 1 : 贵州省 5 : 四川省 4"."""
    return " : ".join(f"{facts.name_of(code)} {plain_decimal(r)}" for code, r in ratios.items())


def amounts_words(facts: Facts, amounts: Mapping[str, Decimal]) -> str:
    """ "云南省 2,000.00 万元，贵州省 10,000.00 万元"."""
    return "，".join(
        f"{facts.name_of(code)} {format_wan(amount)} 万元" for code, amount in amounts.items()
    )


def net_step(
    facts: Facts, received: Mapping[str, Decimal], paid_in: Mapping[str, Decimal]
) -> tuple[Step, dict[str, Decimal]]:
    """The line that nets what each party gets against what it put in, and the nets."""
    codes = [*paid_in, *(code for code in received if code not in paid_in)]
    zero = Decimal(0)
    nets = {code: received.get(code, zero) - paid_in.get(code, zero) for code in codes}
    step = Step(
        key="amount",
        title="净额",
        text="分得减出资，正为应收，负为应付："
        + "，".join(f"{facts.name_of(code)} {format_yuan(net)} 元" for code, net in nets.items())
        + "。",
        formula="；".join(
            f"{facts.name_of(code)} {format_wan(received.get(code, zero))} − "
            f"{format_wan(paid_in.get(code, zero))} ＝ {format_wan(net)} 万元"
            for code, net in nets.items()
        ),
        result=format_wan(sum((net for net in nets.values() if net > 0), zero)),
        result_note="万元",
    )
    return step, nets
