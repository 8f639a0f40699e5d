"""The overview's figures in words: what a month of water and money comes to.

Queries give numbers; here they become the heading, the key figures and the small chart.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from basins.access import Viewer
from basins.ranges import month_start, months_before, today
from dashboard.map import LAYERS, Scene, build_scene
from dashboard.overview.class_shares import GRID, MONTHS_SHOWN, ShareColumn, recent, share_columns
from dashboard.templatetags.figures import (
    local_time,
    month_zh,
    percent,
    signed,
    signed_percent,
    wan,
)
from monitoring.assessment.queries.assessments import (
    RATIO_AIM,
    AssessedMonth,
    MonthWater,
    month_water,
    months_assessed,
    sections_with_data,
    streaks_of_group,
)
from monitoring.assessment.queries.groups import ALL, GROUPS, Streak
from monitoring.standards.rounding import round_to_places
from settlements.accruals.queries.month import (
    AgreementInForce,
    MonthMoney,
    PartyNet,
    TransferLine,
    agreements_in_force,
    money_of_month,
    payments_so_far,
)
from settlements.money import ZERO
from settlements.shown.revisions import Revision
from settlements.workflow import kind_of

TABLES = {"districts": "区县", "sections": "断面", "agreements": "协议"}
# An agreement with more payments in a month is one line of them.
MOST_LINES = 12
# Groups small enough to name each section's own streak.
WITH_STREAKS = ("entering", "leaving")
TABLE_OF_LAYER = {"net": "districts", "class": "sections", "agreements": "agreements"}
TITLE_OF_LAYER = {
    "net": "谁向谁补偿：净额、类别与流向",
    "class": "断面与河流水质类别",
    "agreements": "有效协议覆盖",
}


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """Arguments of components/key_figure.html."""

    label: str
    value: str
    unit: str
    deltas: tuple[str, ...] = ()
    extra: str = ""
    sparkline: tuple[Decimal | None, ...] = ()
    water_class: int | None = None


@dataclass(frozen=True, slots=True)
class HeadingFact:
    label: str
    text: str
    state: str = ""
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    key: str
    label: str
    current: bool


@dataclass(frozen=True, slots=True)
class AgreementRow:
    agreement: AgreementInForce
    transfers: int | None  # None: the viewer does not see this agreement's month
    yuan: Decimal | None
    revised: Revision | None = None  # one of those of its month


@dataclass(frozen=True, slots=True)
class FoldedLines:
    """The month's payments of an agreement that has too many to read here."""

    agreement: str
    title: str
    count: int
    yuan: Decimal


@dataclass(frozen=True, slots=True)
class OverviewPage:
    month: date
    months: list[date]
    previous: date | None
    next: date | None
    heading: str
    lead: str
    facts: tuple[HeadingFact, ...]
    key_figures: tuple[KeyFigure, ...]
    groups: tuple[Tab, ...]
    group: str
    streaks: tuple[Streak, ...]
    map_title: str
    layers: tuple[Tab, ...]
    tables: tuple[Tab, ...]
    table: str
    scene: Scene | None
    water: MonthWater
    money: MonthMoney
    lines: tuple[TransferLine, ...]
    folded: tuple[FoldedLines, ...]
    nets: tuple[PartyNet, ...]
    largest: Decimal
    quiet_parties: int
    agreements: tuple[AgreementRow, ...]
    columns: tuple[ShareColumn, ...]
    demo_names: bool

    all_classes: ClassVar[tuple[int, ...]] = (1, 2, 3, 4, 5, 6)
    share_grid: ClassVar[tuple[tuple[int, int, int], ...]] = GRID


