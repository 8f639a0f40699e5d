"""The rest of the office, told act by act as story.py tells the year: drafts, scenarios, papers,
funds, measures, reminders, readings and figures handed in, the calendar, what people follow.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile

from basins.access import viewer_of
from basins.links import to
from basins.models import CalendarAct, PersonAct
from basins.services import calendar_acts, notifications, person_acts, stars
from basins.services.calendar import Day
from jobs import tasks as job_tasks
from jobs.models import Job
from monitoring.assessment.services import basis
from monitoring.ingest.services import ingest
from monitoring.models import AssessmentBasis
from monitoring.observations.services import observations
from monitoring.screening.services import verdicts
from monitoring.sections.services import water_bodies
from monitoring.standards.basis import Basis
from monitoring.standards.detection import measured
from settlements.agreements.services import activation, amendments, drafts, ending
from settlements.funds.services import funds, measures
from settlements.models import (
    Agreement,
    AgreementDraft,
    AgreementMonth,
    DraftDocument,
    FundProject,
    IssuedPaper,
    IssueRequest,
    LabSample,
    Measure,
    Notice,
    Scenario,
)
from settlements.moving.documents import checked
from settlements.notices.services import reminders
from settlements.objections.services import judging
from settlements.papers.queries.papers import built
from settlements.papers.services import papers, requests
from settlements.samples.services import samples
from settlements.scenarios.services import scenarios
from settlements.scenarios.services.scenarios import ScenarioError
from tests.books import Ledger
from tests.drafting import content
from tests.simulation.act import Act
from tests.simulation.scheme import Scheme
from tests.simulation.year import NOVEMBER

FEB = date(2024, 2, 20)
JANUARY = date(2024, 1, 16)
READINGS = "断面编码,采样时间,pH,氨氮\nBORDER,2023-11-20 10:00,7.9,0.3\n".encode()
FIGURES = "断面或行政区,指标,期间,数值,出处\nBORDER,flow,2023-11,1250万m³,水文年鉴\n".encode()
PDF = b"%PDF-1.7 office"
YEAR = [Day(date(2031, 1, 1), "holiday", "元旦"), Day(date(2031, 1, 4), "workday", "元旦调休")]


def _file(name: str = "文本.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PDF)


def _asked(why: str):
    """An administrator asks that nobody waits for the district's sign-in any more."""
    return lambda s: person_acts.propose(
        kind="unlock", by=s.people.admin, why=why, person=s.people.district
    )


def _chosen() -> int:
    return AssessmentBasis.objects.values_list("pk", flat=True).last() or 0


def _asked_for() -> PersonAct:
    return PersonAct.objects.latest("pk")


# What acts are done on --------------------------------------------------------------------


def _draft() -> AgreementDraft:
    return AgreementDraft.objects.latest("pk")


def _scenario(name: str) -> Scenario:
    """Raises ScenarioError: the page says that it is not there."""
    found = Scenario.objects.filter(name=name).order_by("pk").last()
    if found is None:
        raise ScenarioError("没有这个情景。")
    return found


def _measure() -> Measure:
    return Measure.objects.latest("pk")


def _published() -> Notice:
    return Notice.objects.get(month=NOVEMBER)


def _paper(s: Scheme, subject: str):
    """As of a finished year: months of the story's are not published."""
    paper = built(viewer_of(s.people.bureau), subject)
    assert paper is not None
    return replace(paper, draft="")


# What acts do -----------------------------------------------------------------------------


def _received(s: Scheme) -> None:
    ledger = Ledger.make(s.people)
    ledger.owe("1000", on=FEB)
    ledger.pay("1000", paid_on=FEB, on=FEB)


def _request() -> IssueRequest:
    return IssueRequest.objects.latest("pk")


def _allot(s: Scheme):
    return funds.allot(
        agreement=Agreement.objects.get(code="LEDGER"), name="生态护岸", purpose="monitoring",
        amount="500", on=FEB, document_number="3号", by=s.people.downstream,
    )  # fmt: skip


