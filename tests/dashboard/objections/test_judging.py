"""审核 of a reading on its page: with its evidence, and with what it would change in yuan."""

from datetime import UTC, date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from monitoring.models import Origin, Reading, Verdict
from monitoring.screening.services.verdicts import ReadingKey
from settlements import pipeline
from settlements.accruals.services.rulings import rule_month
from settlements.models import Accrual, Adjustment, FuseTrip, VerdictEvidence
from tests.told_once import World, bare, told_once
from tests.worlds import month, publish_year, refusal


def published_long_ago() -> World:
    """2023 at its target in every month, published. Computed before the transaction that tells it,
    whose time the database takes for all that is changed in it."""
    world = bare()
    border = world["border"]
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "III")
    pipeline.recompute()
    Accrual.objects.update(computed_at=datetime(2024, 2, 5, tzinfo=UTC))
    publish_year(border.agreement, 2023, world["people"], on=date(2024, 1, 20))
    return world


told = told_once(published_long_ago)
JUDGE = "/data/review/judge/"


def pdf(name: str = "复测报告.pdf", content: bytes = b"%PDF-1.7\n%...\n") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def key(when: str = "2023-05") -> str:
    at = datetime.combine(month(when).replace(day=15), datetime.min.time().replace(hour=10))
    at = timezone.make_aware(at)
    return ReadingKey("NH3-N", at, Origin.MANUAL.value).text


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def judge(client, people):
    client.force_login(people.bureau)

    def post(action: str, status: int = 200, **given) -> str:
        typed = {"section": "BORDER", "reading": key(), "outcome": "corrected", "value": "1.2",
                 "reason": "稀释倍数录错", "action": action}  # fmt: skip
        answer = client.post(JUDGE, typed | given)
        assert answer.status_code == status, answer.content.decode()[-1500:]
        return answer.content.decode()

    return post


def test_a_correction_shows_its_yuan_before_it_is_made_and_changes_nothing(judge):
    page = judge("check")
    assert "会提出的调整" in page
    assert "上游区 −100.00" in page
    assert "下游区 +100.00" in page
    assert not Verdict.objects.exists()
    assert not Adjustment.objects.exists()
    assert Reading.objects.filter(value="1.2").count() == 0


def test_a_correction_without_evidence_is_refused_beside_the_field(judge):
    page = judge("judge", 422)
    assert "更正数值须附证据" in page
    assert "核对：" in page  # checked as before, to be sent again with the file
    judge("judge", 422, evidence=SimpleUploadedFile("a.pdf", b"MZ no document"))
    assert not Verdict.objects.exists()
    judge("judge", 302, outcome="invalidated")  # asks for none
    assert not VerdictEvidence.objects.exists()


def test_from_an_adjustment_one_click_leads_to_ruling_evidence_and_readings(
    judge, client, people, border
):
    judge("judge", 302, evidence=pdf())
    pipeline.recompute()
    found = Adjustment.objects.get()
    proof = VerdictEvidence.objects.get()
    for who, by in ((people.bureau, people.bureau.display_name), (people.district, "市局")):
        client.force_login(who)
        page = client.get(f"/adjustments/{found.pk}/").content.decode()
        assert "审核为更正：稀释倍数录错" in page
        assert f'href="/data/review/evidence/{proof.pk}/"' in page
        assert "/sections/BORDER/?month=2023-05" in page
        assert f">{by}<" in page
        taken = client.get(f"/data/review/evidence/{proof.pk}/")
        assert b"".join(taken.streaming_content).startswith(b"%PDF")
    client.force_login(people.stranger)
    assert client.get(f"/data/review/evidence/{proof.pk}/").status_code == refusal("stranger")
    ruling = rule_month(
        section=border.section, month=month("2023-06"), state="excluded", ground="disaster",
        reason="山洪", by=people.bureau, evidence=pdf("公报.pdf"),
    )  # fmt: skip
    border.measured("2023-06", "V")
    pipeline.recompute()
    other = Adjustment.objects.exclude(pk=found.pk).get()
    client.force_login(people.downstream)
    page = client.get(f"/adjustments/{other.pk}/").content.decode()
    assert f'href="/rulings/{ruling.pk}/"' in page
    assert f'href="/rulings/{ruling.pk}/evidence/"' in page
    taken = client.get(f"/rulings/{ruling.pk}/evidence/")
    assert b"".join(taken.streaming_content).startswith(b"%PDF")


def test_a_stopped_run_names_the_readings_that_changed_from_where_and_by_whom(
    client, people, border
):
    for when in ("2023-05", "2023-06", "2023-07", "2023-08"):
        border.measured(when, "V")
    pipeline.recompute()
    trip = FuseTrip.objects.get()
    client.force_login(people.bureau)
    page = client.get(f"/adjustments/stops/{trip.pk}/").content.decode()
    assert "变动的监测数据" in page
    for day in ("05-15", "06-15", "07-15", "08-15"):
        assert f"{day} 10:00" in page
    assert "未记来源" in page  # stored without a file


def test_what_was_handed_in_stays(judge):
    judge("judge", 302, evidence=pdf())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing pending, for TRUNCATE
    for statement in (
        "UPDATE settlements_verdictevidence SET name = 'x'",
        "DELETE FROM settlements_verdictevidence",
        "TRUNCATE settlements_verdictevidence",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