def overview_page(viewer: Viewer, asked: Any) -> OverviewPage:
    """The page for an address's `month`, `layer` and `table`: a fixed number of queries."""
    months = months_assessed(viewer)
    month = chosen_month(asked.get("month"), months)
    layer = asked.get("layer") if asked.get("layer") in LAYERS else "net"
    table = asked.get("table") if asked.get("table") in TABLES else TABLE_OF_LAYER[layer]
    group = asked.get("group") if asked.get("group") in GROUPS else ALL
    water = month_water(viewer, month, group)
    money = money_of_month(viewer, month)
    agreements = agreements_in_force(viewer, month)
    at = months.index(month)
    in_nets = {net.place.code for net in money.nets}
    folded = _folded(viewer, money)
    return OverviewPage(
        month=month,
        months=months,
        previous=months[at + 1] if at + 1 < len(months) else None,
        next=months[at - 1] if at else None,
        heading=_heading(water, group),
        lead=_lead(money),
        facts=(
            *other_month(asked.get("month"), month),
            *_facts(water, money, agreements),
            *_running(viewer, months, month),
        ),
        key_figures=_key_figures(water, money),
        map_title=TITLE_OF_LAYER[layer],
        groups=tuple(Tab(k, v, k == group) for k, v in GROUPS.items()),
        group=GROUPS[group],
        streaks=streaks_of_group(viewer, month, group) if group in WITH_STREAKS else (),
        layers=tuple(Tab(k, v, k == layer) for k, v in LAYERS.items()),
        tables=tuple(Tab(k, v, k == table) for k, v in TABLES.items()),
        table=table,
        scene=build_scene(viewer, layer, water, money, agreements),
        water=water,
        money=money,
        lines=tuple(each for each in money.lines if each.agreement not in folded),
        folded=tuple(folded.values()),
        nets=money.nets,
        largest=max((abs(n.net) for n in money.nets), default=ZERO),
        quiet_parties=len({p.code for a in agreements for p in a.parties} - in_nets),
        agreements=tuple(_agreement_row(a, money) for a in agreements),
        columns=share_columns(water),
        demo_names=any(s.is_demo for s in water.sections),
    )


def _folded(viewer: Viewer, money: MonthMoney) -> dict[str, FoldedLines]:
    """By agreement; not where the viewer's own place pays or is paid."""
    found: dict[str, FoldedLines] = {}
    place = viewer.jurisdiction_code
    its = {line.agreement for line in money.lines if place in (line.payer.code, line.payee.code)}
    for code, number in Counter(line.agreement for line in money.lines).items():
        if number > MOST_LINES and code not in its:
            own = [line for line in money.lines if line.agreement == code]
            total = sum((line.yuan for line in own), ZERO)
            found[code] = FoldedLines(code, own[0].agreement_title, number, total)
    return found


def chosen_month(text: str | None, months: Sequence[date]) -> date:
    """The month an address asks for (2026-10), if it is one of `months` (newest first);
    else the last one that is over, else the newest."""
    try:
        year, number = (text or "").split("-")
        asked = date(int(year), int(number), 1)
    except ValueError:
        pass
    else:
        if asked in months:
            return asked
    running = month_start(today())
    return next((m for m in months if m < running), months[0])


def other_month(text: str | None, shown: date) -> tuple[HeadingFact, ...]:
    """Says so where the address asks for a month that has no assessment or is no month."""
    if not text or text == f"{shown:%Y-%m}":
        return ()
    if re.fullmatch(r"[0-9]{4}-(0?[1-9]|1[0-2])", text):
        year, number = text.split("-")
        if (int(year), int(number)) == (shown.year, shown.month):
            return ()
        missing = f"{int(year)}年{int(number)}月没有水质评价"
    else:
        missing = "地址中的月份读不懂，应如 2026-10"
    return (HeadingFact("提示", f"{missing}，以下是{month_zh(shown)}"),)


def _heading(water: MonthWater, group: str) -> str:
    name = month_zh(water.month)
    if water.this is None:
        return f"{name}，还没有水质评价"
    running = "（未结束）" if water.month >= month_start(today()) else ""
    which = "" if group == ALL else GROUPS[group]
    return f"{name}{running}，{water.this.total} 个{which}断面 {water.this.good} 个优良"


def _lead(money: MonthMoney) -> str:
    if not money.lines:
        what = "补偿" if money.accruals else "月核算"
        return f"没有可见的{what}（{money.only}）。" if money.only else f"没有{what}。"
    nets = f"{money.receivers} 方净收、{money.payers} 方净付"
    note = f"（{money.only}）" if money.only else ""
    return f"{len(money.lines)} 笔补偿共 {wan(money.total)} 万元，{nets}{note}。"


