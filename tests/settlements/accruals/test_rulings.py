"""认定 of a section's month: what it changes, that it stays, and what it refuses."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction

from monitoring.models import DirtyMonth, Origin
from settlements import pipeline
from settlements.accruals.services.rulings import RulingRefused, revoke_ruling, rule_month
from settlements.models import Accrual, Adjustment, MonthRuling
from settlements.moving.documents import DocumentRefused
from settlements.objections.queries.rulings import effects
from settlements.reckoning.verification import verify_accruals
from settlements.rules.facts import MonthState
from settlements.years.services.adjustments import approve_adjustment, review_adjustment
from tests.told_once import bare, computed, told_instead, told_once
from tests.worlds import month, taken_as

PDF = b"%PDF-1.7\n%...\n"


told = told_once(computed)


def ruled(border, people, when="2023-05", **more) -> MonthRuling:
    given = {
        "section": border.section,
        "month": month(when),
        "state": MonthState.EXCLUDED,
        "ground": "disaster",
        "reason": "5 月上旬山洪，断面无法代表常态",
        "by": people.bureau,
    } | more
    made = rule_month(**given)
    pipeline.recompute()
    return made


def test_an_excluded_month_pays_nothing_and_says_who_found_it_when_and_why(border, people):
    border.assessed("2023-05", "IV")
    assert len(border.transfers("2023-05")) == 1
    made = ruled(border, people)
    accrual = border.accrual("2023-05")
    assert (accrual.month_state, border.transfers("2023-05")) == ("excluded", [])
    on = made.decided_at.astimezone().date()
    assert f"自然灾害，5 月上旬山洪，断面无法代表常态（bureau {on} 认定）" in str(accrual.steps)
    assert border.net(2023) == {"上游区": Decimal("0.00"), "下游区": Decimal("0.00")}
    assert verify_accruals().differ == []


def test_a_revoked_ruling_leaves_the_month_as_it_was_and_stays_on_record(border, people):
    border.assessed("2023-05", "IV")
    before = border.accrual("2023-05").input_digest
    made = ruled(border, people)
    revoke_ruling(ruling=made, why="复核后认为不成立", by=people.bureau)
    pipeline.recompute()
    assert border.accrual("2023-05").input_digest == before
    assert MonthRuling.objects.get().revoked_why == "复核后认为不成立"
    with pytest.raises(RulingRefused, match="已经撤销"):
        revoke_ruling(ruling=made, why="再撤", by=people.bureau)
    ruled(border, people)  # the place is free again


def test_an_excluded_month_is_no_measure_for_the_year_after(border, people):
    border.assessed("2019-06", "III")
    border.assessed("2020-06", "II")
    assert len(border.transfers("2020-06")) == 1
    ruled(border, people, "2019-06")
    accrual = border.accrual("2020-06")
    assert border.transfers("2020-06") == []
    assert accrual.inputs["last_year_class"] is None


def test_a_ruling_for_one_agreement_goes_before_one_for_all(border, people):
    border.assessed("2023-05", "IV")
    ruled(border, people)
    ruled(
        border, people, agreement=border.agreement, state=MonthState.NATURAL_NO_FLOW,
        ground="drought",
    )  # fmt: skip
    assert border.accrual("2023-05").month_state == "natural_no_flow"
    assert MonthRuling.objects.filter(revoked_at=None).count() == 2


def test_the_effects_name_what_would_be_recomputed_before_anything_is(border, people):
    border.assessed("2023-05", "IV")
    (effect,) = effects(
        section=border.section, month=month("2023-05"), agreement=None, state=MonthState.EXCLUDED
    )
    assert (effect.period, effect.published) == (month("2023-05"), False)
    assert (effect.before, effect.after) == ("上游区 → 下游区 100.00 万元", "互不补偿")
    assert (effect.before_state, effect.after_state) == ("未达标", "剔除")
    assert not MonthRuling.objects.exists()
    assert not DirtyMonth.objects.exists()


def test_a_published_month_stays_and_gets_a_proposal(border, people):
    border.assessed("2023-05", "IV")
    accrual = border.accrual("2023-05")
    taken_as("published", Accrual.objects.filter(pk=accrual.pk))
    (effect,) = effects(
        section=border.section, month=month("2023-05"), agreement=None, state=MonthState.EXCLUDED
    )
    assert effect.published
    ruling = ruled(border, people)
    assert border.accrual("2023-05").month_state == "not_met"
    proposed = Adjustment.objects.get(accrual=accrual)
    assert proposed.outcome["state"] == "excluded"
    assert proposed.cause == f"认定“剔除”（第 {ruling.pk} 号）"
    review_adjustment(adjustment=proposed, by=people.bureau, reason="属实")
    approve_adjustment(adjustment=proposed, by=people.bureau2)
    revoke_ruling(ruling=ruling, why="山洪不在本断面", by=people.bureau)
    pipeline.recompute()
    back = Adjustment.objects.get(accrual=accrual, state="proposed")
    assert back.cause == f"撤销认定“剔除”（第 {ruling.pk} 号）"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"state": "met"}, "由规则得出"),
        ({"state": "manmade_no_flow"}, "事由须是人为截流"),
        ({"reason": " "}, "请写明理由"),
        ({"month": date(2023, 5, 2)}, "不是一个月"),
        ({"month": date(2100, 1, 1)}, "还没有到"),
    ],
)
def test_what_cannot_be_ruled_is_refused_with_the_remedy(border, people, more, words):
    with pytest.raises(RulingRefused, match=words):
        ruled(border, people, **more)
    assert not MonthRuling.objects.exists()


def test_a_failed_station_with_a_manual_sample_is_answered_by_naming_the_sample(border, people):
    border.measured("2023-05", "II")  # a manual sample at the middle of the month
    with pytest.raises(RulingRefused, match=r"有手工样（05-15 10:00），自动站故障时以它代替"):
        ruled(border, people, ground="station")
    border.store(datetime(2023, 6, 2, tzinfo=UTC), {"NH3-N": "0.2"}, origin=Origin.AUTOMATIC)
    assert ruled(border, people, "2023-06", ground="station").ground == "station"


def test_the_same_month_twice_is_refused(border, people):
    ruled(border, people)
    with pytest.raises(RulingRefused, match="请先撤销"):
        ruled(border, people)
    with pytest.raises(IntegrityError, match="ruling_live_once"), transaction.atomic():
        MonthRuling.objects.create(
            section=border.section, month=month("2023-05"), state="no_data", ground="missing",
            reason="x", decided_by=people.bureau, decided_at=MonthRuling.objects.get().decided_at,
        )  # fmt: skip


def test_evidence_is_kept_by_its_hash_and_told_by_its_content(border, people, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with pytest.raises(DocumentRefused, match="不是 PDF"):
        ruled(border, people, evidence=SimpleUploadedFile("证据.pdf", b"MZ..."))
    with pytest.raises(DocumentRefused, match=r"请改用 \.pdf"):
        ruled(border, people, evidence=SimpleUploadedFile("证据.txt", PDF))
    made = ruled(border, people, evidence=SimpleUploadedFile("证据.pdf", PDF))
    assert (made.evidence_kind, made.evidence_name) == ("application/pdf", "证据.pdf")
    assert made.evidence.name == f"rulings/{made.evidence_sha256[:16]}.pdf"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE settlements_monthruling SET state = 'no_data'", "不能修改"),
        ("UPDATE settlements_monthruling SET reason = 'x', revoked_at = now()", "不能修改"),
        ("DELETE FROM settlements_monthruling", "不删除"),
        ("TRUNCATE settlements_monthruling CASCADE", "TRUNCATE"),
    ],
)
def test_raw_sql_changes_no_ruling(border, people, statement, words):
    ruled(border, people)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with (
        pytest.raises(IntegrityError, match=words),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@told_instead(bare)
def test_a_ruling_marks_its_month(border, people):
    rule_month(
        section=border.section, month=month("2023-05"), state="no_data", ground="missing",
        reason="停站", by=people.bureau,
    )  # fmt: skip
    assert list(DirtyMonth.objects.values_list("section_id", "month")) == [
        (border.section.pk, month("2023-05"))
    ]
    assert Accrual.objects.count() == 0
