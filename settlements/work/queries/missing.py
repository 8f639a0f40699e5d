"""What keeps a month from being computed and published: what is not there yet, and where to give it.

Of each agreement the month is reckoned as it will be, from what is stored now, and what the rule asks
for in vain is named in its own words with the remedy. Nothing is written.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from basins.access import Act
from basins.clock import today
from basins.links import Link, to
from basins.models import CalendarDay, River, Role
from basins.ranges import next_month, year_start
from basins.words import month_words
from monitoring.models import DirtyMonth, Section
from monitoring.sections.queries.month_readings import days_measured
from settlements.models import Agreement, AgreementMonth, Notice
from settlements.notices.services.content import Drawn, draw
from settlements.notices.services.notices import due_day
from settlements.reckoning.computation import Computed, NotAParty, Work, compute, work_of
from settlements.reckoning.periods import last_month
from settlements.rules import UnknownRule
from settlements.rules.facts import Granularity, MonthState
from settlements.rules.kinds import ParameterErrors

KINDS = {
    "month": "月份",
    "place": "行政区与河流",
    "people": "人员",
    "calendar": "节假日历",
    "agreement": "协议",
    "term": "条款",
    "target": "功能类别",
    "readings": "监测数据",
    "incomplete": "数据完整性",
    "last_year": "去年同期数据",
    "figures": "水量与其他指标值",
    "recompute": "重算",
    "notice": "月通报",
}
# What the facts a rule may ask for are; all others are measured in the month itself.
OF_FACT = {
    "target": "target",
    "last_year_class": "last_year",
    "last_year_means": "last_year",
    "observations": "figures",
    "flow": "figures",
    "parties": "term",
    "section_code": "term",
}
TWO = 2  # persons: one prepares, another signs; one proposes, another decides


@dataclass(frozen=True, slots=True)
class Missing:
    """`kind`: of KINDS. `code`: of the section, agreement or role that lacks it; '' for the city.
    `what`: in words, with the remedy. `link`: where it is given, by who may do `act`."""

    kind: str
    code: str
    what: str
    link: Link
    act: Act
    section: int | None = None  # whose readings they are

    @property
    def heading(self) -> str:
        return KINDS[self.kind]

    def to_json(self) -> dict[str, str]:
        return {"kind": self.kind, "code": self.code, "what": self.what, "link": str(self.link)}


def missing(month: date) -> list[Missing]:
    """In the order of KINDS; empty for a month that is published and lacks nothing.

    `month`: its first day. 20 SQL queries, and 10 an agreement whose month is not published (11 where
    a section has too few values).
    """
    found = [
        *_of_the_city(month),
        *_of_people(Role.Code.BUREAU, "月通报由一人编制、另一人签发"),
    ]
    if month > last_month():
        words = f"{month_words(month)}还没有结束；结束后的下一天起核算。"
        found.append(Missing("month", "", words, to("section-list"), Act.SEE_RESULTS))
    else:
        found += _of_month(month)
    order = list(KINDS)
    return sorted(dict.fromkeys(found), key=lambda each: (order.index(each.kind), each.code))


def _of_the_city(month: date) -> Iterator[Missing]:
    if not River.objects.exists():
        words = "还没有行政区与河流；请运行 manage.py load_basins，或由管理员登记。"
        yield Missing("place", "", words, to("basin-list"), Act.EDIT_REFERENCE)
    # The notice and the days to object end in the next month.
    year = next_month(month).year
    if (
        year >= today().year
        and not CalendarDay.objects.filter(date__year=year, announced=True).exists()
    ):
        words = f"{year} 年的节假日安排还没有录入，期限按周末推算（暂定）；公布后请录入。"
        yield Missing("calendar", str(year), words, to("calendar"), Act.EDIT_REFERENCE)


def _of_people(role: Role.Code, words: str) -> Iterator[Missing]:
    held = Role.objects.filter(role=role, in_force__contains=today(), user__is_active=True)
    there = held.values("user").distinct().count()
    if there < TWO:
        said = f"角色“{role.label}”只有 {there} 人：{words}；请在“人员”中增加。"
        yield Missing("people", str(role), said, to("people"), Act.EDIT_USERS)


def _of_month(month: date) -> Iterator[Missing]:
    agreements = Agreement.objects.filter(state=Agreement.State.ACTIVE).order_by("code")
    waiting = set(DirtyMonth.objects.filter(month=month).values_list("section", flat=True))
    begun = set(AgreementMonth.objects.filter(month=month).values_list("agreement", flat=True))
    due = False
    for agreement in agreements:
        if agreement.pk in begun:  # published: what it lacks now is for adjustments
            due = True
            continue
        work, wrong = _work(agreement, month)
        due = due or bool(work or wrong)
        yield from wrong
        for each in _of_agreement(agreement, work):
            if each.section not in waiting or each.kind not in (
                "readings",
                "incomplete",
            ):  # else it is to be recomputed
                yield each
    if not due:
        words = f"没有在 {month_words(month)}有效的协议；请录入并由另一人启用。"
        yield Missing("agreement", "", words, to("agreement-new"), Act.EDIT_AGREEMENTS)
        yield from _of_people(Role.Code.ADMIN, "协议由一人录入、另一人启用")
        return
    drawn = draw(month, {})
    for code, said in drawn.incomplete.items():
        for words in said:
            yield Missing(
                "recompute", code, f"{words}。", to("agreement", code), Act.SEE_AGREEMENTS
            )
    yield from _of_notice(month, drawn)


def _work(agreement: Agreement, month: date) -> tuple[list[Work], list[Missing]]:
    """The agreement's work of the month (with December of the year), and why there is none."""
    try:
        every = work_of(agreement)
    except (ParameterErrors, UnknownRule) as error:
        return [], [_of_term(agreement, str(error))]
    asked = [item.over(set(item.periods) & _published_with(item, month)) for item in every]
    return [item for item in asked if item.periods], []


