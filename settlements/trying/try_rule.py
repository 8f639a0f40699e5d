"""Trying a rule on facts and parameters written by hand; nothing is read or stored elsewhere.

Facts are read by `facts_by_hand`; parameters are {name: value} or the stored form {name:
{value, source}}, those left out taking their dated default. Everything wrong is named at
once (RefusedTrial). The yearly cap of a term is held over the call's periods, section by
section and year by year, as the pipeline does. Amounts are Decimal yuan to the fen.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from monitoring.standards.gb3838_2002 import NoLimit, UnknownIndicator
from settlements import rules
from settlements.money import ZERO
from settlements.rules import Family, Rule
from settlements.rules.base import Outcome
from settlements.rules.caps import apply_cap
from settlements.rules.facts import Facts, Granularity, MissingFact
from settlements.rules.parameters import ParameterErrors, specs, with_defaults
from settlements.rules.part_month import counted
from settlements.rules.substitution import filled
from settlements.trying.facts_by_hand import WRITTEN_AS, FactsRead, Fault, read_facts

GIVEN_BY_HAND = "手工填写"
# Beyond any amount, flow or concentration; a number further out only costs memory.
_LARGEST_EXPONENT = 30
_EXPONENT = re.compile(r"\s*[+-]?[\d.]+[eE][+-]?\d+\s*", re.ASCII)


class RefusedTrial(ValueError):
    """Everything wrong with one call, in `faults`."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, faults)))


class UnreadableJson(ValueError):
    """The text is no JSON; the message says where and what."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One fact and what the rule found for it."""

    facts: Facts
    outcome: Outcome

    @property
    def period(self) -> str:
        """2023-05, or 2023 where the rule settles years."""
        yearly = self.facts.granularity is Granularity.YEAR
        return f"{self.facts.period:%Y}" if yearly else f"{self.facts.period:%Y-%m}"

    def net(self) -> dict[str, Decimal]:
        """Yuan by the party's name, positive: it receives."""
        return _by_name([self])

    def to_json(self) -> dict[str, Any]:
        name_of = self.facts.name_of
        return {
            "section": self.facts.section,
            "period": self.period,
            "state": self.outcome.state.value,
            "state_label": self.outcome.state.label,
            "transfers": [
                t.to_json() | {"payer_name": name_of(t.payer), "payee_name": name_of(t.payee)}
                for t in self.outcome.transfers
            ],
            "steps": [step.to_json() for step in self.outcome.steps],
            "net": _as_text(self.net()),
        }


