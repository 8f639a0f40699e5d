"""What the page of a section says: its heading, key figures, chart and the words around them."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.paginator import Page
from django.http import QueryDict
from django.urls import reverse

from basins.access import Viewer
from basins.ranges import month_start, months_before, months_between, today
from dashboard.charts.periods import DEFAULT, PRESETS, Period, preset, read
from dashboard.charts.section import ComparedSeries, section_figure
from dashboard.templatetags.figures import concentration, local_time, percent, signed
from monitoring.models import Section
from monitoring.sections.queries.flow import FlowMonth
from monitoring.sections.queries.sections import (
    MeasuredIndicator,
    MonthClass,
    PlannedDays,
    SectionPage,
    find_section,
    other_sections,
    section_page,
)
from monitoring.sections.queries.series import (
    MeanPoint,
    Series,
    indicator_of,
    means,
    reading_page,
    series,
)
from monitoring.standards.gb3838_2002 import WaterClass
from monitoring.standards.rounding import round_to_places
from settlements.agreements.queries.of_section import (
    MonthAccrual,
    SectionAgreement,
    accrual_of_month,
    agreements_of_section,
)
from settlements.workflow import kind_of

COMPARED = 3  # sections beside this one; more would not be told apart


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address asks to see of a section, understood."""

    indicator: MeasuredIndicator | None
    period: Period
    not_understood: str  # the typed period that was not
    with_codes: tuple[str, ...]
    last_year: bool


@dataclass(frozen=True, slots=True)
class TwinRow:
    """A month of the chart as a line of its table."""

    month: date
    mean: MeanPoint | None
    others: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class SectionView:
    page: SectionPage
    choice: Choice
    series: Series | None
    figure: dict | None
    chart_label: str
    chart_heading: str
    compared: tuple[ComparedSeries, ...]
    twin: tuple[TwinRow, ...]
    readings: Page | None
    others: tuple[tuple[str, str], ...]
    agreements: tuple[SectionAgreement, ...]
    changes: tuple
    accrual: MonthAccrual | None


def choice_of(asked: QueryDict, page: SectionPage) -> Choice:
    """The address's parameters; what is not understood falls back and is said."""
    typed = asked.get("period", "").strip()
    period, refused = None, ""
    if typed and typed not in PRESETS:
        period = read(typed)
        refused = "" if period else typed
    code = typed if typed in PRESETS else DEFAULT
    return Choice(
        indicator=indicator_of(page.indicators, asked.get("indicator"), page.now.deciding),
        period=period or preset(code, page.month, page.first_month),
        not_understood=refused,
        with_codes=tuple(dict.fromkeys(c for c in asked.getlist("with") if c))[:COMPARED],
        last_year=asked.get("last_year") == "1",
    )


def section_view(
    viewer: Viewer, section: Section, asked: QueryDict, month: date | None
) -> SectionView:
    page = section_page(viewer, section, month)
    choice = choice_of(asked, page)
    agreements = agreements_of_section(viewer, section)
    changes = tuple(
        change
        for agreement in agreements
        for change in agreement.changes
        if choice.period.first <= change.on <= choice.period.last
    )
    found, readings, figure = None, None, None
    compared: tuple[ComparedSeries, ...] = ()
    indicator, period = choice.indicator, choice.period
    if indicator is not None:
        found = series(section, indicator.code, period.first, period.last)
        compared = _compared(viewer, section, choice)
        readings = reading_page(
            section, indicator.code, period.first, period.last, asked.get("page")
        )
        figure = section_figure(
            indicator=indicator,
            body=page.water_body,
            target=page.target,
            period=period,
            found=found,
            compared=compared,
            changes=[(change.on, change.title) for change in changes],
        )
    return SectionView(
        page=page,
        choice=choice,
        series=found,
        figure=figure,
        chart_label=chart_label(page, choice),
        chart_heading=chart_heading(page, choice, found),
        compared=compared,
        twin=_twin(found, compared),
        readings=readings,
        others=tuple(other_sections(viewer, section)),
        agreements=agreements,
        changes=changes,
        accrual=accrual_of_month(viewer, section, page.month),
    )


def _compared(viewer: Viewer, section: Section, choice: Choice) -> tuple[ComparedSeries, ...]:
    indicator, period = choice.indicator, choice.period
    assert indicator is not None
    found = []
    if choice.last_year:
        then = period.a_year_earlier
        earlier = means(section, indicator.code, then.first, then.last)
        found.append(
            ComparedSeries(
                "上年同月", tuple(replace(m, month=months_before(m.month, -12)) for m in earlier)
            )
        )
    for code in choice.with_codes:
        other = find_section(viewer, code)
        if other is not None and other.pk != section.pk:
            name = f"{other.name}*" if other.is_demo else other.name
            found.append(
                ComparedSeries(name, means(other, indicator.code, period.first, period.last))
            )
    return tuple(found)