def _spend(s: Scheme):
    return funds.spend(
        project=FundProject.objects.get(), amount="100", on=FEB, text="工程款", file=_file(),
        by=s.people.downstream,
    )  # fmt: skip


def _correct(s: Scheme):
    return funds.correct(
        project=FundProject.objects.get(), amount="40", on=FEB, why="多报", by=s.people.downstream
    )


def _reduce(s: Scheme):
    return funds.reduce(
        project=FundProject.objects.get(), amount="10", why="多安排", by=s.people.downstream
    )


def _take_measure(s: Scheme):
    return measures.take_measure(
        kind="rectification", jurisdiction=s.border.upstream, reason="超标", on=FEB,
        due_on=date(2024, 6, 1), document_number="整〔2024〕1号", by=s.people.bureau,
    )  # fmt: skip


def _fill(s: Scheme) -> None:
    """All steps but the last."""
    for step, values in list(content(s.border).items())[:-1]:
        drafts.save_step(draft=_draft(), step=step, by=s.people.admin, values=values)


def _calendar_act() -> CalendarAct:
    return CalendarAct.objects.latest("pk")


def _propose_day(s: Scheme):
    return calendar_acts.propose_day(
        on=date(2031, 1, 2), kind="holiday", name="元旦", reason="测试", by=s.people.admin
    )


def _last_step(s: Scheme):
    return drafts.save_step(
        draft=_draft(), step="term", by=s.people.admin, values=content(s.border)["term"]
    )


def _take_out(s: Scheme):
    # Gone already: the page names one that is not there.
    found = DraftDocument.objects.first()
    return drafts.remove_document(
        draft=_draft(), document_id=found.pk if found else 0, by=s.people.admin
    )


def _activate(s: Scheme):
    draft = _draft()
    return activation.activate_draft(draft=draft, version=draft.version, by=s.admins[1])


def _submit(s: Scheme):
    return activation.submit_draft(draft=_draft(), by=s.people.admin)


def _amendment(s: Scheme):
    return amendments.start_amendment(
        agreement=Agreement.objects.get(code="NEWONE"), from_date=date(2025, 1, 1),
        by=s.people.admin, reason="补充",
    )  # fmt: skip


def _ending(s: Scheme):
    return ending.start_ending(
        agreement=Agreement.objects.get(code="NEWONE"), from_date=date(2026, 1, 1),
        by=s.people.admin, reason="期满", source="会议纪要",
    )  # fmt: skip


def _of_scenario(service, which: str, /, **given):
    return lambda s: service(scenario=_scenario(which), by=s.people.bureau, **given)


def _figures(s: Scheme):
    return observations.import_observations(raw=FIGURES, filename="指标.csv", by=s.people.bureau)


def _judge(s: Scheme):
    return verdicts.judge_reading(
        section=s.deals[0].section, key=s.deals[0].key(NOVEMBER), outcome="corrected",
        value=Decimal("0.4"), reason="复核", by=s.people.bureau,
    )  # fmt: skip


def _judge_with_evidence(s: Scheme):
    return judging.judge_with_evidence(
        section=s.deals[0].section, key=s.deals[0].key(NOVEMBER), outcome="corrected",
        value=measured(Decimal("0.5")), reason="复测", by=s.people.bureau, evidence=_file("复测.pdf"),
    )  # fmt: skip


def _reported(ammonia: str) -> samples.LabReport:
    return samples.LabReport(
        "监测中心", "监字〔2023〕11 号", "HJ 535",
        (("NH3-N", measured(Decimal(ammonia))), ("TP", measured(Decimal("0.02")))),
    )  # fmt: skip


def _record_sample(s: Scheme):
    return samples.record_sample(
        section=s.deals[0].section, sampled_at=s.deals[0].key(NOVEMBER).sampled_at,
        report=_reported("0.6"), evidence=checked(_file("报告.pdf")), reason="以报告为准",
        by=s.people.bureau,
    )  # fmt: skip