def _facts(water: MonthWater, money: MonthMoney, agreements) -> tuple[HeadingFact, ...]:
    if len(money.states) == 1:
        only = money.states[0][0]
        state = HeadingFact("状态", str(only.label), state=kind_of("accrual", only))
    else:
        words = " · ".join(f"{state.label} {n}" for state, n in money.states)
        state = HeadingFact(
            "状态", words or ("不可见" if money.only else "尚未核算"), state="" if words else "none"
        )
    facts = [
        state,
        HeadingFact("月核算", f"{money.accruals} 项，{len(money.lines)} 笔补偿"),
        HeadingFact("有效协议", f"{len(agreements)} 项"),
        HeadingFact("数据截至", local_time(water.computed_at)),
    ]
    if money.revised:
        words = f"{len(money.revised)} 项与发布时不同"
        facts.append(HeadingFact("已修订", words, url="#revised"))
    if money.only:
        facts.append(HeadingFact("范围", f"金额{money.only}"))
    return tuple(facts)


def _running(viewer: Viewer, months: Sequence[date], shown: date) -> tuple[HeadingFact, ...]:
    """The month that has begun, once it has data, on the page of another: 2 queries."""
    running = month_start(today())
    if running == shown or running not in months:
        return ()
    sections, below = sections_with_data(viewer, running)
    number, yuan = payments_so_far(viewer, running)
    words = [f"{running.month} 月至今 {sections} 个断面有数据", f"{below} 个未达目标"]
    if number:
        words.append(f"{number} 笔补偿共 {wan(yuan)} 万元")
    return (
        HeadingFact("进行中", "，".join(words), url=f"?month={running:%Y-%m}", note="（初步）"),
    )


# Key figures ------------------------------------------------------------------------------


def _key_figures(water: MonthWater, money: MonthMoney) -> tuple[KeyFigure, ...]:
    return (
        _assessed(water),
        _ratio(water),
        _below(water),
        _compensated(money),
        _to_date(money),
        _incomplete(water),
    )


def _compared(water: MonthWater, value) -> tuple[str, ...]:
    """环比 and 同比 of a whole number taken from a month's share."""
    words = []
    for name, then in (
        ("环比", months_before(water.month)),
        ("同比", months_before(water.month, 12)),
    ):
        old = water.share(then)
        if water.this and old:
            words.append(f"{name} {signed(value(water.this) - value(old))}")
    return tuple(words)


def _assessed(water: MonthWater) -> KeyFigure:
    return KeyFigure(
        label="参评断面",
        value=str(len(water.assessed)),
        unit=f"/ {len(water.sections)} 个",
        deltas=_compared(water, lambda s: s.total),
        extra=f"数据完整率 {percent(water.completeness)}",
        sparkline=tuple(Decimal(s.total) if s else None for s in recent(water)),
    )


def _ratio(water: MonthWater) -> KeyFigure:
    ratio = water.this.ratio if water.this else None
    deltas = []
    for name, then in (
        ("环比", months_before(water.month)),
        ("同比", months_before(water.month, 12)),
    ):
        old = water.share(then)
        if ratio is not None and old and old.ratio is not None:
            points = round_to_places(ratio - old.ratio, 1)
            deltas.append(f"{name} {signed(points)} 百分点")
    streak = water.months_at_aim
    good = f"{water.this.good}/{water.this.total} 个；" if water.this else ""
    aim = f"≥ {RATIO_AIM} %"
    return KeyFigure(
        label="优良比例（Ⅰ–Ⅲ类）",
        value=percent(ratio).removesuffix(" %"),
        unit="%",
        deltas=tuple(deltas),
        extra=good
        + (
            _all_good(water)
            or (f"连续 {streak} 个月 {aim}" if streak else f"本月低于 {RATIO_AIM} %")
        )
        if _measured(water)
        else "尚无数据",
        sparkline=tuple(s.ratio if s else None for s in recent(water)),
    )


