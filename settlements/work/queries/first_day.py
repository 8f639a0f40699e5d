"""第一天: what an installation has and what it still needs, step by step, from what is stored.

Nothing is kept of how far one is: whoever comes back finds each step as it stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db.models import Count, Min, Q

from basins.access import Act
from basins.city import home
from basins.clock import today
from basins.links import Link, to
from basins.models import CalendarDay, Jurisdiction, PersonAct, River, RiverReach, Role
from basins.ranges import months_between
from basins.services.person_acts import LEAST_ADMINISTRATORS, administrators
from basins.words import month_words
from monitoring.models import MonthlyMean, Section, Target
from settlements.models import (
    Agreement,
    AgreementDraft,
    Notice,
    OpeningBatch,
    Term,
    TermSection,
)
from settlements.reckoning.periods import last_month
from settlements.work.queries.missing import missing

TWO = 2
NAMED_AT_MOST = 6


class StepState(StrEnum):
    DONE, BEGUN, OPEN, OPTIONAL = "done", "begun", "open", "optional"

    @property
    def label(self) -> str:
        return {"done": "已完成", "begun": "进行中", "open": "未开始", "optional": "可以以后做"}[
            self
        ]

    @property
    def badge(self) -> str:
        return {"done": "final", "begun": "waiting", "open": "open", "optional": "none"}[self]


@dataclass(frozen=True, slots=True)
class StepLink:
    text: str
    link: Link
    act: Act  # who may do it


@dataclass(frozen=True, slots=True)
class FirstStep:
    """`has`: what is there. `lacks`: what is still to be done, '' where nothing is. `who`: whose it is."""

    code: str
    title: str
    what: str
    state: StepState
    has: str
    lacks: str = ""
    links: tuple[StepLink, ...] = ()
    who: str = "协议管理员"


def first_day() -> list[FirstStep]:
    """The steps in their order: about 25 SQL queries, and those of `missing`."""
    return [
        _administrators(),
        _place(),
        _districts(),
        _rivers(),
        _sections(),
        _people(),
        _calendar(),
        _history(),
        _agreement(),
        _opening(),
        _month(),
    ]


def _kind(code: str) -> tuple[StepLink, ...]:
    return (
        StepLink("导入文件", to("reference-import", code), Act.EDIT_REFERENCE),
        StepLink("一条一条录入", to("reference-new", code), Act.EDIT_REFERENCE),
        StepLink("查看", to("reference-list", code), Act.SEE_RESULTS),
    )


def _state(has: bool, lacks: str) -> StepState:
    return StepState.OPEN if not has else StepState.BEGUN if lacks else StepState.DONE


def _administrators() -> FirstStep:
    there = len(administrators())
    lacks = "" if there >= LEAST_ADMINISTRATORS else "还差一名：账号、日历等须两人办理。"
    return FirstStep(
        "administrators", "两名协议管理员", "一人提出、另一人复核，谁也不能单独改动账号和协议。",
        _state(there > 0, lacks), f"{there} 名", lacks,
        (StepLink("人员", to("people"), Act.SEE_PEOPLE),),
    )  # fmt: skip


def _place() -> FirstStep:
    now = home()
    drawn = Jurisdiction.objects.filter(
        boundary__isnull=False, level=Jurisdiction.Level.DISTRICT
    ).count()
    courses = RiverReach.objects.exclude(course=[]).values("river").distinct().count()
    has = [now.name or "未设定"]
    if drawn or courses:
        has.append(f"地图上有 {drawn} 个区县、{courses} 条河流")
    lacks = "" if now.is_set else "请写明是哪个市；地图文件可以以后再传，没有时按断面的经纬度画出。"
    return FirstStep(
        "place", "本市与地图", "页面上写的是哪个市，文件里没写省份的断面属于哪个省；区县界线和河流走向。",
        _state(now.is_set, lacks), "；".join(has), lacks,
        (StepLink("设定本市", to("start-place"), Act.EDIT_REFERENCE),
         StepLink("地图文件", to("start-map"), Act.EDIT_REFERENCE)),
    )  # fmt: skip


def _districts() -> FirstStep:
    level = Jurisdiction.Level
    counts = dict(
        Jurisdiction.objects.filter(ended_on=None)
        .values_list("level")
        .annotate(count=Count("pk"))
        .values_list("level", "count")
        .order_by("level")
    )
    districts, treasuries = counts.get(level.DISTRICT, 0), counts.get(level.TREASURY, 0)
    lacks = []
    if districts < TWO:
        lacks.append("至少要有上下游两个区县")
    if not treasuries:
        lacks.append("还没有“市级财政”，源头和出境处的补位由它收付")
    has = f"区县 {districts} 个，乡镇 {counts.get(level.TOWNSHIP, 0)} 个，市级财政 {treasuries} 个"
    words = "；".join(lacks) + "。" if lacks else ""
    return FirstStep(
        "districts", "行政区", "市级财政、区县，试点的乡镇（街道）。",
        _state(bool(districts), words), has, words, _kind("districts"),
    )  # fmt: skip


def _rivers() -> FirstStep:
    rivers = River.objects.count()
    bare = River.objects.filter(reaches=None).count()
    lacks = f"{bare} 条没有写流经的行政区。" if bare else "" if rivers else "还没有河流。"
    return FirstStep(
        "rivers", "河流与河段", "每条河自源头往下流经哪些行政区。",
        _state(bool(rivers), lacks), f"{rivers} 条", lacks, _kind("rivers"),
    )  # fmt: skip


def _sections() -> FirstStep:
    """A section without readings and agreement may wait for its target; one between two may not."""
    counted = Section.objects.filter(ended_on=None).aggregate(
        all=Count("pk"),
        borders=Count("pk", filter=Q(upstream__isnull=False, downstream__isnull=False)),
    )
    aimed = Target.objects.filter(in_force__contains=today()).values("section")
    without = (
        Section.objects.filter(ended_on=None, upstream__isnull=False, downstream__isnull=False)
        .exclude(pk__in=aimed)
        .count()
    )
    lacks = []
    if not counted["borders"]:
        lacks.append("还没有写明上下游两方的交界断面")
    if without:
        lacks.append(f"{without} 个交界断面今天没有目标")
    words = "；".join(lacks) + "。" if lacks else ""
    has = f"{counted['all']} 个，其中交界断面 {counted['borders']} 个"
    links = (
        *_kind("sections"),
        StepLink("断面目标", to("reference-list", "targets"), Act.SEE_RESULTS),
    )
    return FirstStep(
        "sections", "断面与目标", "断面在哪条河、多少千米处，上下游是谁，水质目标是几类、依据哪个文件。",
        _state(bool(counted["all"]), words), has, words, links,
    )  # fmt: skip


def _people() -> FirstStep:
    held = Role.objects.filter(in_force__contains=today(), user__is_active=True)
    counts = dict(
        held.values_list("role").annotate(n=Count("user", distinct=True)).order_by("role")
    )
    lacks = [
        f"角色“{role.label}”只有 {counts.get(role, 0)} 人，须两人（{why}）"
        for role, why in (
            (Role.Code.BUREAU, "一人编制通报、另一人签发"),
            (Role.Code.TREASURY, "一人登记付款、另一人复核"),
        )
        if counts.get(role, 0) < TWO
    ]
    if not counts.get(Role.Code.DISTRICT):
        lacks.append("还没有区县的人员，月度无人确认")
    if waiting := PersonAct.objects.filter(state=PersonAct.State.PROPOSED).count():
        lacks.append(f"{waiting} 个账号事项待复核")
    names = [f"{Role.Code(code).label} {n} 人" for code, n in counts.items()]
    words = "；".join(lacks) + "。" if lacks else ""
    return FirstStep(
        "people", "人员", "市局、财政、各区县的经办人，各自的角色。",
        _state(len(counts) > 1, words), "，".join(names) or "0 人", words,
        (StepLink("导入名单", to("reference-import", "people"), Act.EDIT_USERS),
         StepLink("人员", to("people"), Act.SEE_PEOPLE),
         StepLink("待复核", to("person-act-list"), Act.SEE_PEOPLE)),
    )  # fmt: skip


def _calendar() -> FirstStep:
    """This year's; next year's is announced in November, and reckoned by weekends until then."""
    year = today().year
    there = [
        each
        for each in (year, year + 1)
        if CalendarDay.objects.filter(date__year=each, announced=True).exists()
    ]
    lacks = "" if year in there else f"还没有 {year} 年的安排，期限按周末推算。"
    has = "、".join(f"{each} 年" for each in there) or "没有今年的"
    if year in there and year + 1 not in there:
        has += f"；{year + 1} 年的待国务院公布后录入"
    return FirstStep(
        "calendar", "节假日历", "异议、确认等期限按工作日计；国务院公布的放假和调休。",
        _state(bool(there), lacks), has, lacks,
        (StepLink("节假日历", to("calendar"), Act.SEE_RESULTS),
         StepLink("导入文件", to("reference-import", "calendar"), Act.EDIT_REFERENCE)),
    )  # fmt: skip


def _history() -> FirstStep:
    means = MonthlyMean.objects.order_by("month").values_list("month", flat=True)
    first, last = means.first(), means.last()
    if first is None or last is None:
        has, lacks = "还没有数据", "请先导入监测数据；要与去年同期比较的规则，还要有上一年的。"
    else:
        count = MonthlyMean.objects.values("section").distinct().count()
        has, lacks = f"{month_words(first)}至{month_words(last)}，{count} 个断面", ""
    return FirstStep(
        "history", "监测数据", "各断面的监测数据，Excel 或 CSV；已审核过的历史数据可以注明。",
        _state(first is not None, lacks), has, lacks,
        (StepLink("上传数据", to("reading-upload"), Act.UPLOAD_READINGS),
         StepLink("断面", to("section-list"), Act.SEE_RESULTS)),
        who="市生态环境局",
    )  # fmt: skip


def _agreement() -> FirstStep:
    active = Agreement.objects.filter(state=Agreement.State.ACTIVE).count()
    waiting = AgreementDraft.objects.filter(state=AgreementDraft.State.SUBMITTED).count()
    drafts = AgreementDraft.objects.filter(state=AgreementDraft.State.DRAFT).count()
    parts = [f"有效 {active} 份"]
    parts += [f"待启用 {waiting} 份"] if waiting else []
    parts += [f"草稿 {drafts} 份"] if drafts else []
    lacks = "" if active else "录入一份协议，由另一名协议管理员启用。"
    if active and (bare := _borders_without_agreement()):
        parts.append(f"没有协议的交界断面：{bare}")
    return FirstStep(
        "agreement", "第一份协议", "协议方、断面、规则和参数；规则的参数有默认值，注明各自的来源。",
        _state(bool(active or waiting or drafts), lacks), "，".join(parts), lacks,
        (StepLink("录入协议", to("agreement-new"), Act.EDIT_AGREEMENTS),
         StepLink("协议", to("agreement-list"), Act.SEE_AGREEMENTS)),
    )  # fmt: skip


def _opening() -> FirstStep:
    booked = OpeningBatch.objects.filter(state=OpeningBatch.State.APPROVED).count()
    waiting = OpeningBatch.objects.filter(state=OpeningBatch.State.PREPARED).count()
    has = f"已入账 {booked} 批" + (f"，待复核 {waiting} 批" if waiting else "")
    return FirstStep(
        "opening", "期初余额", "以前没有清缴完的余额；没有旧账的不用做。",
        StepState.DONE if booked and not waiting else StepState.OPTIONAL, has, "",
        (StepLink("期初余额", to("ledger-opening-list"), Act.SEE_LEDGER),
         StepLink("模板", to("reference-template", "opening"), Act.SEE_RESULTS)),
        who="市财政局",
    )  # fmt: skip


def _month() -> FirstStep:
    month = last_month()
    published = Notice.objects.filter(state=Notice.State.PUBLISHED).count()
    words = [each.heading for each in missing(month)]
    lacks = ""
    if not published:
        lacks = f"{month_words(month)}还缺：{'、'.join(dict.fromkeys(words))}。" if words else ""
    return FirstStep(
        "month", "第一个月", "月核算算出后，由一人编制月通报、另一人签发。",
        StepState.DONE if published else _state(bool(published), lacks or "待编制"),
        f"已发布 {published} 期{_overdue(month)}", lacks,
        tuple(_month_links(f"{month:%Y-%m}")), who="市生态环境局",
    )  # fmt: skip


def _borders_without_agreement() -> str:
    """Names of the sections between two parties that no agreement in force counts."""
    counted = TermSection.objects.filter(term__agreement__state=Agreement.State.ACTIVE)
    bare = list(
        Section.objects.filter(ended_on=None, upstream__isnull=False, downstream__isnull=False)
        .exclude(pk__in=counted.values("section"))
        .order_by("river__code", "km", "code")
        .values_list("name", flat=True)
    )
    more = f"等 {len(bare)} 个" if len(bare) > NAMED_AT_MOST else ""
    return "、".join(bare[:NAMED_AT_MOST]) + more


def _overdue(last: date) -> str:
    """Months of agreements in force that are over and were never published, besides the last one."""
    published = set(
        Notice.objects.filter(state=Notice.State.PUBLISHED).values_list("month", flat=True)
    )
    first = Term.objects.filter(agreement__state=Agreement.State.ACTIVE).aggregate(
        first=Min("in_force__startswith")
    )["first"]
    if first is None:
        return ""
    late = [m for m in months_between(first, last) if m < last and m not in published]
    if not late:
        return ""
    return (
        f"；协议起日以来还有 {len(late)} 个月没有发布（自{month_words(late[0])}），"
        "补上数据后逐月发布；已在系统外结清的，请把协议的起日改到开始用本系统的月份"
    )


def _month_links(month: str) -> Iterator[StepLink]:
    yield StepLink("还缺什么", to("month-missing", month=month), Act.SEE_DRAFTS)
    yield StepLink("编制月通报", to("notice-prepare", month=month), Act.PUBLISH)