def _correct_sample(s: Scheme):
    """Its ammonia was wrong; its phosphorus is withdrawn."""
    report = _reported("0.7")
    return samples.correct_sample(
        sample=LabSample.objects.earliest("pk"), report=replace(report, values=report.values[:1]),
        reason="抄录有误", by=s.people.bureau,
    )  # fmt: skip


def _remind(service, **given):
    def do(s: Scheme):
        return service(
            jurisdiction=s.border.downstream, by=s.people.bureau,
            **{name: what() for name, what in given.items()},
        )  # fmt: skip

    return do


def _mail_wanted(s: Scheme) -> None:
    s.people.district.email = "district@example.org"
    s.people.district.save(update_fields=["email"])
    notifications.choose_delivery(user=s.people.district, rhythm="at_once", mail=True)
    notifications.notify(
        users=[s.people.district.pk], key="office", text="有信", link=to("overview")
    )


def _mail(s: Scheme):
    return job_tasks.run(Job.objects.filter(kind=notifications.KIND).latest("pk").pk)


def _follow(service):
    return lambda s: service(user=s.people.district, kind="agreement", code="TEST")


OFFICE: tuple[Act, ...] = (
    # Readings, figures, verdicts
    Act("import_readings", JANUARY,
        lambda s: ingest.import_readings(raw=READINGS, filename="读数.csv", by=s.people.bureau)),
    Act("record_observations", JANUARY, _figures),
    Act("judge_reading", JANUARY, _judge),
    Act("judge_with_evidence", JANUARY, _judge_with_evidence),
    Act("record_sample", JANUARY, _record_sample),
    Act("correct_sample", JANUARY, _correct_sample),
    # Reading and reminding
    Act("remind_to_read", JANUARY, _remind(reminders.remind_to_read, notice=_published)),
    Act("note_receipt", JANUARY,
        lambda s: reminders.note_receipt(notice=_published(), by=s.people.downstream)),
    Act("remind_to_confirm", JANUARY,
        _remind(reminders.remind_to_confirm,
                agreement_month=lambda: AgreementMonth.objects.get(month=NOVEMBER))),
    Act("follow", JANUARY, _follow(stars.follow)),
    Act("looked_at", JANUARY, _follow(stars.looked_at)),
    Act("looked_at_all", JANUARY, lambda s: stars.looked_at_all(user=s.people.district)),
    Act("unfollow", JANUARY, _follow(stars.unfollow)),
    Act("choose_delivery", JANUARY,
        lambda s: notifications.choose_delivery(user=s.people.bureau, rhythm="weekly", mail=True)),
    Act("mark_read", JANUARY, lambda s: notifications.mark_read(user=s.people.downstream)),
    Act("mail_waiting", JANUARY, _mail, _mail_wanted, several=True),
    # What an administrator chooses, and what takes two
    Act("choose_basis", FEB,
        lambda s: basis.choose_basis(
            since=date(2035, 1, 1), basis=Basis(rounding="rounded"), source="市局〔2034〕1号")),
    Act("withdraw_basis", FEB,
        lambda s: basis.withdraw_basis(pk=_chosen())),
    Act("decide_water_body", FEB,
        lambda s: water_bodies.decide_water_body(
            section=s.deals[0].section, water_body="river", on=JANUARY, source="市局〔2024〕2号",
            by=s.people.bureau)),
    Act("person_acts.propose", FEB, _asked("函〔2024〕1号")),
    Act("person_acts.approve", FEB,
        lambda s: person_acts.approve(act=_asked_for(), by=s.admins[1])),
    Act("person_acts.reject", FEB,
        lambda s: person_acts.reject(act=_asked_for(), by=s.admins[1], why="不必"),
        _asked("函〔2024〕2号")),
    # Papers
    Act("paper_of_published", FEB,
        lambda s: papers.paper_of_published(_paper(s, f"notice:2023-11:{_published().pk}"))),
    Act("issue", FEB, lambda s: papers.issue(_paper(s, "agreement:TEST:2023"), s.people.bureau)),
    Act("propose_issue", FEB,
        lambda s: requests.propose_issue(
            paper=_paper(s, "agreement:TEST:2023"), by=s.people.bureau)),
    Act("reject_issue", FEB,
        lambda s: requests.reject_issue(request=_request(), why="重编", by=s.people.bureau2)),
    Act("approve_issue", FEB,
        lambda s: requests.approve_issue(
            request=_request(), paper=_paper(s, "agreement:TEST:2023"), by=s.people.bureau2),
        lambda s: requests.propose_issue(
            paper=_paper(s, "agreement:TEST:2023"), by=s.people.bureau)),
    Act("propose_issue_of_year", FEB,
        lambda s: requests.propose_issue_of_year(
            year=2023, subjects=["agreement:TEST:2023"], by=s.people.bureau)),
    Act("approve_issue_of_year", FEB,
        lambda s: requests.approve_issue_of_year(
            request=_request(), subjects=["agreement:TEST:2023"], by=s.people.bureau2)),
    Act("record_file", FEB,
        lambda s: papers.record_file(
            paper=IssuedPaper.objects.latest("pk"), format="pdf", content=PDF)),
    # Funds and measures
    Act("allot", FEB, _allot, _received),
    Act("spend", FEB, _spend),
    Act("funds.correct", FEB, _correct),
    Act("funds.reduce", FEB, _reduce),
    Act("take_measure", FEB, _take_measure),
    Act("report_rectification", FEB,
        lambda s: measures.report_rectification(
            measure=_measure(), report="已整改", by=s.people.district)),
    Act("lift_measure", FEB,
        lambda s: measures.lift_measure(measure=_measure(), on=FEB, why="合格", by=s.people.bureau)),
    # An agreement, from its draft to its end
    Act("start_draft", FEB, lambda s: drafts.start_draft(by=s.people.admin), anew=True),
    Act("save_step", FEB, _last_step, _fill),
    Act("add_document", FEB,
        lambda s: drafts.add_document(draft=_draft(), file=_file(), by=s.people.admin)),
    Act("remove_document", FEB, _take_out),
    Act("submit_draft", FEB, _submit),
    Act("return_draft", FEB, lambda s: drafts.return_draft(draft=_draft(), by=s.admins[1])),
    Act("activate_draft", FEB, _activate, _submit),
    Act("start_amendment", FEB, _amendment, anew=True),
    Act("discard_draft", FEB, lambda s: drafts.discard_draft(draft=_draft(), by=s.people.admin)),
    Act("start_ending", FEB, _ending, anew=True),
    # Scenarios
    Act("copy_agreement", FEB,
        lambda s: scenarios.copy_agreement(
            agreement=s.deals[0].agreement, name="甲", by=s.people.bureau), anew=True),
    Act("copy_scenario", FEB, _of_scenario(scenarios.copy_scenario, "甲", name="乙"), anew=True),
    Act("change_term", FEB,
        _of_scenario(scenarios.change_term, "乙", number=1, changes={"until": "2024-06-01"}, name="乙")),
    Act("add_term", FEB, _of_scenario(scenarios.add_term, "乙", like=1, since=date(2024, 1, 1))),
    Act("remove_term", FEB, _of_scenario(scenarios.remove_term, "乙", number=2)),
    Act("delete_scenario", FEB, _of_scenario(scenarios.delete_scenario, "乙")),
    # The calendar
    Act("propose_year", FEB,
        lambda s: calendar_acts.propose_year(
            year=2031, days=YEAR, source="测试", by=s.people.admin)),
    Act("approve_calendar", FEB,
        lambda s: calendar_acts.approve_calendar(act=_calendar_act(), by=s.admins[1])),
    Act("propose_day", FEB, _propose_day),
    Act("reject_calendar", FEB,
        lambda s: calendar_acts.reject_calendar(act=_calendar_act(), by=s.admins[1], why="无据")),
    Act("propose_day", FEB, _propose_day),
    Act("approve_calendar", FEB,
        lambda s: calendar_acts.approve_calendar(act=_calendar_act(), by=s.admins[1])),
)  # fmt: skip