def _all_good(water: MonthWater) -> str:
    """For how long it has been 100 %; nothing where it is not."""
    if not water.months_all_good:
        return ""
    years = f"、{water.years_all_good} 个整年" if water.years_all_good else ""
    return f"连续 {water.months_all_good} 个月{years} 100 %"


def _measured(water: MonthWater) -> bool:
    """Whether any section has a class in the month."""
    return bool(water.this and water.this.total)


def _below(water: MonthWater) -> KeyFigure:
    return KeyFigure(
        label="未达目标断面",
        value=str(len(water.below_target)),
        unit="个",
        deltas=_compared(water, lambda s: s.below_target),
        extra=_some(water.below_target) or ("全部达到目标" if _measured(water) else "尚无数据"),
        sparkline=tuple(Decimal(s.below_target) if s else None for s in recent(water)),
    )


def _some(sections: Sequence[AssessedMonth], most: int = 3) -> str:
    names = "、".join(s.shown_name for s in sections[:most])
    return f"{names}等" if len(sections) > most else names


def _change(now: Decimal, then: Decimal | None) -> str | None:
    """A change in per cent; None where there is nothing to compare with."""
    return signed_percent(100 * (now - then) / then) if then else None


def _compensated(money: MonthMoney) -> KeyFigure:
    deltas = []
    this = money.at(money.month)
    for name, then in (
        ("环比", months_before(money.month)),
        ("同比", months_before(money.month, 12)),
    ):
        old = money.at(then)
        if this and old and this.whole and old.whole and (words := _change(this.yuan, old.yuan)):
            deltas.append(f"{name} {words}")
    months = [money.at(months_before(money.month, n)) for n in range(MONTHS_SHOWN - 1, -1, -1)]
    parties = f"{len(money.lines)} 笔，{len(money.nets)} 方"
    return KeyFigure(
        label="本月补偿额",
        value=wan(money.total if money.accruals or not money.only else None),
        unit="万元",
        deltas=tuple(deltas),
        extra=money.only or parties,
        sparkline=tuple(m.yuan if m and m.whole else None for m in months),
    )


def _to_date(money: MonthMoney) -> KeyFigure:
    this, last = money.to_date(money.month.year), money.to_date(money.month.year - 1)
    total = sum((m.yuan for m in this), ZERO)
    yearly = sum((m.yearly for m in this), ZERO)
    whole = all(m.whole for m in (*this, *last))
    span = "1月" if money.month.month == 1 else f"1–{money.month.month}月"
    words = _change(total, sum((m.yuan for m in last), ZERO)) if whole else None
    running, line = ZERO, []
    for each in this:
        running += each.yuan
        line.append(running)
    extra = f"另有按年核算 {wan(yearly)} 万元" if yearly else "各月补偿额之和"
    return KeyFigure(
        label="本年累计补偿额",
        value=wan(total if total or all(m.whole for m in this) else None),
        unit="万元",
        deltas=(span, f"同比 {words}") if words else (span,),
        extra=extra if all(m.whole for m in this) else only_part(money),
        sparkline=tuple(line),
    )


def only_part(money: MonthMoney) -> str:
    return money.only or "部分月份仅含可见协议"


def _incomplete(water: MonthWater) -> KeyFigure:
    missing = sum(not s.water_class for s in water.sections)
    few = len(water.incomplete) - missing
    return KeyFigure(
        label="数据不全断面",
        value=str(len(water.incomplete)),
        unit="个",
        deltas=(f"未评价 {missing}", f"有效数据不足 {few}"),
        extra=_some(water.incomplete) or "各断面数据完整",
    )


def _agreement_row(agreement: AgreementInForce, money: MonthMoney) -> AgreementRow:
    if agreement.code not in money.seen:
        return AgreementRow(agreement, None, None)
    lines = [line for line in money.lines if line.agreement == agreement.code]
    revised = next((r for r in money.revised if r.agreement == agreement.code), None)
    return AgreementRow(agreement, len(lines), sum((line.yuan for line in lines), ZERO), revised)
