"""What two computations of one period differ in: their facts side by side, each by its label."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitoring.standards.gb3838_2002 import NAMES, UNITS
from settlements.rules.base import MonthState
from settlements.rules.facts import EXACT, FACT_LABELS

LABELS = {
    "deciding": "定类指标",
    "state_override": "月度状态的认定",
    "override_reason": "认定的理由",
    "complete": "数据完整",
    "basis": "统计口径",
    "unrounded": "未修约的均值",
    "share": "份额",
    "shares": "同分一项的各断面份额",
    "share_at": "在其中的位次",
    "days_in_force": "本月有效日数",
    "days_before": "本月生效前的日数",
}
UNSAID = ("sources", EXACT)  # where each fact comes from, and its whole fraction: the steps say it
STATES = {s.value: s.label for s in MonthState}


@dataclass(frozen=True, slots=True)
class InputChange:
    """Something that is different: an input of the computation, or a reading."""

    label: str
    before: str
    after: str


def inputs_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[InputChange, ...]:
    """The facts the two computations differ in, each by its label."""
    old, new = (
        {path: value for path, value in _flat(facts) if path[0] not in UNSAID}
        for facts in (before, after)
    )
    return tuple(
        InputChange(_label(path), _said(old.get(path)), _said(new.get(path)))
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path)
    )


def _flat(value: Any, path: tuple[str, ...] = ()):
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(each, (*path, str(key)))
    else:
        yield path, value


def _label(path: tuple[str, ...]) -> str:
    head, *rest = path
    words = LABELS.get(head) or FACT_LABELS.get(head, head)
    if not rest:
        return words
    name = "·".join(NAMES.get(each, each) for each in rest)
    unit = UNITS.get(rest[-1], "")
    return f"{words}：{name}{f'（{unit}）' if unit else ''}"


def _said(value: Any) -> str:
    if value in (None, "", [], {}):
        return "-"
    if isinstance(value, str) and value in STATES:
        return STATES[value]
    if isinstance(value, list):
        return "、".join(NAMES.get(str(each), str(each)) for each in value)
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value)