def _twin(found: Series | None, compared: tuple[ComparedSeries, ...]) -> tuple[TwinRow, ...]:
    if found is None:
        return ()
    own = {m.month: m for m in found.means}
    others = [{m.month: m.mean for m in each.means} for each in compared]
    months = sorted(set(own).union(*others) if others else set(own), reverse=True)
    return tuple(
        TwinRow(month, own.get(month), tuple(other.get(month) for other in others))
        for month in months
    )


# Words -----------------------------------------------------------------------------------


def heading(page: SectionPage) -> str:
    """The finding of the month: '普顺断面*:10月Ⅱ类,优于目标Ⅲ类'."""
    now = page.now
    when = f"{now.month.year}年{now.month.month}月"
    if now.month >= month_start(today()):
        when += "（未结束）"
    if now.water_class is None:
        return (
            f"{page.shown_name}：{when}未评价"
            if page.last_month
            else f"{page.shown_name}：尚无监测数据"
        )
    water = WaterClass(now.water_class).label
    return f"{page.shown_name}：{when}{water}{_against(now, '，')}"


def _against(now: MonthClass, before_words: str = "") -> str:
    if now.target is None or now.water_class is None:
        return ""
    target = WaterClass(now.target).label
    if now.worse:
        return f"{before_words}劣于目标{target}"
    if now.water_class < now.target:
        return f"{before_words}优于目标{target}"
    return f"{before_words}达到目标{target}"


def subtitle(page: SectionPage) -> str:
    parts = [page.river or "未归入河流"]
    if page.upstream and page.downstream:
        parts.append(f"{page.upstream}与{page.downstream}交界")
    if page.plans:
        parts.append(f"自动站{'，'.join(map(planned, page.plans))}")
    if page.sampled_by_hand:
        parts.append("有手工采样")
    return " · ".join(parts)


def planned(days: PlannedDays) -> str:
    """每日 6 次, or with its days where it does not hold all month: 1–15 日每日 6 次."""
    often = f"每日 {days.per_day} 次"
    if days.whole:
        return often
    span = f"{days.first}–{days.last}" if days.first < days.last else f"{days.first}"
    return f"{span} 日{often}"


def facts(view: SectionView) -> list[dict[str, str]]:
    page = view.page
    found: list[dict[str, str]] = []
    if page.now.water_class is not None:
        complete = page.now.complete
        found.append(
            {
                "label": "数据",
                "text": "数据完整" if complete else "数据不足",
                "state": "open" if complete else "waiting",
            }
        )
    if view.accrual:
        found.append(
            {
                "label": "月核算",
                "text": view.accrual.state_label,
                "state": kind_of("accrual", view.accrual.state),
            }
        )
    found.append({"label": "数据截至", "text": local_time(page.last_sample)})
    found += [
        {"label": "涉及协议", "text": a.title, "url": reverse("agreement", args=[a.code])}
        for a in view.agreements
    ]
    return found


def key_figures(view: SectionView) -> list[dict[str, Any]]:
    """Arguments of key_figure.html, every one named."""
    page, choice = view.page, view.choice
    figures = [_class_figure(page)]
    if choice.indicator is not None:
        figures.append(_mean_figure(page, choice.indicator))
    figures.append(_met_figure(page))
    figures.append(
        {
            "label": "数据完整率",
            "value": percent(page.completeness).removesuffix(" %"),
            "unit": "%" if page.expected else "",
            "extra": f"{page.valid} / {page.expected} 个，{page.month.month}月参评指标"
            if page.expected
            else "",
        }
    )
    if page.flow is not None:
        figures.append(_flow_figure(page.flow))
    border = bool(page.upstream and page.downstream)
    figures.append(
        {
            "label": "断面性质",
            "value": page.grade,
            "unit": "交界" if border else "",
            "extra": f"{page.upstream} → {page.downstream}" if border else page.province,
        }
    )
    named = ("label", "value", "water_class", "unit", "deltas", "extra", "sparkline")
    return [dict.fromkeys(named) | figure for figure in figures]


WAN = Decimal(10_000)


def _flow_figure(flow: FlowMonth) -> dict[str, Any]:
    """The month's volume, its mean and least flow."""
    words = [f"平均流量 {concentration(flow.mean, 2)} m³/s"]
    if flow.least is not None:
        words.append(f"最小 {concentration(flow.least, 2)} m³/s（{local_time(flow.least_at)}）")
    if flow.volume is None:
        words.append(f"有效值 {flow.valid} 个，不足以推算水量")
    return {
        "label": "本月水量",
        "value": concentration(flow.volume / WAN, 2) if flow.volume is not None else "-",
        "unit": "万m³" if flow.volume is not None else "",
        "extra": "，".join(words),
    }


