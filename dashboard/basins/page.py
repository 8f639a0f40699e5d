"""The pages of the rivers: the list as a tree, and one river from source to mouth."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from basins.access import Viewer
from basins.digits import whole
from dashboard.basins.river_line import DrawnRiver as Drawing
from dashboard.basins.river_line import river_line
from dashboard.overview.page import HeadingFact, chosen_month, other_month
from dashboard.templatetags.figures import local_time, month_zh, water_label
from monitoring.assessment.queries.assessments import months_assessed
from monitoring.sections.queries.rivers import RiverLine, RiverPage, RiverState, river_page, rivers
from monitoring.standards.rounding import round_to_places
from settlements.accruals.queries.month import AgreementInForce, agreements_in_force, money_of_month
from settlements.accruals.queries.river_year import RiverYear, river_year
from settlements.money import ZERO

GOOD = ("优", "良好")
YEARS_SHOWN = 3
MOST_YEARS = 10


class RiverFilters(forms.Form):
    month = forms.CharField(required=False, widget=forms.HiddenInput)
    q = forms.CharField(label="河流或区县", required=False, max_length=40)
    agreed = forms.BooleanField(label="只看有协议的", required=False)


@dataclass(frozen=True, slots=True)
class RiverRow:
    river: RiverLine
    agreements: tuple[AgreementInForce, ...]
    yuan: Decimal | None  # None: no agreement, or none whose month the viewer sees


@dataclass(frozen=True, slots=True)
class BasinListPage:
    month: date
    months: list[date]
    previous: date | None
    next: date | None
    heading: str
    lead: str
    filters: RiverFilters
    rows: tuple[RiverRow, ...]
    sections: int
    below_target: int
    agreements: int
    yuan: Decimal
    only: str


def basin_list_page(viewer: Viewer, asked: Any) -> BasinListPage:
    """All rivers the viewer may see, those the filters leave: a fixed number of queries."""
    months = months_assessed(viewer)
    month = chosen_month(asked.get("month"), months)
    lines = rivers(viewer, month)
    money = money_of_month(viewer, month)
    agreements = agreements_in_force(viewer, month)
    filters = RiverFilters(asked)
    wanted: dict[str, Any] = (
        filters.cleaned_data if filters.is_valid() else {"q": "", "agreed": False}
    )
    rows = []
    for line in lines:
        own = tuple(a for a in agreements if a.lies_on(line.code))
        seen = {a.code for a in own} & money.seen
        paid = (t for t in money.lines if t.agreement in seen and t.river_code == line.code)
        yuan = sum((t.yuan for t in paid), ZERO) if seen else None
        row = RiverRow(line, own, yuan)
        words = [line.name, *line.districts]
        if wanted["q"].strip() and not any(wanted["q"].strip() in word for word in words):
            continue
        if wanted["agreed"] and not own:
            continue
        rows.append(row)
    agreed = sum(any(a.lies_on(line.code) for a in agreements) for line in lines)
    graded = [line for line in lines if line.state.grade]
    good = sum(line.state.grade in GOOD for line in graded)
    heading = (
        f"{month_zh(month)}，{len(graded)} 条河流 {good} 条优良"
        if graded
        else f"{month_zh(month)}，还没有河流评价"
    )
    at = months.index(month)
    return BasinListPage(
        month=month,
        months=months,
        previous=months[at + 1] if at + 1 < len(months) else None,
        next=months[at - 1] if at else None,
        heading=heading,
        lead=f"共 {len(lines)} 条河流，{agreed} 条有有效协议。",
        filters=filters,
        rows=tuple(rows),
        sections=sum(r.river.sections for r in rows),
        below_target=sum(r.river.below_target for r in rows),
        agreements=len({a.code for r in rows for a in r.agreements}),
        yuan=sum((r.yuan for r in rows if r.yuan), ZERO),
        only=money.only,
    )


# One river --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BasinPage:
    river: RiverPage
    month: date
    months: list[date]
    previous: date | None
    next: date | None
    heading: str
    lead: str
    facts: tuple[HeadingFact, ...]
    crumbs: tuple[tuple[str, str | None], ...]
    line: Drawing | None
    filters: forms.Form
    first: int
    last: int
    years: tuple[int, ...]
    agreements: tuple[AgreementInForce, ...]
    money: RiverYear
    demo_names: bool
    month_numbers: tuple[int, ...] = tuple(range(1, 13))


def basin_page(viewer: Viewer, code: str, asked: Any, crumbs) -> BasinPage | None:
    """One river in a month; None where the viewer sees no such river."""
    months = months_assessed(viewer)
    month = chosen_month(asked.get("month"), months)
    first, last = chosen_years(asked.get("from"), asked.get("to"), months, month)
    river = river_page(viewer, code, month, first, last)
    if river is None:
        return None
    at = months.index(month)
    return BasinPage(
        river=river,
        month=month,
        months=months,
        previous=months[at + 1] if at + 1 < len(months) else None,
        next=months[at - 1] if at else None,
        heading=_heading(river),
        lead=_lead(river),
        facts=(*other_month(asked.get("month"), month), *_facts(river)),
        crumbs=(*crumbs, (river.name, None)),
        line=river_line(river),
        filters=_year_form(months, month, first, last),
        first=first,
        last=last,
        years=tuple(range(first, last + 1)),
        agreements=agreements_in_force(viewer, month, code),
        money=river_year(viewer, code, month.year),
        demo_names=any(s.is_demo for s in river.sections),
    )


def chosen_years(start: str | None, end: str | None, months, month: date) -> tuple[int, int]:
    """The years of the heat map an address asks for, in order and among those there are;
    by default the month's and the two before. At most MOST_YEARS."""
    oldest, newest = months[-1].year, months[0].year

    def among(text: str | None, default: int) -> int:
        year = whole(text, 4)
        return max(oldest, default) if year is None else min(max(year, oldest), newest)

    first = among(start, month.year - YEARS_SHOWN + 1)
    last = among(end, month.year)
    first, last = min(first, last), max(first, last)
    return max(first, last - MOST_YEARS + 1), last


