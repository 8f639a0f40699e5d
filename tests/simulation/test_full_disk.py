"""The disk is full: under the files, under the tables. Nothing is lost or doubled, and a retry
gives the result."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import date
from itertools import count
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError

from basins.clock import moved_to
from dashboard.papers.export import file_of, start_export
from jobs import services as jobs
from jobs.models import Job
from monitoring.ingest.services.import_job import enter_import
from monitoring.models import DirtyMonth, ImportBatch, Reading
from settlements import tasks
from settlements.accruals.services import rulings
from settlements.agreements.services import drafts
from settlements.funds.services import funds
from settlements.ledger.services.payments import prepare_payment
from settlements.ledger.services.slips import attach_slips
from settlements.models import Accrual, Adjustment, AgreementMonth, Evidence, FuseTrip, IssuedPaper
from settlements.objections.services import objections
from settlements.rules.facts import MonthState
from tests.books import Ledger
from tests.disputes import proofs
from tests.simulation.disk import full_disk, left_in
from tests.simulation.invariants import broken_promises, found
from tests.simulation.scheme import Scheme
from tests.simulation.state import changed, counted, facts, fingerprint
from tests.simulation.year import DECEMBER, NOVEMBER, published_year

CONTENT = b"%PDF-1.7 " + b"original record " * 20
ON = date(2024, 1, 17)
FULL = "No space left"
RECOMPUTED = ("accruals", "transfers", "nets", "means")


@pytest.fixture
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VAR_DIR = tmp_path
    settings.MEDIA_ROOT.mkdir()
    return settings.MEDIA_ROOT


@pytest.fixture
def scheme(committed, media) -> Scheme:
    return published_year(NOVEMBER)


# Files ------------------------------------------------------------------------------------


def paper() -> SimpleUploadedFile:
    return SimpleUploadedFile("原始记录.pdf", CONTENT)


def of_an_objection(scheme: Scheme):
    deal, people = scheme.deals[0], scheme.people
    objection = objections.raise_objection(
        month=AgreementMonth.objects.get(month=NOVEMBER),
        by=people.district, kind="data_error", section=deal.section, reason="有误。",
        readings=[deal.key(NOVEMBER)], files=proofs(),
    )  # fmt: skip
    return lambda: (
        objections.add_evidence(
            objection=objection, by=people.district, item="quality", file=paper()
        ).file
    )


def of_a_ruling(scheme: Scheme):
    return lambda: rulings.rule_month(
        section=scheme.deals[0].section, month=DECEMBER, state=MonthState.NATURAL_NO_FLOW,
        ground="drought", reason="断流", by=scheme.people.bureau, evidence=paper(),
    ).evidence  # fmt: skip


def of_a_draft(scheme: Scheme):
    draft = drafts.start_draft(by=scheme.people.admin)
    return lambda: drafts.add_document(draft=draft, file=paper(), by=scheme.people.admin).file


def of_a_spending(scheme: Scheme):
    ledger = Ledger.make(scheme.people)
    ledger.owe("1000", on=ON)
    ledger.pay("1000", paid_on=ON, on=ON)
    project = funds.allot(
        agreement=ledger.agreement, name="生态护岸", purpose="monitoring", amount="500", on=ON,
        document_number="3号", by=scheme.people.downstream,
    )  # fmt: skip
    return lambda: funds.spend(
        project=project, amount="100", on=ON, text="工程款", file=paper(),
        by=scheme.people.downstream,
    ).file  # fmt: skip


def of_a_payment(scheme: Scheme):
    ledger = Ledger.make(scheme.people)
    ledger.owe("1000", on=ON)
    paid = prepare_payment(
        agreement=ledger.agreement, payer=ledger.up, payee=ledger.down, yuan="1000",
        voucher="PZ-1", paid_on=ON, by=scheme.people.treasury,
    )  # fmt: skip
    return lambda: attach_slips(payment=paid, files=[paper()], by=scheme.people.treasury)[0].file


@pytest.mark.parametrize(
    "make", [of_an_objection, of_a_ruling, of_a_draft, of_a_spending, of_a_payment]
)
def test_a_document_that_does_not_fit_on_the_disk_leaves_nothing_and_comes_whole_later(
    scheme, media, make
):
    with moved_to(ON):
        keep = make(scheme)
        before, there = fingerprint(), left_in(media)
        for left in (0, 1, len(CONTENT) - 1):
            with full_disk(media, left=left) as disk, pytest.raises(OSError, match=FULL):
                keep()
            assert disk.refused
            assert left_in(media) == there
            assert changed(before, fingerprint()) == []
        kept = keep()
        assert kept.name not in there
        assert sorted(left_in(media)) == sorted([*there, kept.name])
        assert (media / kept.name).read_bytes() == CONTENT
        assert changed(before, fingerprint()) != []


def test_what_a_killed_process_left_of_a_file_is_not_taken_for_the_evidence(scheme, media):
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    half = media / "evidence" / f"{sha256}.pdf"
    half.parent.mkdir(exist_ok=True)
    half.write_bytes(CONTENT[:40])  # as a process killed while writing would leave it
    with moved_to(ON):
        kept = of_an_objection(scheme)()
    assert kept.name == f"evidence/{sha256}.pdf"
    assert half.read_bytes() == CONTENT
    assert Evidence.objects.filter(sha256=sha256).exists()


def test_the_papers_of_a_year_come_complete_after_a_disk_that_was_full(scheme, media, settings):
    people, folder = scheme.people, settings.VAR_DIR / "exports"
    with moved_to(ON):
        whole = jobs.run(start_export(year=2023, by=people.bureau, wake=False).pk)
        wanted = contents(file_of(whole))
        issued = list(IssuedPaper.objects.order_by("pk").values_list("kind", "number", "digest"))
        assert issued
        for left in (0, 100, whole.result["bytes"] // 2, whole.result["bytes"] - 1):
            job = start_export(year=2023, by=people.bureau, wake=False)
            with full_disk(folder, left=left), pytest.raises(OSError, match=FULL):
                jobs.run(job.pk)
            job.refresh_from_db()
            assert (job.state, file_of(job)) == (Job.State.FAILED, None)
            assert FULL in job.error
            assert left_in(folder) == [f"{whole.pk}.zip"]
        done = jobs.run(start_export(year=2023, by=people.bureau, wake=False).pk)
        assert contents(file_of(done)) == wanted
        assert issued == list(
            IssuedPaper.objects.order_by("pk").values_list("kind", "number", "digest")
        )


def contents(archive: Path | None) -> dict[str, bytes]:
    assert archive is not None
    with zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


# Tables -----------------------------------------------------------------------------------


def failure_of(act: Callable[[], object]) -> str:
    """What the database said where it failed, else ''."""
    try:
        act()
    except OperationalError as error:
        return str(error)
    return ""


def later() -> None:
    """Ten minutes on: what was set aside is due again."""
    DirtyMonth.objects.update(retry_at=None)
    tasks.recompute()


def recomputed() -> dict[str, list[str]]:
    return {name: rows for name, rows in facts().items() if name in RECOMPUTED}


LONG = pytest.param(1, marks=pytest.mark.long, id="each")


@pytest.mark.parametrize("every", [pytest.param(9, id="ninth"), LONG])
@pytest.mark.parametrize("stays", [False, True])
def test_a_recompute_on_a_full_disk_is_done_by_the_next_one(scheme, stays, every):
    """Two months change: one that is published, one that is not. `every`: statement tried."""
    deal = scheme.deals[0]

    def corrected(water_class: int) -> None:
        for month in (NOVEMBER, DECEMBER):
            scheme.measure(deal, month, water_class)

    with moved_to(ON):
        wanted = {}
        for water_class in (2, 4):
            corrected(water_class)
            with counted() as statements:
                tasks.recompute()
            wanted[water_class] = recomputed()
        assert wanted[2] != wanted[4]
        assert statements.count > 20
        water_class = 4
        for place in range(1, statements.count, every):
            water_class = 6 - water_class
            corrected(water_class)
            with counted(full_at=place, stays=stays):
                said = failure_of(tasks.recompute)
            assert FULL in said or not (said or stays), f"full from statement {place}: {said}"
            assert broken_promises() == []
            later()
            assert not DirtyMonth.objects.exists()
            assert recomputed() == wanted[water_class], f"full at statement {place}"
            pending = Adjustment.objects.filter(state__in=Adjustment.PENDING)
            assert pending.count() == (1 if water_class == 2 else 0), f"full at {place}"
        assert Accrual.objects.count() == 2
        assert found(thorough=True) == []


@pytest.mark.parametrize("every", [pytest.param(11, id="eleventh"), LONG])
def test_a_recompute_that_failed_half_way_stops_at_the_fuse_all_the_same(committed, media, every):
    """Two published months change all of the year: what is tried again is still one run."""
    scheme = published_year(NOVEMBER, DECEMBER)

    def corrected(water_class: int) -> None:
        for month in (NOVEMBER, DECEMBER):
            scheme.measure(scheme.deals[0], month, water_class)

    tripped = FuseTrip.objects.filter(state=FuseTrip.State.TRIPPED)
    with moved_to(ON):
        for place in range(2, 40, every):
            corrected(2)
            with counted(full_at=place) as statements:
                failure_of(tasks.recompute)
            assert statements.count > place
            later()
            assert tripped.count() == 1, f"full at statement {place}"
            assert not Adjustment.objects.exists(), f"full at statement {place}"
            corrected(4)
            tasks.recompute()
            assert not tripped.exists()


@pytest.mark.parametrize("stays", [False, True])
def test_a_job_on_a_full_disk_is_done_once_in_the_end(scheme, tmp_path, stays):
    file = tmp_path / "读数.csv"

    def entered(number: int) -> Job:
        """A file of readings of its own."""
        rows = f"BORDER,2023-12-{number % 28 + 1:02} {number // 28:02}:00,7.9,0.3\n"
        file.write_text(f"断面编码,采样时间,pH,氨氮\n{rows}")
        return enter_import(path=file, year=None, create_sections=False, key="k", wake=False)

    jobs.run(entered(0).pk)  # makes the month's partition
    for place in count(1):
        readings, batches = Reading.objects.count(), ImportBatch.objects.count()
        job = entered(place)
        with counted(full_at=place, stays=stays) as statements:
            said = failure_of(lambda job=job: jobs.run(job.pk))
        if statements.count < place:  # it was done before that
            break
        assert FULL in said or not (said or stays), f"full from statement {place}: {said}"
        job.refresh_from_db()
        if job.state != Job.State.DONE:
            assert Reading.objects.count() == readings, f"full at {place}: something was kept"
            assert ImportBatch.objects.count() == batches
        if job.state == Job.State.RUNNING:  # its end could not be written: the lease runs out
            Job.objects.filter(pk=job.pk).update(lease_until=job.created_at)
            assert jobs.sweep() == [job.pk]
        elif job.state == Job.State.FAILED:
            assert FULL in job.error
        if job.state != Job.State.DONE:
            job = jobs.run(entered(place).pk)
        assert job.state == Job.State.DONE
        assert Reading.objects.count() == readings + 2, f"full at statement {place}"
        assert ImportBatch.objects.count() == batches + 1
    assert place > 15
    assert broken_promises() == []
