"""The demonstration's objections, all by 梁平区: in the last published months one rejected, one
accepted (with its adjustment approved), and one still open.

Each act goes through its service, by the person whose it is, on a clock at its day.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from django.core.files.base import ContentFile
from django.db.models import Max
from django.utils import timezone

from basins.clock import today
from basins.models import Jurisdiction, User
from basins.seeding import on, recorded_at
from dashboard.demo.blank_page import BLANK_PAGE
from monitoring.assessment.services.assessment import month_bounds
from monitoring.models import Reading
from monitoring.screening.services.verdicts import ReadingKey
from settlements.models import Accrual, Adjustment, AgreementMonth, MonthRuling, Objection
from settlements.objections.services.decisions import Treatment, accept_objection, reject_objection
from settlements.objections.services.objections import (
    absent_parties,
    add_evidence,
    raise_objection,
    reply,
)
from settlements.pipeline import recompute
from settlements.rules.facts import MonthState
from settlements.years.services.adjustments import approve_adjustment, review_adjustment

DISTRICT = "500155"
DAY = timedelta(days=1)
LOOK_BACK = 12  # months, for one the district has a payment in
People = Mapping[str, User]


class Disputes:
    """What happens about a month within its objection period.

    One objection is accepted: about the newest of the months, whichever that is when this is
    built, in which the district pays or is paid; it has an adjustment to make. One is rejected:
    about the newest of the others.
    """

    def __init__(self, months: Sequence[date], people: People):
        """`months`: those to be published but the last, in order; they are computed."""
        recent = months[-LOOK_BACK:]
        self.people = people
        self.accepted = max((p for p in recent if _pays(p)), default=None)
        self.rejected = max((p for p in recent if p != self.accepted), default=None)

    def __call__(self, month: date, published_on: date) -> Objection | None:
        """None where nothing does."""
        if month not in (self.accepted, self.rejected):
            return None
        accrual = _accrual(month, paid=month == self.accepted)
        if accrual is None:
            return None
        act = _accepted if month == self.accepted else _rejected
        return act(_published(accrual, month), accrual, published_on, self.people)


def dispute_last(people: People) -> Objection | None:
    """Of the month published last one objection is open."""
    last = AgreementMonth.objects.aggregate(last=Max("month"))["last"]
    accrual = _accrual(last, paid=False) if last is not None else None
    if accrual is None:
        return None
    month = _published(accrual, last)
    published_at = month.notice.published_at
    assert published_at is not None
    day = min(timezone.localdate(published_at) + DAY, today())
    return _doubted(month, accrual, day, people)


def _published(accrual: Accrual, month: date) -> AgreementMonth:
    return AgreementMonth.objects.select_related("agreement", "notice").get(
        agreement=accrual.term.agreement_id, month=month
    )


def _accepted(month: AgreementMonth, accrual: Accrual, day: date, people: People) -> Objection:
    """申请剔除 of who pays, for a flood: excluded, the adjustment approved by two persons."""
    bureau, payer = people["bureau"], accrual.transfers.all()[0].payer
    entered = {} if payer.code == DISTRICT else _letter(payer, day)
    with recorded_at(day + DAY):
        objection = raise_objection(
            month=month,
            by=bureau if entered else people["district"],
            kind="exclusion",
            section=accrual.term_section.section,
            ground="disaster",
            reason="当月中下旬出现超警洪水，断面受回水顶托，自动站多日水样不具代表性，"
            "申请按自然灾害剔除本月（演示）。",
            files=[("official", _pdf("水文站洪水证明（演示）.pdf", b"flood"))],
            **entered,
        )
    _answer(objection, day + 2 * DAY, people, "洪水属实，请市局核定影响日期。")
    with recorded_at(day + 3 * DAY):
        accept_objection(
            objection=objection, by=bureau,
            reason="水文部门证明当月洪水超警，断面受顶托，同意剔除。",
            treatment=[
                Treatment("exclude", state=MonthState.EXCLUDED.value, ground="disaster")
            ],
        )  # fmt: skip
        recompute()
    found = Adjustment.objects.filter(cause__endswith=f"（第 {objection.pk} 号）")
    for adjustment in found.order_by("pk"):
        with recorded_at(on(day + 4 * DAY, 10)):
            review_adjustment(adjustment=adjustment, by=bureau, reason="与裁决一致，请批准。")
        with recorded_at(on(day + 4 * DAY, 15)):
            approve_adjustment(
                adjustment=adjustment, by=people["bureau2"], unheard="各方已在异议中陈述（演示）。"
            )
    return objection


def _rejected(month: AgreementMonth, accrual: Accrual, day: date, people: People) -> Objection:
    """数据有误, answered by the other party's letter, and not found so."""
    objection = _doubted(month, accrual, day + DAY, people)
    _answer(objection, day + 2 * DAY, people, "数据与下游监测一致，不同意。")
    with recorded_at(day + 3 * DAY):
        add_evidence(
            objection=objection,
            by=people["bureau"],
            item="quality",
            file=_pdf("自动站质控记录（演示）.pdf", b"quality"),
        )
        reject_objection(
            objection=objection,
            by=people["bureau"],
            reason="当月校准与质控样均合格，下游断面同步升高，数据有效。",
        )
    return objection