def _published_with(item: Work, month: date) -> set[date]:
    """The periods a month's notice has: of a yearly rule the year, with December."""
    if item.rule.yearly:
        return {year_start(month.year)} if month.month == 12 else set()
    return {month}


def _of_agreement(agreement: Agreement, work: list[Work]) -> Iterator[Missing]:
    try:
        computed = compute(work, digests=False)
    except NotAParty as error:
        yield _of_term(agreement, str(error))
        return
    part = []
    for each in computed:
        if each.outcome.state == MonthState.NO_DATA:
            yield _of_finding(agreement, each)
        elif not each.facts.complete and each.facts.granularity is Granularity.MONTH:
            part.append(each)
    measured = (
        days_measured([each.part.section_id for each in part], part[0].period) if part else {}
    )
    for each in part:
        yield _of_part(each, measured.get(each.part.section_id, []))


def _of_term(agreement: Agreement, words: str) -> Missing:
    link = to("agreement", agreement.code)
    return Missing("term", agreement.code, words, link, Act.EDIT_AGREEMENTS)


def _of_finding(agreement: Agreement, computed: Computed) -> Missing:
    """What a section's month, or year, could not be found for."""
    section, period = computed.part.section, computed.period
    if section.ended_on is not None and section.ended_on <= period:
        return _of_ended(agreement, section)
    lacks = (computed.outcome.lacks or "").partition(".")[0]
    kind = OF_FACT.get(lacks, "readings")
    steps = {step.key: step.text for step in computed.outcome.steps}
    words = steps.get("missing") or steps.get("state", "")
    if not lacks and computed.facts.state_override is MonthState.NO_DATA:
        words = (
            f"{section.name}断面 {period:%Y-%m} 没有有效监测数据；请导入，"
            "确无数据的由市局认定为“无数据”或“剔除”。"
        )
    elif not lacks:  # by the term's own parameter, for want of what it compares with
        kind = "last_year" if computed.facts.complete else "readings"
        words = f"{section.name}断面 {period:%Y-%m}：{words}请导入，或在条款中改定缺数据时的处理。"
    match kind:
        case "figures":
            link, act = to("observation-new"), Act.REVIEW_DATA
        case "term":
            return _of_term(agreement, words)
        case "last_year":
            before = period.replace(year=period.year - 1)
            link, act = to("section", section.code, month=f"{before:%Y-%m}"), Act.SEE_RESULTS
        case _:
            link, act = to("section", section.code, month=f"{period:%Y-%m}"), Act.SEE_RESULTS
    return Missing(kind, section.code, words, link, act, section.pk)


def _of_part(computed: Computed, days: list[date]) -> Missing:
    """A month that is reckoned from too few values: how many there are, and of which days."""
    section, period, facts = computed.part.section, computed.period, computed.facts
    counted = f"，应有 {facts.expected} 条，采用 {facts.valid} 条" if facts.expected else ""
    there = f"；有数据的是{'、'.join(spans(days))}" if days else ""
    words = (
        f"{section.name}断面 {period:%Y-%m} 有效数据不足{counted}{there}。"
        "请补导入其余各日的；确无更多数据的，按现有数据核算，评价注明不完整。"
    )
    link = to("section", section.code, month=f"{period:%Y-%m}")
    return Missing("incomplete", section.code, words, link, Act.SEE_RESULTS, section.pk)


def spans(days: list[date]) -> list[str]:
    """Days in a row as one: 4月1日至5日, 4月9日. Of one month, in order."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return [
        f"{run[0].month}月{run[0].day}日" + (f"至{run[-1].day}日" if len(run) > 1 else "")
        for run in runs
    ]


def _of_ended(agreement: Agreement, section: Section) -> Missing:
    """The agreement still counts a section that is no more."""
    new = getattr(section, "successor", None)
    by = f"、由{new.name}断面接替" if new is not None else ""
    words = f"{section.name}断面已自 {section.ended_on} 停用{by}；请自该日起修订协议。"
    link = to("agreement-amend", agreement.code)
    return Missing("term", section.code, words, link, Act.EDIT_AGREEMENTS, section.pk)


def _of_notice(month: date, drawn: Drawn) -> Iterator[Missing]:
    prepared = Notice.objects.filter(month=month, state=Notice.State.PREPARED).first()
    if prepared is not None:
        words = f"{prepared}已由{prepared.prepared_by}编制，待另一人签发。"
        yield Missing("notice", "", words, to("notice-sign", prepared.pk), Act.PUBLISH)
    elif drawn.accruals:
        words = f"{month_words(month)}通报还没有编制；应于 {due_day(month)} 前发布。"
        link = to("notice-prepare", month=f"{month:%Y-%m}")
        yield Missing("notice", "", words, link, Act.PUBLISH)
