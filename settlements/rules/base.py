"""What every rule returns: the state of a section and period, who pays whom, and why.

An Outcome is a value: it is checked when it is made, travels as JSON (Decimals as text) and
is shown step by step as the worked example an official signs. Amounts are Decimal yuan to
the fen. Facts come from `facts`, the terms of the agreement from `parameters`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from monitoring.standards.exact import Number, exact
from settlements.money import format_wan, format_yuan, to_fen, yuan
from settlements.rules.facts import (
    Facts,
    Granularity,
    MissingFact,
    MonthState,
    WrongPeriod,
    plain_decimal,
    require,
    require_item,
    require_period,
)

__all__ = [
    "DOWNSTREAM",
    "ROLE_LABELS",
    "TREASURY",
    "UPSTREAM",
    "Facts",
    "Granularity",
    "Input",
    "MissingFact",
    "MonthState",
    "Outcome",
    "RoleTransfer",
    "Step",
    "WrongPeriod",
    "pays",
    "require",
    "require_item",
    "require_period",
]


# The sides most rules know; schemes with more parties (joint_fund) use their codes instead.
UPSTREAM, DOWNSTREAM, TREASURY = "upstream", "downstream", "treasury"
ROLE_LABELS = {UPSTREAM: "上游", DOWNSTREAM: "下游", TREASURY: "上级财政"}


@dataclass(frozen=True, slots=True)
class RoleTransfer:
    """One payment. `yuan` is positive, to the fen; payer and payee are roles or party codes."""

    payer: str
    payee: str
    yuan: Decimal
    reason: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "yuan", yuan(self.yuan))
        if self.yuan <= 0:
            raise ValueError(f"补偿金额须大于零，现为 {self.yuan} 元；无人付款时不写付款。")
        if self.payer == self.payee:
            raise ValueError(f"付款方与收款方同为“{self.payer}”；请检查参数中的付款方。")

    def to_json(self) -> dict[str, str]:
        return {
            "payer": self.payer,
            "payee": self.payee,
            "yuan": str(self.yuan),
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, str]) -> RoleTransfer:
        return cls(data["payer"], data["payee"], yuan(data["yuan"]), data["reason"])


def pays(payer: str, payee: str, amount: Number, *, because: str) -> tuple[RoleTransfer, ...]:
    """The payment, rounded to the fen; nothing where that leaves no fen."""
    fen = to_fen(amount)
    return (RoleTransfer(payer, payee, fen, because),) if fen else ()


@dataclass(frozen=True, slots=True)
class Input:
    """One figure that went into a step, as shown, with where it came from in words."""

    name: str
    value: str
    unit: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered line of the worked example.

    key: stable name, by which a page adds its own tables to the line ("data", "means").
    text, formula: words and arithmetic. result, result_note: the right-hand column.
    clause: of the agreement or its source. hint: a warning beside the line (临界提示).
    defaults: labels of the parameters used here that stand at their default (默认参数).
    """

    key: str
    title: str
    text: str
    formula: str = ""
    result: str = ""
    result_note: str = ""
    clause: str = ""
    inputs: tuple[Input, ...] = ()
    hint: str = ""
    defaults: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "title": self.title,
            "text": self.text,
            "formula": self.formula,
            "result": self.result,
            "result_note": self.result_note,
            "clause": self.clause,
            "inputs": [
                {"name": i.name, "value": i.value, "unit": i.unit, "source": i.source}
                for i in self.inputs
            ],
            "hint": self.hint,
            "defaults": list(self.defaults),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Step:
        fields = dict(data)
        fields["inputs"] = tuple(Input(**item) for item in data["inputs"])
        fields["defaults"] = tuple(data["defaults"])
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The finding for one section and period under one rule.

    Raises ValueError when two sides would pay each other both ways: a rule that finds for
    both nets the two before it answers.
    """

    rule: str
    revision: int
    state: MonthState
    transfers: tuple[RoleTransfer, ...]
    steps: tuple[Step, ...]
    # The fact for want of which there is no result ("means.TP"); said in the steps, not stored.
    lacks: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        directions = {(t.payer, t.payee) for t in self.transfers}
        for payer, payee in directions:
            if (payee, payer) in directions:
                raise ValueError(f"“{payer}”与“{payee}”互为付款方；同一断面同一期只能有一个方向。")

    def net(self) -> dict[str, Decimal]:
        """Yuan per role, positive: is owed more. Adds up to zero; empty when nobody pays."""
        sums: dict[str, Decimal] = {}
        for transfer in self.transfers:
            sums[transfer.payer] = sums.get(transfer.payer, Decimal(0)) - transfer.yuan
            sums[transfer.payee] = sums.get(transfer.payee, Decimal(0)) + transfer.yuan
        return dict(sorted(sums.items()))

    @property
    def borderline(self) -> bool:
        """Whether a line carries a 临界提示."""
        return any(step.hint for step in self.steps)

    def scaled(
        self,
        factor: Number,
        *,
        because: str,
        after: Number = Fraction(0),
        shown: str = "",
        clause: str = "",
    ) -> Outcome:
        """Every payment times the factor (≥ 0), to the fen, with a line that says why.

        For a month that counts in part: `scaled(Decimal("0.5"), because="协议自16日起生效")`.
        shown: the factor in words where its decimals would not end (11/30). after: the part
        that went before, so that all parts of one whole come to it, to the fen.
        """
        shown = shown or plain_decimal(factor)
        if factor < 0:
            raise ValueError(f"折算系数须不小于零，现为 {factor}。")
        start, end = exact(after), exact(after) + exact(factor)
        transfers = _pay(
            self.transfers,
            (to_fen(exact(t.yuan) * end) - to_fen(exact(t.yuan) * start) for t in self.transfers),
        )
        was, now = _total(self.transfers), _total(transfers)
        step = Step(
            key="scaled",
            title="折算",
            text=f"{because}，按系数 {shown} 折算；合 {format_yuan(now)} 元。",
            formula=f"{format_wan(was)} 万元 × {shown} ＝ {format_wan(now)} 万元",
            result=format_wan(now),
            result_note="万元",
            clause=clause,
        )
        return self.with_step(step, transfers)

    def with_step(self, step: Step, transfers: tuple[RoleTransfer, ...]) -> Outcome:
        """The outcome with other payments and the line that explains them at the end."""
        return replace(self, transfers=transfers, steps=(*self.steps, step))

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "revision": self.revision,
            "state": self.state.value,
            "transfers": [t.to_json() for t in self.transfers],
            "steps": [s.to_json() for s in self.steps],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Outcome:
        return cls(
            rule=data["rule"],
            revision=data["revision"],
            state=MonthState(data["state"]),
            transfers=tuple(RoleTransfer.from_json(t) for t in data["transfers"]),
            steps=tuple(Step.from_json(s) for s in data["steps"]),
        )


def _total(transfers: Iterable[RoleTransfer]) -> Decimal:
    return sum((t.yuan for t in transfers), Decimal(0))


def _pay(transfers: Iterable[RoleTransfer], amounts: Iterable[Number]) -> tuple[RoleTransfer, ...]:
    """The same payments with other amounts; one that comes to no fen falls away."""
    return tuple(
        new
        for old, amount in zip(transfers, amounts, strict=True)
        for new in pays(old.payer, old.payee, amount, because=old.reason)
    )
