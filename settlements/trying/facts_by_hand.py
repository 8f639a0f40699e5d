"""Facts written by hand as JSON, read into the rules' Facts; every fault is named at once.

One object, a list of objects, or {"facts": [...], other keys that hold for all of them}.
KEYS lists what an object may hold; the names of the fields of Facts are understood too.
Concentrations are in the unit of gb3838_2002.UNITS, as numbers or text ("0.025L" counts half
its limit, 环办监测函〔2020〕82号); flow is m³ in the period.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from monitoring.standards.assessment import NothingToAssess, assess
from monitoring.standards.gb3838_2002 import UnknownIndicator, WaterBody, WaterClass
from settlements.rules.facts import OVERRIDES, Facts, Granularity, MonthState
from settlements.trying import facts_values


@dataclass(frozen=True, slots=True)
class FactKey:
    """One key of a fact written by hand, and the fields of Facts it fills."""

    name: str
    label: str
    form: str
    fills: tuple[str, ...] = ()
    also: tuple[str, ...] = ()  # other names understood


KEYS = (
    FactKey("section", "断面名称", "文字，必填", ("section",)),
    FactKey("period", "期间", '"2023-05"（月）、"2023"（年）或日期，必填', ("period",)),
    FactKey("upstream", "上游的名称", "文字；不写为“上游”", ("upstream",)),
    FactKey("downstream", "下游的名称", "文字；不写为“下游”", ("downstream",)),
    FactKey("river", "河流名称", "文字", ("river",)),
    FactKey("class", "本期水质类别", '"III"、"Ⅲ"、3、"劣Ⅴ"', ("water_class",), ("water_class",)),
    FactKey(
        "concentrations",
        "本期各指标均值",
        '{"NH3-N": 1.2, "TP": "0.025L"}；没有写 class 的，由此定类',
        ("means", "water_class", "deciding"),
        ("means",),
    ),
    FactKey("target", "断面功能类别", "同 class", ("target",)),
    FactKey(
        "last_year",
        "去年同期",
        '类别，或 {"class": …, "concentrations": {…}}',
        ("last_year_class", "last_year_means"),
    ),
    FactKey(
        "inflow",
        "入境断面本期",
        '类别，或 {"section": …, "class": …, "concentrations": {…}}；不写名称也计入',
        ("inflow_section", "inflow_class", "inflow_means"),
    ),
    FactKey(
        "reference",
        "对照断面（下游自身的断面）本期",
        '类别，或 {"section": …, "class": …, "concentrations": {…}}',
        ("reference_section", "reference_class", "reference_means"),
    ),
    FactKey("base", "基准期各指标均值", '{"CODMn": 2.1}', ("base_means",), ("base_means",)),
    FactKey("flow", "本期水量（m³）", "数", ("flow",)),
    FactKey("observations", "水质以外的指标", '{"fish_diversity": 2.4}', ("observations",)),
    FactKey("over_limit_days", "连续超标日数", '{"NH3-N": 7}', ("over_limit_days",)),
    FactKey("parties", "协议各方的代码和名称", '{"GZ": "贵州省"}', ("parties",)),
    FactKey("share", "份额", '大于 0、不超过 1，如 0.5 或 "50%"；不写为 1', ("share",)),
    FactKey("water_body", "水体", '"river"（河流，不写时）或 "lake"（湖、库）', ("water_body",)),
    FactKey(
        "state",
        "认定的状态",
        "、".join(
            f'"{s.value}"（{s.label}）' for s in sorted(OVERRIDES, key=list(MonthState).index)
        ),
        ("state_override",),
        ("state_override",),
    ),
    FactKey(
        "reason", "认定的理由", "文字，写 state 时必填", ("override_reason",), ("override_reason",)
    ),
    FactKey("complete", "数据是否完整", "true（不写时）或 false", ("complete",)),
    FactKey("valid", "采用的数据条数", "整数", ("valid",)),
    FactKey("expected", "应有的数据条数", "整数", ("expected",)),
    FactKey(
        "days_in_force", "条款在本月有效的日数", "整数；按日折算的不足整月写", ("days_in_force",)
    ),
    FactKey("deciding", "定类指标", '["NH3-N"]；写了 concentrations 的可不写', ("deciding",)),
    FactKey("term", "适用条款的说明", "文字", ("term",)),
    FactKey("sources", "各项的出处", '{"flow": "水文站月报"}', ("sources",)),
    FactKey(
        "granularity", "期间的长短", '"month" 或 "year"；由 period 可知的不写', ("granularity",)
    ),
    FactKey("last_year_class", "去年同期类别", "同 class", ("last_year_class",)),
    FactKey("last_year_means", "去年同期各指标均值", "同 concentrations", ("last_year_means",)),
    FactKey("inflow_section", "入境断面名称", "文字", ("inflow_section",)),
    FactKey("inflow_class", "入境断面本期类别", "同 class", ("inflow_class",)),
    FactKey("inflow_means", "入境断面本期各指标均值", "同 concentrations", ("inflow_means",)),
    FactKey("reference_section", "对照断面名称", "文字", ("reference_section",)),
    FactKey("reference_class", "对照断面本期类别", "同 class", ("reference_class",)),
    FactKey("section_code", "断面编码", '文字，如 "PUSHUN"', ("section_code",)),
    FactKey("reference_means", "对照断面本期各指标均值", "同 concentrations", ("reference_means",)),
)
# Those whose friendlier form stands further up.
PLAIN_KEYS = frozenset(
    {"last_year_class", "last_year_means", "inflow_section", "inflow_class", "inflow_means"}
    | {"reference_section", "reference_class", "reference_means"}
)
_CANONICAL = {also: key.name for key in KEYS for also in (key.name, *key.also)}
_LABELS = {key.name: key.label for key in KEYS}
_NESTED = {
    "last_year": ("class", "concentrations"),
    "inflow": ("section", "class", "concentrations"),
    "reference": ("section", "class", "concentrations"),
}

UNNAMED = "（未写名称）"

# How the facts a rule asks for are written, where that is not the field's own name.
WRITTEN_AS = {
    "water_class": "class 或 concentrations",
    "means": "concentrations",
    "last_year_class": "last_year",
    "last_year_means": "last_year.concentrations",
    "inflow_class": "inflow",
    "inflow_means": "inflow.concentrations",
    "reference_class": "reference",
    "reference_means": "reference.concentrations",
    "base_means": "base",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: where ("facts 第2条 交界 2023-05"), the key, what and the remedy."""

    where: str
    field: str
    message: str

    def __str__(self) -> str:
        return " ".join(part for part in (self.where, self.field) if part) + f"：{self.message}"


