"""Every address that hands out a file is known here, and leaves a record of who took what."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.files.base import ContentFile
from django.db import connection
from django.urls import URLPattern, get_resolver, reverse

from basins import clock
from basins.access import viewer_of
from basins.models import AccessEvent
from dashboard.papers import export
from jobs.models import Job
from monitoring.export import export_job
from monitoring.ingest.services import uploads
from monitoring.models import ReadingUpload
from monitoring.standards.detection import measured
from settlements.accruals.services.rulings import rule_month
from settlements.ledger.services.payments import prepare_payment
from settlements.ledger.services.slips import attach_slips
from settlements.models import (
    AgreementDraft,
    AmountRefusal,
    Demand,
    DraftDocument,
    FundProject,
    FundSpending,
    Notice,
    OffsetConsent,
    Settlement,
    SettlementSignature,
)
from settlements.moving.documents import checked
from settlements.objections.services.judging import judge_with_evidence
from settlements.papers.queries.papers import built
from settlements.papers.services.papers import issue
from settlements.samples.services.samples import LabReport, record_sample
from settlements.scenarios.services.scenarios import copy_agreement
from tests.disputes import AMMONIA, april_published, objected, pdf
from tests.worlds import finished, month, refusal

# Files to fill in, with nothing of the installation in them.
BLANK_FORMS = {
    "calendar-template",
    "observation-template",
    "reading-template",
    "reference-errors",
    "reference-template",
}
# What is asked for beside the address.
ASKED = {
    "section": {"format": "csv"},
    "audit": {"format": "xlsx"},
    "audit-access": {"format": "csv"},
    "paper-preview": {"subject": "agreement:TEST:2023", "format": "pdf"},
}


# Which views hand out files --------------------------------------------------------------------


def makes_a_file(node: ast.AST) -> bool:
    strings = [n for n in ast.walk(node) if isinstance(n, ast.Constant)]
    attached = ("attachment;", "attachment; filename")
    return any(isinstance(n.value, str) and n.value.startswith(attached) for n in strings) or any(
        isinstance(n, ast.keyword) and n.arg == "as_attachment" for n in ast.walk(node)
    )


def definitions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Functions and assigned names of a module."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node


def references(tree: ast.Module, module: str, node: ast.AST) -> Iterator[tuple[str, str]]:
    """(module, name) of everything a definition names, imports followed one step."""
    imported = {
        alias.asname or alias.name: (each.module, alias.name)
        for each in tree.body
        if isinstance(each, ast.ImportFrom) and each.module
        for alias in each.names
    }
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
            owner = imported.get(each.value.id)
            if owner is not None:
                yield ".".join(owner), each.attr
        elif isinstance(each, ast.Name):
            yield imported.get(each.id, (module, each.id))


def views_with_files() -> set[str]:
    """Names of the addresses whose view, or what it calls, makes a file to save."""
    root = Path(configured.BASE_DIR)
    files, uses = set(), defaultdict(set)
    for path in (root / "dashboard").rglob("*.py"):
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        tree = ast.parse(path.read_text())
        for name, node in definitions(tree):
            if makes_a_file(node):
                files.add((module, name))
            for used in references(tree, module, node):
                uses[used].add((module, name))
    waiting = list(files)
    while waiting:
        for user in uses[waiting.pop()] - files:
            files.add(user)
            waiting.append(user)
    return {
        pattern.name
        for pattern in patterns(get_resolver().url_patterns)
        if (pattern.callback.__module__, pattern.callback.__name__) in files
    }


def patterns(found: list) -> Iterator[URLPattern]:
    for each in found:
        if isinstance(each, URLPattern):
            yield each
        elif each.app_name != "admin":
            yield from patterns(each.url_patterns)


# One of each -----------------------------------------------------------------------------------


@pytest.fixture
def addresses(border, people, settings, tmp_path) -> dict[str, tuple[str, dict]]:
    """Name → an address that gives a file, and what is asked for with it."""
    settings.VAR_DIR = settings.MEDIA_ROOT = tmp_path
    objection = objected(border, people, april_published(border, people))
    ruling = rule_month(
        section=border.section, month=month("2023-05"), state="excluded", ground="disaster",
        reason="山洪", by=people.bureau, evidence=pdf("证据.pdf"),
    )  # fmt: skip
    of_laboratory = record_sample(
        section=border.section, sampled_at=AMMONIA.sampled_at + timedelta(days=1),
        by=people.bureau, evidence=checked(pdf("监测报告.pdf")),
        report=LabReport("监测中心", "1 号", "HJ 535", (("TP", measured(Decimal("0.02"))),)),
    )  # fmt: skip
    judged = judge_with_evidence(
        section=border.section, key=AMMONIA, outcome="accepted", reason="属实", by=people.bureau,
        evidence=pdf("记录.pdf"),
    )  # fmt: skip
    draft = AgreementDraft.objects.create(
        title="草稿", state=AgreementDraft.State.ACTIVATED, agreement=border.agreement,
        term=border.agreement.terms.first(), prepared_by=people.admin, activated_by=people.bureau,
        activated_at=clock.now(),
    )  # fmt: skip
    document = DraftDocument.objects.create(
        draft=draft, file=ContentFile(b"%PDF-1.7", name="a.pdf"), name="协议.pdf",
        kind="application/pdf", size=8, sha256=sha256(b"%PDF-1.7").hexdigest(), added_by=people.admin,
    )  # fmt: skip
    paper = issue(finished(built(viewer_of(people.bureau), "agreement:TEST:2023")), people.bureau)
    scenario = copy_agreement(agreement=border.agreement, name="情景", by=people.bureau)
    job = Job.objects.create(
        kind=export.KIND, key="x", by=people.bureau, state=Job.State.DONE,
        parameters={"year": 2023}, result={"papers": 3},
    )  # fmt: skip
    project = FundProject.objects.create(
        jurisdiction=border.upstream, agreement=border.agreement, name="湿地",
        purpose="ecological_protection", allotted="1.00", allotted_on=date(2024, 5, 1),
        by=people.district, at=clock.now(),
    )  # fmt: skip
    spending = FundSpending.objects.create(
        project=project, yuan="1.00", spent_on=date(2024, 6, 1), text="苗木",
        file=ContentFile(b"%PDF-1.7", name="b.pdf"), filename="发票.pdf", kind="application/pdf",
        sha256=sha256(b"%PDF-1.7").hexdigest(), by=people.district, at=clock.now(),
    )  # fmt: skip
    paid = prepare_payment(
        agreement=border.agreement, payer=border.upstream, payee=border.downstream, yuan="1",
        voucher="PZ-1", paid_on=clock.today(), overpayment=True, overpayment_why="预付",
        by=people.treasury,
    )  # fmt: skip
    [slip] = attach_slips(payment=paid, files=[pdf("回单.pdf")], by=people.treasury)
    consent = OffsetConsent.objects.create(
        payment=paid, jurisdiction=border.upstream, document="函2", by=people.bureau,
        scan=ContentFile(b"%PDF-1.7", name="e.pdf"), scan_name="同意函.pdf",
        scan_sha256=sha256(b"%PDF-1.7").hexdigest(), at=clock.now(),
    )  # fmt: skip
    year = Settlement.objects.get(agreement=border.agreement, year=2023)
    with connection.cursor() as cursor:  # past the guards: nothing is closed here
        cursor.execute("SET LOCAL session_replication_role = replica")
        demand = Demand.objects.create(
            year=2024, number=1, settlement=year, jurisdiction=border.upstream, yuan="1.00",
            made_on=date(2024, 2, 1), made_at=clock.now(), by=people.bureau, days=20,
            due_on=date(2024, 3, 1),
        )  # fmt: skip
        signature = SettlementSignature.objects.create(
            settlement=year, jurisdiction=border.upstream, subject="data", digest="0" * 64,
            ground="paper", document="函1", scan=ContentFile(b"%PDF-1.7", name="d.pdf"),
            scan_name="确认函.pdf", scan_sha256=sha256(b"%PDF-1.7").hexdigest(),
            by=people.bureau, at=clock.now(),
        )  # fmt: skip
        refusal_of_year = AmountRefusal.objects.create(
            settlement=year, jurisdiction=border.upstream, yuan="1.00", digest="0" * 64,
            reason="有误", scan=ContentFile(b"%PDF-1.7", name="c.pdf"), scan_name="函.pdf",
            scan_sha256=sha256(b"%PDF-1.7").hexdigest(), raised_by=people.bureau,
            raised_at=clock.now(), until=date(2024, 3, 1),
        )  # fmt: skip
        cursor.execute("SET LOCAL session_replication_role = origin")
    sent = Job.objects.create(
        kind=export_job.KIND, key="z", by=people.bureau, state=Job.State.DONE,
        parameters={"layout": "wide", "scope": "", "first": "2024-07", "last": "2024-07"},
        result={"samples": 3, "sha256": sha256(b"PK").hexdigest()},
    )  # fmt: skip
    upload = ReadingUpload.objects.create(
        filename="读数.csv", sha256="0" * 64, size=9, by=people.bureau
    )
    uploads.folder().mkdir()
    uploads.errors_stem(upload).with_suffix(".csv").write_bytes(b"x")
    export.folder().mkdir()
    (export.folder() / f"{job.pk}.zip").write_bytes(b"PK")
    (export.folder() / f"readings-{sent.pk}.xlsx").write_bytes(b"PK")
    arguments = {
        "section": ["BORDER"],
        "audit": [],
        "audit-access": [],
        "ledger-export": ["journal", "csv"],
        "scenario-export": [scenario.token],
        "scenario-export-xlsx": [scenario.token],
        "paper-preview": [],
        "paper-file": [paper.pk, "xlsx"],
        "paper-export-file": [job.pk],
        "reference-export": ["sections"],
        "notice-file": [Notice.objects.get().pk, "xlsx"],
        "fund-export": ["csv"],
        "fund-document": [spending.pk],
        "ruling-evidence": [ruling.pk],
        "reading-upload-errors": [upload.pk],
        "reading-export-file": [sent.pk],
        "verdict-evidence": [judged.evidence.pk],
        "sample-report": [of_laboratory.pk],
        "ledger-demand-file": [demand.pk, "xlsx"],
        "refusal-scan": [refusal_of_year.pk],
        "signature-scan": [signature.pk],
        "ledger-payment-slip": [paid.pk, slip.pk],
        "ledger-consent-scan": [paid.pk, consent.pk],
        "objection-evidence-file": [objection.pk, objection.evidence.get().pk],
        "draft-document": [draft.pk, document.pk],
        "agreement-document": ["TEST", document.pk],
    }
    return {
        name: (reverse(name, args=given), ASKED.get(name, {})) for name, given in arguments.items()
    }


def test_every_address_that_hands_out_a_file_is_tried_here(addresses):
    assert views_with_files() - BLANK_FORMS == set(addresses)


def test_every_file_leaves_a_record_of_who_took_what(addresses, people, client):
    takers = {"audit": "auditor", "audit-access": "auditor", "draft-document": "admin"}
    for name, (address, asked) in addresses.items():
        user = getattr(people, takers.get(name, "bureau"))
        client.force_login(user)
        before = AccessEvent.objects.filter(kind="export").count()
        answer = client.get(address, asked)
        assert answer.status_code == 200, name
        assert answer["Content-Disposition"].startswith("attachment"), name
        if answer.streaming:
            assert b"".join(answer.streaming_content), name
        events = AccessEvent.objects.filter(kind="export").order_by("-pk")
        assert events.count() == before + 1, name
        assert (events[0].user_id, events[0].path) == (user.pk, address), name
        assert events[0].what, name


def test_a_page_or_a_refused_file_is_no_export(addresses, people, client):
    client.force_login(people.station)
    for address, asked in addresses.values():
        assert client.get(address, asked).status_code == refusal("station")
    client.force_login(people.bureau)
    assert client.get(addresses["section"][0]).status_code == 200
    assert not AccessEvent.objects.filter(kind="export").exists()