def _doubted(month: AgreementMonth, accrual: Accrual, day: date, people: People) -> Objection:
    """数据有误: the highest values of one indicator are doubted."""
    with recorded_at(day):
        return raise_objection(
            month=month,
            by=people["district"],
            kind="data_error",
            section=accrual.term_section.section,
            readings=_highest(accrual, month.month),
            reason="这几次氨氮明显高于本区同期巡测结果，请核对仪器校准与质控记录（演示）。",
            files=[("original", _pdf("区级巡测报告（演示）.pdf", f"{month.month}".encode()))],
        )


def _answer(objection: Objection, day: date, people: People, text: str) -> None:
    """The other party's words; its letter, where it has no person here, entered by the bureau."""
    with recorded_at(day):
        if objection.jurisdiction.code != DISTRICT:
            reply(objection=objection, by=people["district"], text=text)
            return
        for party in absent_parties(objection.month)[:1]:
            reply(objection=objection, by=people["bureau"], text=text, **_letter(party, day))


def _letter(party: Jurisdiction, day: date) -> dict:
    """What the bureau enters for a party without a person of its own."""
    return {
        "party": party,
        "document": f"{party.short_name}环函〔{day.year}〕{day.month}号（演示）",
    }


def _pays(month: date) -> bool:
    return any(_of_the_district(month, paid=True))


def _accrual(month: date, *, paid: bool) -> Accrual | None:
    """The first such accrual that is published."""
    found = _of_the_district(month, paid=paid)
    return next((a for a in found if a.state == Accrual.State.PUBLISHED), None)


def _of_the_district(month: date, *, paid: bool) -> Iterator[Accrual]:
    """The month's accruals with the district upstream (and a payment) and no ruling."""
    accruals = (
        Accrual.objects.filter(period=month, yearly=False, term_section__upstream__code=DISTRICT)
        .select_related("term", "term_section__section", "term_section__upstream")
        .defer("steps", "inputs", "term_section__upstream__boundary")
        .prefetch_related("transfers")
        .order_by("term__agreement__code", "pk")
    )
    for accrual in accruals:
        part = accrual.term_section
        ruled = MonthRuling.objects.filter(
            section=part.section_id, month=month, revoked_at__isnull=True
        )
        pays = accrual.transfers.filter(payer__in=[part.upstream_id, part.downstream_id])
        if (not paid or pays.exists()) and not ruled.exists():
            yield accrual


def _highest(accrual: Accrual, month: date) -> list[ReadingKey]:
    first, end = month_bounds(month)
    rows = Reading.objects.filter(
        section=accrual.term_section.section_id,
        indicator__code="NH3-N",
        sampled_at__gte=first,
        sampled_at__lt=end,
        flag__in=Reading.VALID_FLAGS,
    ).order_by("-value", "sampled_at")
    return [ReadingKey("NH3-N", r.sampled_at, r.origin) for r in rows[:3]]


def _pdf(name: str, words: bytes) -> ContentFile:
    """A comment after the end makes each file's content its own."""
    return ContentFile(BLANK_PAGE + b"% " + words + b"\n", name=name)