@dataclass(slots=True)
class FactsRead:
    """The facts in the order given, and everything wrong with the rest."""

    facts: list[Facts] = field(default_factory=list)
    places: list[str] = field(default_factory=list)  # of each fact, as faults name it
    named: list[tuple[str, ...]] = field(default_factory=list)  # parties each fact names
    faults: list[Fault] = field(default_factory=list)


def read_facts(data: Any, granularity: Granularity) -> FactsRead:
    """All facts of one call. `granularity`: what a full date stands for, as the rule settles."""
    read = FactsRead()
    rows, common = _rows(data, read.faults)
    seen: dict[tuple[str, ...], int] = {}
    for number, row in enumerate(rows, 1):
        where = f"facts 第{number}条" if len(rows) > 1 else "facts"
        if not isinstance(row, Mapping):
            read.faults.append(Fault(where, "", '须是一个对象，如 {"section": …, "period": …}。'))
            continue
        reader = _Reader(where, {**common, **row}, granularity)
        facts = reader.facts()
        read.faults += reader.faults
        if facts is None:
            continue
        once = (facts.section, facts.upstream, facts.downstream, facts.period_label)
        if once in seen:
            message = f"与第{seen[once]}条是同一断面、同一期间，会重复计算；请只留一条。"
            read.faults.append(Fault(reader.where, "period", message))
            continue
        seen[once] = number
        read.facts.append(facts)
        read.places.append(reader.where)
        read.named.append(reader.named_parties(facts))
    return read


