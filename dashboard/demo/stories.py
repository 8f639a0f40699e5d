"""The demonstration's later stories: a correction after a year was closed, one still waiting, what
梁平区 does with the money it received, and measures against it.

Each act goes through its service, by the person whose it is. The corrections are of agreements
without published figures, so that those stay as their sources have them.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from django.core.files.base import ContentFile

from basins.clock import today
from basins.models import Jurisdiction, User
from basins.seeding import recorded_at
from dashboard.demo.blank_page import BLANK_PAGE
from dashboard.demo.disputes import DISTRICT
from settlements.accruals.services.rulings import rule_month
from settlements.funds.services.funds import allot, received, spend
from settlements.funds.services.measures import lift_measure, report_rectification, take_measure
from settlements.models import Accrual, Adjustment, Agreement, AgreementMonth, MonthRuling
from settlements.pipeline import recompute
from settlements.rules.facts import MonthState
from settlements.years.services.adjustments import approve_adjustment, review_adjustment

PUBLIC = ("LONGXI", "LONGTAN")  # their amounts are those of public sources
FEN = Decimal("0.01")
# How long ago each drought was found.
DECIDED, WAITING, DAY = timedelta(days=9), timedelta(days=5), timedelta(days=1)
PROJECTS = (
    ("龙溪河沿岸污水管网完善（演示）", "pollution_control", Decimal("0.5"), Decimal("0.6")),
    ("河岸缓冲带与湿地修复（演示）", "ecological_protection", Decimal("0.3"), Decimal("0.25")),
)

People = Mapping[str, User]


def tell_stories(people: People) -> None:
    """All of them; each only where what it is about is there."""
    for state in (Accrual.State.SETTLED, Accrual.State.PUBLISHED):
        found = _paid(state)
        if found is not None:
            approved = state == Accrual.State.SETTLED
            _correct(found, today() - (DECIDED if approved else WAITING), people, approved=approved)
    _use_money(people)
    _take_measures(people)


def _paid(state: str) -> Accrual | None:
    """The newest month in that state that pays and nobody has doubted or ruled on."""
    final = AgreementMonth.objects.filter(state=AgreementMonth.State.FINAL)
    candidates = (
        Accrual.objects.filter(
            state=state, yearly=False, transfers__isnull=False, adjustments__isnull=True
        )
        .exclude(term__agreement__code__in=PUBLIC)
        .select_related("term__agreement", "term_section__section")
        .defer("steps", "inputs")
        .order_by("-period", "term__agreement__code", "pk")
    )
    for accrual in candidates[:50]:
        agreement, month = accrual.term.agreement, accrual.period
        ruled = MonthRuling.objects.filter(
            section=accrual.term_section.section_id, month=month, revoked_at__isnull=True
        )
        done = final.filter(agreement=agreement, month=month)
        if done.exists() and not ruled.exists():
            return accrual
    return None


def _correct(accrual: Accrual, day: date, people: People, *, approved: bool) -> None:
    """The month is excluded for a drought found late: an adjustment, approved or waiting."""
    with recorded_at(day):
        rule_month(
            section=accrual.term_section.section,
            month=accrual.period,
            agreement=accrual.term.agreement,
            state=MonthState.EXCLUDED,
            ground=MonthRuling.Ground.DROUGHT,
            reason="水文资料整编后认定当月为特枯来水，按协议剔除（演示）。",
            by=people["bureau"],
            evidence=ContentFile(
                BLANK_PAGE + f"% {accrual.pk}\n".encode(), name="水文整编说明（演示）.pdf"
            ),
        )
        recompute()
    for found in Adjustment.objects.filter(
        accrual__term__agreement=accrual.term.agreement,
        accrual__term_section__section=accrual.term_section.section,
        accrual__period=accrual.period,
        state=Adjustment.State.PROPOSED,
    ).order_by("pk"):
        if approved:
            with recorded_at(day + DAY):
                review_adjustment(
                    adjustment=found, by=people["bureau"], reason="与水文整编资料一致（演示）。"
                )
            with recorded_at(day + 2 * DAY):
                approve_adjustment(
                    adjustment=found, by=people["bureau2"], unheard="各方来函均无意见（演示）。"
                )


def _use_money(people: People) -> None:
    """Two projects of the district from the agreement it received most under."""
    place = Jurisdiction.objects.filter(code=DISTRICT).first()
    if place is None:
        return
    got = [(received(place, a), a) for a in Agreement.objects.filter(parties__jurisdiction=place)]
    most, agreement = max(got, key=lambda each: (each[0], each[1].code), default=(Decimal(0), None))
    if not most or agreement is None:
        return
    day = today() - timedelta(days=60)
    for number, (name, purpose, part, gone) in enumerate(PROJECTS, 1):
        with recorded_at(day):
            project = allot(
                agreement=agreement,
                name=name,
                purpose=purpose,
                amount=(most * part).quantize(FEN),
                on=day,
                document_number=f"梁财环〔{day.year}〕{number}号（演示）",
                by=people["district"],
            )
        with recorded_at(day + timedelta(days=30)):
            spend(
                project=project,
                amount=(project.allotted * gone).quantize(FEN),
                on=day + timedelta(days=30),
                text="工程进度款（演示）",
                file=ContentFile(
                    BLANK_PAGE + f"% spent {number}\n".encode(), name="付款回单（演示）.pdf"
                ),
                by=people["district"],
            )


def _take_measures(people: People) -> None:
    """One lifted after its report, one with its day still to come."""
    place = Jurisdiction.objects.filter(code=DISTRICT).first()
    if place is None:
        return
    begun = today() - timedelta(days=150)
    with recorded_at(begun):
        summons = _measure("summons", place, begun, begun + timedelta(days=30), people)
    with recorded_at(begun + timedelta(days=25)):
        report_rectification(
            measure=summons,
            report="已完成沿岸 6 处排口整治，氨氮连续两周达标（演示）。",
            by=people["district"],
        )
    with recorded_at(begun + timedelta(days=40)):
        lift_measure(
            measure=summons,
            on=begun + timedelta(days=40),
            why="复查达标，整改完成（演示）。",
            by=people["bureau"],
        )
    day = today() - timedelta(days=12)
    with recorded_at(day):
        _measure("rectification", place, day, today() + timedelta(days=18), people)


def _measure(kind: str, place: Jurisdiction, on: date, due_on: date, people: People):
    return take_measure(
        kind=kind,
        jurisdiction=place,
        reason="出境断面氨氮超过功能类别，上月平均浓度较上年升高（演示）。",
        on=on,
        due_on=due_on,
        document_number=f"渝环督〔{on.year}〕{on.month}号（演示）",
        by=people["bureau"],
    )