def _class_figure(page: SectionPage) -> dict[str, Any]:
    now = page.now
    if now.target is None:
        words = "没有目标类别"
    elif now.water_class is None:
        words = f"目标{WaterClass(now.target).label}"
    else:
        steps = now.target - now.water_class
        words = f"目标{WaterClass(now.target).label}，" + (
            "达到" if steps == 0 else f"{'优于' if steps > 0 else '劣于'} {abs(steps)} 个类别"
        )
    return {"label": "本月类别", "value": "-", "water_class": now.water_class, "extra": words}


def _mean_figure(page: SectionPage, indicator: MeasuredIndicator) -> dict[str, Any]:
    row = next((r for r in page.heat if r.code == indicator.code), None)
    values = [cell.value for cell in row.cells] if row else []
    now = values[-1] if values else None
    deltas = []
    if row is not None and now is not None:
        for word, then in (("环比", values[-2]), ("同比", row.year_before)):
            if then is not None:
                change = concentration_number(now, indicator) - concentration_number(
                    then, indicator
                )
                deltas.append(f"{word} {signed(change)}")
    return {
        "label": f"{indicator.name}月均值",
        "value": concentration(now, indicator.decimals),
        "unit": indicator.unit,
        "deltas": deltas,
        "extra": f"目标限值 {row.limit}" if row and row.limit else "",
        "sparkline": values if any(v is not None for v in values) else None,
    }


def concentration_number(value: Decimal, indicator: MeasuredIndicator) -> Decimal:
    """As shown, so that a change is the difference of the two figures one sees."""
    return round_to_places(value, indicator.decimals)


def _met_figure(page: SectionPage) -> dict[str, Any]:
    judged = [m for m in page.months if m.water_class is not None and m.target is not None]
    missed = [m for m in judged if m.worse]
    names = "、".join(f"{m.month.month}月" for m in missed)
    return {
        "label": "达标月份（近12月）",
        "value": str(len(judged) - len(missed)),
        "unit": f"/ {len(judged)}",
        "extra": f"{names}未达标" if missed else "没有未达标月份" if judged else "没有可比月份",
    }


def chart_label(page: SectionPage, choice: Choice) -> str:
    if choice.indicator is None:
        return ""
    return (
        f"{page.shown_name}{choice.indicator.name}月均值与读数，"
        f"{choice.period.first}至{choice.period.last}"
    )


def chart_heading(page: SectionPage, choice: Choice, found: Series | None) -> str:
    """What the chart shows, in a sentence."""
    if choice.indicator is None or found is None:
        return "指标"
    name = choice.indicator.name
    if found.is_empty:
        return f"{name}：所选时段没有数据"
    classed = [m for m in found.means if m.water_class]
    if page.target is None or not classed:
        return f"{name}：{len(found.means)} 个月均值{_average(choice.indicator, found)}"
    target = WaterClass(page.target).label
    worse = [m for m in classed if (m.water_class or 0) > page.target]
    if not worse:
        return f"{name}：{len(classed)} 个月均值都不劣于{target}目标"
    if len(worse) <= 4:
        when = "、".join(f"{m.month:%Y-%m}" for m in worse)
        return f"{name}：{len(classed)} 个月均值中 {len(worse)} 个劣于{target}目标（{when}）"
    return f"{name}：{len(classed)} 个月均值中 {len(worse)} 个劣于{target}目标"


def _average(indicator: MeasuredIndicator, found: Series) -> str:
    """The mean of the means, where there are several: of twelve months the year's."""
    if len(found.means) < 2:
        return ""
    average = sum((m.mean for m in found.means), Decimal(0)) / len(found.means)
    return f"，平均 {concentration(average, indicator.decimals)} {indicator.unit}".rstrip()


def crumbs(page: SectionPage) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = [("总览", reverse("overview"))]
    if page.river_code:
        found.append((page.river or "", reverse("basin", args=[page.river_code])))
    else:
        found.append(("断面", reverse("section-list")))
    return [*found, (page.shown_name, None)]


def presets(view: SectionView) -> list[dict[str, Any]]:
    return [
        {"code": code, "label": label, "current": view.choice.period.code == code}
        for code, label in PRESETS.items()
    ]


def months(page: SectionPage) -> list[date]:
    """Months to choose from, newest first."""
    first = min(page.first_month or page.month, page.month)
    last = max(page.last_month or page.month, page.month)
    return months_between(first, last)[::-1]


def month_beside(page: SectionPage, back: int) -> date | None:
    day = months_before(page.month, back)
    return day if day in months(page) else None