def _rows(data: Any, faults: list[Fault]) -> tuple[list[Any], dict[str, Any]]:
    """The single facts, and the keys that hold for all of them."""
    common: dict[str, Any] = {}
    if isinstance(data, Mapping):
        if "facts" not in data:
            return [data], common
        common = {key: value for key, value in data.items() if key != "facts"}
        data = data["facts"]
    if not isinstance(data, list):
        faults.append(Fault("facts", "", '须是一个对象、一个列表，或 {"facts": [...]}。'))
        return [], common
    if not data:
        faults.append(Fault("facts", "", "一条也没有；请至少写一条，含 section 与 period。"))
    return data, common


class _Reader:
    """Reads one object; faults are collected, a value in fault is left out."""

    def __init__(self, where: str, row: Mapping[str, Any], granularity: Granularity) -> None:
        self.where = where
        self.faults: list[Fault] = []
        self.given: dict[str, Any] = {}
        self.granularity = granularity
        self._take(row)
        names = [str(self.given[key]) for key in ("section", "period") if key in self.given]
        if names:
            self.where = f"{where}（{' '.join(names)[:40]}）"
        self.faults = [Fault(self.where, f.field, f.message) for f in self.faults]

    def _take(self, row: Mapping[str, Any]) -> None:
        for written, value in row.items():
            name = _CANONICAL.get(written)
            if name is None:
                self._fault(written, _unknown(written, list(_CANONICAL)))
            elif name in self.given:
                self._fault(written, f"与另一处的 {name} 是同一项，写了两次；请只留一处。")
            elif value is not None:
                self.given[name] = value

    def _fault(self, name: str, message: str) -> None:
        label = _LABELS.get(name.partition(".")[0], "")
        self.faults.append(Fault(self.where, f"{name}（{label}）" if label else name, message))

    @contextmanager
    def _at(self, name: str) -> Iterator[None]:
        """What goes wrong inside is a fault of the named key."""
        try:
            yield
        except (ValueError, UnknownIndicator) as wrong:
            self._fault(name, str(wrong))

    def facts(self) -> Facts | None:
        values: dict[str, Any] = {}
        for name in ("section", "period"):
            if name not in self.given:
                self._fault(
                    name, "缺少；请补写，" + next(k.form for k in KEYS if k.name == name) + "。"
                )
        self._period(values)
        for name in ("section", "section_code", "upstream", "downstream", "river", "term"):
            self._read(name, facts_values.text, values)
        self._read("reason", facts_values.text, values, to="override_reason")
        for name, read in facts_values.PLAIN.items():
            self._read(name, read, values)
        self._read("state", facts_values.state, values, to="state_override")
        body = values.get("water_body", WaterBody.RIVER)
        self._values_of("", "water_class", "means", values, body)
        self._nested("last_year", values)
        self._nested("inflow", values)
        self._nested("reference", values)
        self._values_of("reference", "reference_class", "reference_means", values, body)
        self._values_of("last_year", "last_year_class", "last_year_means", values, body)
        self._values_of("inflow", "inflow_class", "inflow_means", values, body)
        self._read("base", facts_values.base, values, to="base_means")
        if values.get("inflow_class") or values.get("inflow_means"):
            values.setdefault("inflow_section", UNNAMED)  # given is given, named or not
        values.setdefault("upstream", "上游")
        values.setdefault("downstream", "下游")
        self._consistent(values)
        if self.faults:
            return None
        try:
            return Facts(**values)
        except ValueError as wrong:
            self._fault("period", str(wrong))
            return None

    def named_parties(self, facts: Facts) -> tuple[str, ...]:
        """Names to be shown in the net even at zero: those written, else the two sides."""
        written = [
            getattr(facts, side) for side in ("upstream", "downstream") if side in self.given
        ]
        return tuple(written) + tuple(facts.parties.values()) or (facts.upstream, facts.downstream)

    def _read(
        self, name: str, read: Callable[[Any], Any], values: dict[str, Any], *, to: str = ""
    ) -> None:
        if name in self.given:
            with self._at(name):
                values[to or name] = read(self.given[name])

    def _period(self, values: dict[str, Any]) -> None:
        if "period" not in self.given:
            return
        with self._at("period"):
            values["period"], values["granularity"] = facts_values.period(
                self.given["period"], self.granularity
            )
        self._read("granularity", facts_values.granularity, values)

    def _nested(self, name: str, values: dict[str, Any]) -> None:
        """last_year and inflow: a class, or an object with class and concentrations."""
        given = self.given.get(name)
        if given is None:
            return
        if not isinstance(given, Mapping):
            given = {"class": given}
        for key, value in given.items():
            part = {"water_class": "class", "means": "concentrations"}.get(key, key)
            if part not in _NESTED[name]:
                self._fault(f"{name}.{key}", _unknown(key, list(_NESTED[name])))
                continue
            target = {"class": f"{name}_class", "concentrations": f"{name}_means"}.get(
                part, f"{name}_{part}"
            )
            if target in self.given:
                self._fault(f"{name}.{key}", f"与 {target} 是同一项，写了两次；请只留一处。")
            elif value is not None:
                self.given[target] = value

    def _values_of(
        self, group: str, to_class: str, to_means: str, values: dict[str, Any], body: WaterBody
    ) -> None:
        """Class and means of this period or of one compared with it; the class from the means."""
        class_key = to_class if group else "class"
        means_key = to_means if group else "concentrations"
        if group in ("inflow", "reference"):
            self._read(f"{group}_section", facts_values.text, values)
        self._read(means_key, facts_values.means, values, to=to_means)
        self._read(class_key, WaterClass.parse, values, to=to_class)
        found = _assessed(values.get(to_means, {}), body)
        if found is None:
            return
        given = values.get(to_class)
        if given is None and class_key not in self.given:
            values[to_class] = found.water_class
        elif given is not None and _worse(values[to_means], given, body):
            self._fault(
                class_key,
                f"写的是 {given.label}，而由浓度定为 {found.water_class.label}，更差；"
                "请改正其一，或只写浓度。",
            )
        if not group and "deciding" not in self.given and values.get(to_class) == found.water_class:
            values["deciding"] = found.deciding

    def _consistent(self, values: dict[str, Any]) -> None:
        if values["upstream"] == values["downstream"]:
            self._fault("downstream", f"与上游同为“{values['upstream']}”；请写两方各自的名称。")
        if values.get("target") == WaterClass.INFERIOR_V:
            self._fault("target", "劣Ⅴ类没有标准限值，不能作功能类别；请写 Ⅰ 至 Ⅴ 类。")
        if "reason" in self.given and "state" not in self.given:
            self._fault("reason", "写了理由而没有认定的状态；请补写 state，或去掉 reason。")
        if "state" in self.given and "reason" not in self.given:
            self._fault("reason", "缺少；写了 state 就须写明认定的理由。")
        if "share" in values and not 0 < values["share"] <= 1:
            self._fault("share", "须大于 0、不超过 1，如 0.5 或 “50%”。")


def _unknown(written: str, known: list[str]) -> str:
    close = get_close_matches(written, known, 1)
    meant = f"是否为 {close[0]}？" if close else ""
    listed = "、".join(
        known if len(known) < 6 else (k.name for k in KEYS if k.name not in PLAIN_KEYS)
    )
    return f"没有这个键。{meant}可用的是 {listed}。"


def _assessed(means: Mapping[str, Decimal], body: WaterBody) -> Any:
    try:
        return assess(means, body) if means else None
    except NothingToAssess:
        return None  # total nitrogen or manganese alone: means without a class


def _worse(means: Mapping[str, Decimal], given: WaterClass, body: WaterBody) -> bool:
    """Whether the means contradict the class: without DO, whose class can rest on saturation."""
    found = _assessed({code: value for code, value in means.items() if code != "DO"}, body)
    return found is not None and found.water_class > given