@dataclass(frozen=True, slots=True)
class RuleTrial:
    """The answer to one call, in the order of its facts.

    net: yuan by the party's name over all facts, positive: it receives; a party that neither
    pays nor receives stands at zero. parameters: the complete stored form that was used.
    """

    family: Family[Any]
    tried: tuple[Tried, ...]
    net: dict[str, Decimal]
    parameters: dict[str, dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        return {
            "family": self.family.code,
            "title": self.family.title,
            "revision": self.family.revision,
            "outcomes": [tried.to_json() for tried in self.tried],
            "net": _as_text(self.net),
            "parameters": self.parameters,
        }


def loads(text: str) -> Any:
    """JSON with Decimals instead of floats, each key once. Raises UnreadableJson."""
    try:
        data = json.loads(
            text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"),
            parse_float=_decimal,
            parse_constant=_not_a_number,
            object_pairs_hook=_once,
        )
        _refuse_extremes(data)
    except json.JSONDecodeError as wrong:
        raise UnreadableJson(
            f"第 {wrong.lineno} 行第 {wrong.colno} 个字符处不是 JSON（{wrong.msg}）；"
            "请检查引号（须为英文引号）、逗号和括号。"
        ) from wrong
    except RecursionError as wrong:
        raise UnreadableJson("嵌套太深；请按示例的层次书写。") from wrong
    except UnreadableJson:
        raise
    except ValueError as wrong:  # an integer with thousands of digits
        raise UnreadableJson("有一个数的位数太多；请核对。") from wrong
    return data


def try_rule(
    *, family: str, facts: Any, parameters: Any, on: date | None = None, strict: bool = False
) -> RuleTrial:
    """The rule's finding for every fact of the call, and what it comes to for each party.

    facts, parameters: what `loads` gave. on: the day whose defaults fill what is left out
    (default: the first month's first day, or the first year's last); strict: nothing is
    filled in. Raises UnknownRule, and
    RefusedTrial with every fault.
    """
    chosen = rules.get(family)
    # What a full date stands for hangs on the parameters, the day of their defaults on the
    # facts: periods first, then parameters, then the facts as the rule settles them.
    day = on or _day_of_defaults(read_facts(facts, Granularity.MONTH).facts)
    stored, faults = _parameters(chosen, parameters, day, strict)
    if stored is None:
        read = read_facts(facts, Granularity.MONTH)
        raise RefusedTrial([*faults, *read.faults])
    rule = chosen.read(stored)
    read = read_facts(facts, rule.granularity)
    read.facts = _filled(rule, read.facts)
    outcomes, refused = _evaluate(rule, read)
    if read.faults or refused:
        raise RefusedTrial([*read.faults, *refused])
    outcomes = _capped(rule, read.facts, outcomes)
    tried = tuple(Tried(f, o) for f, o in zip(read.facts, outcomes, strict=True))
    net = dict.fromkeys((name for names in read.named for name in names), ZERO)
    return RuleTrial(chosen, tried, net | _by_name(tried), stored)


def _day_of_defaults(facts: list[Facts]) -> date:
    """The first month's first day, or the first year's last: schemes that began within the
    year have their defaults from that day on."""
    first = min(facts, key=lambda f: f.period, default=None)
    if first is None:
        return date.max
    yearly = first.granularity is Granularity.YEAR
    return first.period.replace(month=12, day=31) if yearly else first.period


def _parameters(
    family: Family[Any], given: Any, on: date, strict: bool
) -> tuple[dict[str, dict[str, Any]] | None, list[Fault]]:
    """The complete stored form, or everything wrong with what was given."""
    if not isinstance(given, Mapping):
        return None, [Fault("parameters", "", '须是一个对象，如 {"rate": "1000000"}；可为 {}。')]
    known = specs(family.parameters)
    faults = [
        Fault("parameters", name, _unknown(name, list(known)))
        for name in given
        if name not in known
    ]
    entries = {name: value for name, value in given.items() if name in known}
    plain = {name: _without_mark(value) for name, value in entries.items()}
    if strict:
        faults += [
            Fault(
                "parameters",
                f"{name}（{spec.label}）",
                "缺少；--strict 时须写出全部参数，请补写，或去掉 --strict 取默认值。",
            )
            for name, spec in known.items()
            if name not in given
        ]
    try:
        stored = with_defaults(family.parameters, plain, on=on, source=GIVEN_BY_HAND)
    except ParameterErrors as wrong:
        named = {fault.field for fault in faults}
        found = (Fault("parameters", f"{e.name}（{e.label}）", e.message) for e in wrong.errors)
        faults += [fault for fault in found if fault.field not in named]
        return None, faults
    for name, value in entries.items():
        if isinstance(value, Mapping) and value.get("is_default") is True:
            stored[name]["is_default"] = True
    return (None if faults else stored), faults


def _without_mark(value: Any) -> Any:
    """A stored entry {value, source, is_default} as {value, source}; anything else as it is."""
    if isinstance(value, Mapping) and set(value) == {"value", "source", "is_default"}:
        return {"value": value["value"], "source": value["source"]}
    return value


def _filled(rule: Rule, facts: list[Facts]) -> list[Facts]:
    """Months written without a class take those of the call's other months of the border, as
    the term lets them."""
    known = {(f.section, f.upstream, f.downstream, f.period): f for f in facts}

    def of_border(one: Facts) -> Callable[[date], Facts | None]:
        return lambda month: known.get((one.section, one.upstream, one.downstream, month))

    return [filled(one, rule.filling, of_border(one)) for one in facts]


def _evaluate(rule: Rule, read: FactsRead) -> tuple[list[Outcome], list[Fault]]:
    outcomes, faults = [], []
    for facts, where in zip(read.facts, read.places, strict=True):
        try:
            outcomes.append(counted(rule.evaluate(facts), facts, rule.parameters))
        except MissingFact as missing:
            head, _, item = missing.name.partition(".")
            written = WRITTEN_AS.get(head, head) + (f".{item}" if item else "")
            faults.append(Fault(where, written, str(missing)))
        except (ValueError, NoLimit, UnknownIndicator) as wrong:
            faults.append(Fault(where, "", str(wrong)))
    return outcomes, faults


def _capped(rule: Rule, facts: list[Facts], outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes under the term's yearly cap: each border, each year, earlier periods first."""
    cap, clause = rule.yearly_cap, rule.parameters.source("yearly_cap")
    if cap is None:
        return outcomes
    together: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for i in sorted(range(len(facts)), key=lambda i: facts[i].period):
        f = facts[i]
        together[f.section, f.upstream, f.downstream, f.period.year].append(i)
    answer = list(outcomes)
    for at in together.values():
        held = apply_cap([outcomes[i] for i in at], cap, clause=clause)
        for i, outcome in zip(at, held, strict=True):
            answer[i] = outcome
    return answer


def _by_name(tried: list[Tried] | tuple[Tried, ...]) -> dict[str, Decimal]:
    nets: dict[str, Decimal] = {}
    for one in tried:
        for role, amount in one.outcome.net().items():
            name = one.facts.name_of(role)
            nets[name] = nets.get(name, ZERO) + amount
    return nets


def _as_text(net: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: f"{amount:.2f}" for name, amount in net.items()}


def _unknown(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, 1)
    meant = f"是否为 {close[0]}？" if close else ""
    return f"本规则没有这个参数。{meant}可用的是 {'、'.join(known)}。"


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as wrong:
        raise UnreadableJson(f"“{text[:40]}”不是可用的数；请核对。") from wrong


def _not_a_number(text: str) -> Any:
    raise UnreadableJson(f"“{text}”不是数；没有值的键请不写。")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = "、".join(dict.fromkeys(key for key in keys if keys.count(key) > 1))
        raise UnreadableJson(f"同一对象中 {twice} 写了不止一次；请只留一个。")
    return found


def _refuse_extremes(data: Any) -> None:
    """Raises UnreadableJson for a number written so large or small that it is surely a slip."""
    if isinstance(data, Mapping):
        for value in data.values():
            _refuse_extremes(value)
    elif isinstance(data, list):
        for value in data:
            _refuse_extremes(value)
    else:
        number = data
        if isinstance(data, str) and _EXPONENT.fullmatch(data):
            number = _decimal(data.strip())
        if isinstance(number, int):
            number = Decimal(number)
        if isinstance(number, Decimal) and number and abs(number.adjusted()) > _LARGEST_EXPONENT:
            raise UnreadableJson(f"数 {str(data)[:40]} 超出可用的范围；请核对单位和指数。")