def _year_form(months, month: date, first: int, last: int) -> forms.Form:
    years = [(y, f"{y}年") for y in range(months[0].year, months[-1].year - 1, -1)]
    form = forms.Form(initial={"from": first, "to": last, "month": f"{month:%Y-%m}"})
    form.fields["month"] = forms.CharField(widget=forms.HiddenInput)
    form.fields["from"] = forms.ChoiceField(label="起", choices=years)
    form.fields["to"] = forms.ChoiceField(label="止", choices=years)
    return form


def state_words(state: RiverState) -> str:
    """'良好（Ⅲ类）'; from five sections on there is no mean class, so only the grade."""
    if not state.grade:
        return "未评价"
    return (
        f"{state.grade}（{water_label(state.water_class)}）" if state.water_class else state.grade
    )


def _heading(river: RiverPage) -> str:
    assessed = [s for s in river.sections if s.water_class]
    if not assessed or not river.state.grade:
        return f"{river.name} {month_zh(river.month)}，没有断面评价"
    aimed = [s for s in assessed if s.target]
    met = sum(not s.below_target for s in aimed)
    targets = f"，{len(aimed)} 个断面 {met} 个达到目标" if aimed else ""
    return f"{river.name} {month_zh(river.month)}水质{river.state.grade}{targets}"


def _lead(river: RiverPage) -> str:
    through = " → ".join(r.short_name for r in river.reaches)
    into = f" → {river.parent}" if river.parent else ""
    return f"{through}{into}" if through else "尚无河段资料。"


def _facts(river: RiverPage) -> tuple[HeadingFact, ...]:
    form = "断面类别比例" if river.state.assessed >= 5 else "断面平均浓度"
    times = [s.computed_at for s in river.sections if s.computed_at]
    facts = [
        HeadingFact(
            "水质状况", state_words(river.state), note=f"（按{form}）" if river.state.grade else ""
        ),
        HeadingFact("上月", state_words(river.month_before)),
        HeadingFact("去年同月", state_words(river.year_before)),
    ]
    if river.state.pollutants:
        facts.append(HeadingFact("主要污染指标", river.state.pollutants))
    if river.state.index is not None:
        facts.append(HeadingFact("水质指数 CWQI", f"{round_to_places(river.state.index, 2)}"))
    if river.length_km:
        facts.append(HeadingFact("长度", f"{river.length_km.normalize():f} km"))
    if river.catchment_km2:
        facts.append(HeadingFact("流域面积", f"{river.catchment_km2.normalize():,f} km²"))
    facts.append(HeadingFact("数据截至", local_time(max(times) if times else None)))
    return tuple(facts)
