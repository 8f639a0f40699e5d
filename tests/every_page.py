"""One of everything that has a page, and the address of each: for walks over all of them."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from hashlib import sha256

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.template import Origin as Source
from django.template.loaders.base import Loader
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from basins import clock
from basins.access import viewer_of
from basins.models import AccessEvent, AuditRecord, Jurisdiction, Notification, SignInSession
from basins.ranges import between
from basins.services.calendar_acts import propose_day
from basins.services.person_acts import propose
from dashboard.papers import export
from jobs.models import Job
from monitoring.export import export_job
from monitoring.ingest.services import uploads
from monitoring.ingest.services.import_job import TRIAL, result_of
from monitoring.ingest.services.ingest import ImportReport
from monitoring.ingest.services.tokens import add_token
from monitoring.models import (
    AssessmentBasis,
    DeadLetter,
    ImportBatch,
    Indicator,
    Origin,
    ReadingUpload,
)
from monitoring.observations.services.observation_file import Typed
from monitoring.observations.services.observations import record_observations, understand
from monitoring.screening.services.verdicts import ReadingKey
from monitoring.standards.detection import measured
from settlements.accruals.services.rulings import rule_month
from settlements.funds.services.funds import allot, spend
from settlements.funds.services.measures import take_measure
from settlements.ledger.balances import standing
from settlements.ledger.services.ledger import account_of
from settlements.ledger.services.opening import OpeningFile, OpeningRow, prepare_opening
from settlements.ledger.services.reconciliation import propose_correction, state_balance
from settlements.ledger.services.reversals import propose_reversal
from settlements.ledger.services.slips import attach_slips
from settlements.models import (
    Accrual,
    Adjustment,
    AgreementDraft,
    AgreementMonth,
    AmountRefusal,
    BalanceStatement,
    Carryover,
    CarryoverLine,
    Demand,
    DraftDocument,
    FuseTrip,
    JournalEntry,
    LedgerAccount,
    OffsetConsent,
    Payment,
    Settlement,
    SettlementSignature,
)
from settlements.money import yuan
from settlements.moving.acts import moving
from settlements.moving.documents import checked
from settlements.objections.services.joint_samples import record_joint_sample
from settlements.objections.services.judging import judge_with_evidence
from settlements.objections.services.objections import raise_objection
from settlements.papers.queries.papers import built
from settlements.papers.services.papers import issue
from settlements.papers.services.requests import propose_issue_of_year
from settlements.samples.services.samples import LabReport, record_sample
from settlements.scenarios.services.runs import KIND as RUN
from settlements.scenarios.services.scenarios import copy_agreement
from tests.money_world import MAIN, TODAY, Money
from tests.published import published
from tests.stations import MN, arrive, registered, segment
from tests.worlds import month

PDF = b"%PDF-1.7\n"


def routes(found: list | None = None, before: str = "") -> dict[str, str]:
    """Every address of the pages and the interface as it is declared, and its name; the admin's
    own aside."""
    answer = {}
    for each in get_resolver().url_patterns if found is None else found:
        route = before + str(each.pattern)
        if isinstance(each, URLPattern):
            answer[route] = each.name
        elif each.app_name != "admin":
            answer |= routes(each.url_patterns, route)
    return answer


class Blank(Loader):
    """Every template as an empty one: for walks that ask what opens, not what it says."""

    def get_contents(self, origin: Source) -> str:
        return ""

    def get_template_sources(self, template_name: str):
        yield Source(template_name, template_name, self)


@dataclass(frozen=True)
class Everything:
    """The world of money with one of everything in it that a page shows."""

    money: Money
    arguments: dict[str, tuple]  # of the addresses that take some, by name

    @classmethod
    def make(cls) -> "Everything":
        money = Money.make()
        with clock.moved_to(clock_of(2024, 9, 10)):
            return cls(money, _arguments(money))

    def address(self, route: str) -> str:
        """The address of a declared route, with what there is in this world."""
        given = iter(self.arguments.get(routes()[route], ()))
        return "/" + re.sub("<[^>]+>", lambda _: str(next(given)), route)


def clock_of(*day: int) -> datetime:
    return datetime.combine(date(*day), time(10), timezone.get_default_timezone())


def _arguments(money: Money) -> dict[str, tuple]:
    border, people = money.border, money.people
    notice = published(people, "2024-07")
    of_month = AgreementMonth.objects.get(agreement=money.main, month=month("2024-07"))
    at = clock_of(2024, 7, 15)
    objection = raise_objection(
        month=of_month, by=people.district, section=border.section, kind="data_error",
        reason="氨氮分析有误。", readings=[ReadingKey("NH3-N", at, Origin.MANUAL.value)],
        files=[("original", SimpleUploadedFile("原始记录.pdf", PDF))],
    )  # fmt: skip
    sample = record_joint_sample(
        section=border.section, indicator=Indicator.objects.get(code="NH3-N"),
        sampled_at=at, by=people.bureau, agreed_error=yuan("20"), upstream=yuan("0.5"),
        downstream=yuan("1"),
    )  # fmt: skip
    of_laboratory = record_sample(
        section=border.section, sampled_at=clock_of(2024, 8, 20), by=people.bureau,
        report=LabReport("监测中心", "1 号", "HJ 535", (("NH3-N", measured(yuan("0.5"))),)),
        evidence=checked(SimpleUploadedFile("监测报告.pdf", PDF)),
    )  # fmt: skip
    ruling = rule_month(
        section=border.section, month=month("2024-08"), state="excluded", ground="disaster",
        reason="山洪", by=people.bureau, evidence=SimpleUploadedFile("证据.pdf", PDF),
    )  # fmt: skip
    judged = judge_with_evidence(
        section=border.section, key=ReadingKey("NH3-N", at, Origin.MANUAL.value),
        outcome="accepted", reason="原始记录属实", by=people.bureau,
        evidence=SimpleUploadedFile("原始记录.pdf", PDF),
    )  # fmt: skip
    rows, _ = understand([Typed(1, "BORDER", "水量", "2024-05", "12万m³", "月报")])
    record_observations(rows=rows, by=people.bureau)
    observation = border.section.observations.get()
    draft = AgreementDraft.objects.create(
        title="草稿", state=AgreementDraft.State.ACTIVATED, agreement=money.main,
        term=money.main.terms.get(), prepared_by=people.admin, activated_by=people.bureau,
        activated_at=clock.now(),
    )  # fmt: skip
    document = DraftDocument.objects.create(
        draft=draft, file=ContentFile(PDF, name="a.pdf"), name="协议.pdf",
        kind="application/pdf", size=len(PDF), sha256=sha256(PDF).hexdigest(), added_by=people.admin,
    )  # fmt: skip
    paper = issue(built(viewer_of(people.bureau), f"agreement:{MAIN}:2023"), people.bureau)
    asked = propose_issue_of_year(year=2023, subjects=["x"], by=people.bureau)
    scenario = copy_agreement(agreement=money.main, name="情景", by=people.bureau)
    run = Job.objects.create(
        kind=RUN, key="x", by=people.bureau, state=Job.State.DONE,
        parameters={"user": people.bureau.pk}, result={"lines": [], "seconds": 1},
    )  # fmt: skip
    exported = Job.objects.create(
        kind=export.KIND, key="y", by=people.bureau, state=Job.State.DONE,
        parameters={"year": 2023}, result={"papers": 3, "bytes": 2},
    )  # fmt: skip
    export.folder().mkdir(exist_ok=True)
    (export.folder() / f"{exported.pk}.zip").write_bytes(b"PK")
    sent = Job.objects.create(
        kind=export_job.KIND, key="z", by=people.bureau, state=Job.State.DONE,
        parameters={
            "user": people.bureau.pk, "layout": "national", "scope": "",
            "first": "2024-07", "last": "2024-08",
        },
        result={
            "samples": 3, "readings": 9, "means": 1, "rest": 1, "bytes": 2,
            "sheets": [{"name": "2024年7月", "rows": 2}],
            "sha256": sha256(b"PK").hexdigest(),
        },
    )  # fmt: skip
    (export.folder() / f"readings-{sent.pk}.xlsx").write_bytes(b"PK")
    token, _ = add_token(name="实验室", sections=["BORDER"], days=None, by=people.bureau)
    imported = ImportBatch.objects.create(
        filename="读数.csv", sha256="0" * 64, layout="wide", by=people.bureau,
    )  # fmt: skip
    tried = Job.objects.create(
        kind=TRIAL, key="z", by=people.bureau, state=Job.State.DONE,
        result=result_of(ImportReport(layout="wide"))
        | {"months": [], "amounts": [], "changed_months": 0, "changed_classes": 0, "changed_amounts": 0},
    )  # fmt: skip
    upload = ReadingUpload.objects.create(
        filename="读数.csv", sha256="0" * 64, size=9, stored="readings/x.csv", by=people.bureau,
        trial=tried,
    )  # fmt: skip
    registered(border.section)
    arrive(segment("w21003-Avg=0.42;w99999-Avg=1"))
    uploads.folder().mkdir(exist_ok=True)
    uploads.errors_stem(upload).with_suffix(".csv").write_bytes(b"x")
    project = allot(
        agreement=money.main, name="湿地", purpose="ecological_protection", amount="10",
        on=date(2024, 5, 1), by=people.district,
    )  # fmt: skip
    spending = spend(
        project=project, amount="1", on=date(2024, 6, 1), text="苗木",
        file=SimpleUploadedFile("发票.pdf", PDF), by=people.district,
    )  # fmt: skip
    measure = take_measure(
        kind="rectification", jurisdiction=border.upstream, reason="连续超标",
        on=date(2024, 5, 1), due_on=date(2024, 12, 31), document_number="渝环〔2024〕7号",
        by=people.bureau,
    )  # fmt: skip
    trip = FuseTrip.objects.create(
        agreement=money.main, reasons=["一次改变过多。"], changes=[], digest="0" * 64,
        tripped_at=clock.now(),
    )  # fmt: skip
    payment = Payment.objects.get(voucher="CZ-1")
    [slip] = attach_slips(
        payment=payment, files=[SimpleUploadedFile("回单.pdf", PDF)], by=people.treasury
    )
    consent = OffsetConsent.objects.create(
        payment=payment, jurisdiction=border.upstream, document="函3", by=people.bureau,
        at=clock.now(),
    )  # fmt: skip
    reversal = propose_reversal(entry=payment.entry, why="重复", by=people.treasury)
    rows_of_file = (
        OpeningRow(border.upstream, money.side, -yuan("1"), ""),
        OpeningRow(money.town, money.side, yuan("1"), ""),
    )
    batch = prepare_opening(
        file=OpeningFile("期初.csv", "1" * 64, rows_of_file), on=date(2024, 9, 1),
        by=people.treasury,
    )  # fmt: skip
    in_books = account_of(border.downstream, money.main, opened_on=date(2024, 1, 1))
    for place in (border.upstream, border.downstream):
        differing = state_balance(
            account=account_of(place, money.main, opened_on=date(2024, 1, 1)),
            as_of=TODAY, amount="1.00", note="在途", by=people.treasury,
        )  # fmt: skip
    correction = propose_correction(
        statement=BalanceStatement.objects.earliest("pk"), against=in_books, why="双方核实",
        by=people.treasury,
    )  # fmt: skip
    upstream = Jurisdiction.objects.filter(pk=border.upstream.pk)
    upstream.update(ended_on=date(2024, 9, 1))
    carried = Carryover.objects.create(
        ended=border.upstream, successor=border.stranger, on=date(2024, 9, 1), document="渝府〔2024〕1号",
        prepared_by=people.treasury, prepared_at=clock.now(),
    )  # fmt: skip
    upstream.update(ended_on=None)
    to_go = account_of(border.upstream, money.main, opened_on=date(2024, 1, 1))
    CarryoverLine.objects.create(carryover=carried, account=to_go, yuan=standing(to_go))
    merged = Jurisdiction.objects.create(
        code="500999", name="撤并县", short_name="撤并", level="district", sort_key="che",
        ended_on=date(2024, 9, 1), ended_why="渝府〔2024〕1号",
    )  # fmt: skip
    empty = account_of(border.upstream, None, opened_on=date(2024, 1, 1))
    told = Notification.objects.create(
        user=people.district, key="x", text="有新通报", link="/notices/", created_at=clock.now()
    )
    event = AccessEvent.objects.create(
        kind=AccessEvent.Kind.EXPORT, user=people.bureau, at=clock.now()
    )
    assert event.pk
    act, _ = propose(kind="unlock", by=people.admin, why="函〔2024〕9号", person=people.bureau)
    session = SignInSession.objects.create(
        session_key="0" * 64, user=people.bureau, expire_date=clock_of(2099, 1, 1),
        started_at=clock.now(), last_seen_at=clock.now(),
    )  # fmt: skip
    basis = AssessmentBasis.objects.create(
        rounding="rounded", ph="arithmetic", first="automatic", source="渝环〔2024〕8号",
        in_force=between(date(2099, 1, 1)),
    )  # fmt: skip
    holiday = propose_day(
        on=date(2099, 1, 5), kind="holiday", name="防汛", reason="防汛停工", by=people.admin
    )
    account = LedgerAccount.objects.get(jurisdiction=border.upstream, agreement=money.main)
    entry = JournalEntry.objects.get(settlement__agreement=money.main, cause="settlement")
    demand = Demand.objects.get(settlement__agreement=money.main, adjustment=None)
    with transaction.atomic(), moving("raise", by=people.downstream):
        refusal = AmountRefusal.objects.create(
            settlement=Settlement.objects.get(agreement=money.main, year=2024),
            jurisdiction=border.downstream, yuan=-1, digest="0" * 64, reason="采样有误。",
            raised_by=people.downstream, raised_at=clock.now(), until=date(2024, 9, 20),
        )  # fmt: skip
    signature = SettlementSignature.objects.filter(settlement__agreement=money.main).first()
    adjustment = Adjustment.objects.get(accrual__period="2024-02-01")
    accrual = Accrual.objects.get(term__agreement=money.main, period="2024-08-01")
    of_main = (MAIN, 2024, 7)
    with_pk = {
        "notice notice-sign notice-remind": notice,
        "objection objection-evidence objection-reply objection-withdraw objection-decide"
        " objection-remeasurement": objection,
        "joint-sample-reserve": sample,
        "sample sample-correct sample-report": of_laboratory,
        "ruling ruling-evidence": ruling,
        "verdict-evidence": judged.evidence,
        "observation": observation,
        "reading-upload-page reading-upload-columns reading-upload-import reading-upload-cancel"
        " reading-upload-errors": upload,
        "batch batch-undo": imported,
        "token-change token-revoke": token,
        "letter": DeadLetter.objects.get(),
        "draft-check": draft,
        "scenario-run scenario-run-cancel": run,
        "paper-export paper-export-cancel paper-export-file": exported,
        "reading-export reading-export-cancel reading-export-file": sent,
        "paper paper-style": paper,
        "fund-project fund-spend fund-correct fund-reduce": project,
        "fund-document": spending,
        "measure measure-report measure-lift": measure,
        "issue-request": asked,
        "fuse-trip": trip,
        "adjustment": adjustment,
        "ledger-demand": demand,
        "refusal": refusal,
        "ledger-payment ledger-payment-attach": payment,
        "ledger-reversal": reversal,
        "ledger-opening": batch,
        "ledger-correct": differing,
        "ledger-correction": correction,
        "ledger-carryover": carried,
        "ledger-account-close": empty,
        "ledger-account ledger-reconcile": account,
        "ledger-entry ledger-reverse": entry,
        "notification": told,
        "account-session-end": session,
        "person": people.bureau,
        "person-act": act,
        "calendar-act": holiday,
        "explain accrual-explanation": accrual,
    }
    found: dict[str, tuple] = {
        name: (each.pk,) for names, each in with_pk.items() for name in names.split()
    }
    found |= dict.fromkeys(
        ("scenario", "scenario-copy", "scenario-delete", "scenario-export", "scenario-export-xlsx",
         "scenario-term-add", "scenario-term-remove"), (scenario.token,)
    )  # fmt: skip
    found |= dict.fromkeys(
        ("settlement-month", "month-confirm", "month-remind", "month-explanation"), of_main
    )
    found |= dict.fromkeys(
        ("settlement", "settlement-sign", "settlement-confirm", "settlement-prepare",
         "settlement-return", "settlement-close", "settlement-refuse", "settlement-remind",
         "settlement-decide-silent"), (MAIN, 2024)
    )  # fmt: skip
    found |= {
        "reading-template": ("wide", "xlsx"),
        "basin": ("TESTHE",),
        "station": (MN,),
        "station-factor": (MN,),
        "station-replay": (MN,),
        "section-stations": ("BORDER",),
        "basis-withdraw": (basis.pk,),
        "section": ("BORDER",),
        "water-body": ("BORDER",),
        **dict.fromkeys(
            (
                "reference-list",
                "reference-new",
                "reference-import",
                "reference-errors",
                "reference-template",
                "reference-export",
            ),
            ("rivers",),
        ),
        "reference-item": ("sections", "BORDER"),
        "reference-change": ("sections", "BORDER"),
        "reference-section-act": ("BORDER", "end"),
        "reference-place-act": ("districts", border.upstream.code, "end"),
        "ledger-carryover-new": (merged.code,),
        "help-page": ("first-day",),
        "district": (border.upstream.code,),
        "agreement": (MAIN,),
        "agreement-amend": (MAIN,),
        "agreement-document": (MAIN, document.pk),
        "draft-document": (draft.pk, document.pk),
        "draft-step": (draft.pk, "parties"),
        "ledger-payment-slip": (payment.pk, slip.pk),
        "ledger-consent-scan": (payment.pk, consent.pk),
        "notice-file": (notice.pk, "xlsx"),
        "objection-evidence-file": (objection.pk, objection.evidence.get().pk),
        "ledger-demand-file": (demand.pk, "xlsx"),
        "refusal-act": (refusal.pk, "answer"),
        "refusal-scan": (refusal.pk,),
        "ledger-offset-act": (payment.pk, "consent"),
        "signature-scan": (signature.pk,),
        "ledger-export": ("journal", "csv"),
        "rule": ("baseline",),
        "person-act-new": (people.bureau.pk, "reset"),
        "scenario-term": (scenario.token, 1),
        "audit-record": (AuditRecord.objects.earliest("pk").pk,),
        "paper-file": (paper.pk, "xlsx"),
        "verify-code": (paper.code,),
        "fuse-act": (trip.pk, "propose_release"),
        "adjustment-act": (adjustment.pk, "review"),
        "fund-export": ("csv",),
        "objection-new": of_main,
    }
    return found
