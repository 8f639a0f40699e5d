"""A laboratory's report typed in: what is kept of it, what becomes of readings, months and money."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from basins.access import viewer_of
from basins.clock import moved_to, now
from basins.links import to
from basins.ranges import between
from monitoring.assessment.queries.history import known_readings
from monitoring.assessment.services.assessment import means_of_month, month_bounds
from monitoring.ingest.services.ingest import import_readings
from monitoring.models import (
    DirtyMonth,
    Indicator,
    Origin,
    Reading,
    ReadingRevision,
    Section,
    Verdict,
)
from monitoring.screening.services.verdicts import ReadingKey, judge_reading, keep_reading
from monitoring.standards.detection import MeasuredValue, parse
from settlements import pipeline
from settlements.accruals.services.imports import undo_batch
from settlements.models import (
    Accrual,
    Adjustment,
    Agreement,
    LabSample,
    LabValue,
    Party,
    Term,
    TermSection,
    Transfer,
)
from settlements.moving.acts import NotAllowed, Refused
from settlements.moving.documents import Document, checked
from settlements.samples.changes import Change, changes_of
from settlements.samples.services.preview import (
    SamplePreview,
    preview_correction,
    preview_sample,
)
from settlements.samples.services.samples import (
    LabReport,
    ReportRefused,
    correct_sample,
    record_sample,
)
from settlements.shown.reading_changes import Window, readings_changed
from settlements.shown.visible import visible_samples
from tests.at_once import at_once
from tests.disputes import AMMONIA, APRIL, PUBLISHED, pdf
from tests.published import published
from tests.told_once import nothing, told_instead
from tests.worlds import Border, People

CLEAN = {"pH": "7.5", "DO": "9.0", "CODMn": "1.5", "TP": "0.015"}
CLASS_3, CLASS_4, CLASS_6 = "0.8", "1.2", "3.0"  # of ammonia
LATER = APRIL + timedelta(days=1)


def report(ammonia: str = CLASS_4, **more: str) -> LabReport:
    """Clean water but for its ammonia; "" leaves an indicator out."""
    written = {**CLEAN, "NH3-N": ammonia, **more}
    return LabReport(
        "市生态环境监测中心", "监字〔2023〕4 号", "HJ 535",
        tuple((code, parse(text)) for code, text in written.items() if text),
    )  # fmt: skip


def evidence(words: str = "") -> Document:
    return checked(pdf("监测报告.pdf", words))


@pytest.fixture
def given(border, people) -> dict:
    return {
        "section": border.section, "sampled_at": APRIL, "by": people.bureau, "evidence": evidence(),
    }  # fmt: skip


def readings() -> dict[str, tuple[str, bool, str]]:
    found = Reading.objects.filter(sampled_at=APRIL, origin=2).order_by("indicator")
    return {
        r.indicator.code: (f"{r.value.normalize():f}", r.below_limit, r.flag)
        for r in found.select_related("indicator")
    }


def paid() -> dict[date, Decimal]:
    found: dict[date, Decimal] = {}
    for period, yuan in Transfer.objects.values_list("accrual__period", "yuan"):
        found[period] = found.get(period, Decimal(0)) + yuan
    return found


def told_before(sample: LabSample | None = None, *, report: LabReport, **given) -> SamplePreview:
    if sample is not None:
        return preview_correction(sample=sample, report=report, reason="更正")
    given.pop("by")
    return preview_sample(report=report, reason="更正", **given)


# --- recorded -------------------------------------------------------------------------


def test_the_values_become_manual_readings_and_their_month_is_computed_again(border, given):
    record_sample(report=report("0.025L"), **given)
    assert readings() == {
        "pH": ("7.5", False, "N"), "DO": ("9", False, "N"), "CODMn": ("1.5", False, "N"),
        "NH3-N": ("0.025", True, "N"), "TP": ("0.015", False, "N"),
    }  # fmt: skip
    assert list(DirtyMonth.objects.values_list("section", "month")) == [
        (border.section.pk, date(2023, 4, 1))
    ]
    means = {m.indicator: m.mean for m in means_of_month(date(2023, 4, 1), [border.section.pk])}
    assert means["NH3-N"] == Decimal("0.0125")  # half the limit


def test_what_the_report_says_is_kept_with_its_file(people, given):
    sample = record_sample(report=report(), **given)
    sample.refresh_from_db()
    assert (sample.laboratory, sample.report_number, sample.method) == (
        "市生态环境监测中心", "监字〔2023〕4 号", "HJ 535",
    )  # fmt: skip
    assert (sample.by, sample.corrects, sample.reason) == (people.bureau, None, "")
    with sample.file.open() as file:
        assert file.read() == b"%PDF-1.7 "
    assert sample.sha256 == given["evidence"].sha256
    assert sample.values.count() == 5


def test_the_same_sample_again_changes_nothing(given):
    first = record_sample(report=report(), **given)
    revisions = ReadingRevision.objects.count()
    DirtyMonth.objects.all().delete()
    assert record_sample(report=report(), **given) == first
    assert LabSample.objects.count() == 1
    assert (ReadingRevision.objects.count(), DirtyMonth.objects.count()) == (revisions, 0)


def test_another_report_of_the_same_sample_is_a_correction_of_the_first(given):
    record_sample(report=report(), **given)
    with pytest.raises(Refused, match="已登记；要改动请更正那一份"):
        record_sample(report=report(CLASS_3), **given)
    with pytest.raises(Refused, match="请更正那一份"):
        record_sample(report=report(), **given | {"evidence": evidence("另一份")})


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"NH3-N": "-0.5"}, "value-NH3-N", "氨氮：须是不小于 0 的数"),
        ({"NH3-N": "200000"}, "value-NH3-N", "氨氮不可能高于 100000 mg/L"),
        ({"TP": "0.123456789"}, "value-TP", "总磷：值至多 8 位小数"),
        ({"pH": "7L"}, "value-pH", "pH没有检出限"),
        ({"pH": "15"}, "value-pH", "0–14"),
        ({"XX": "1"}, "value-XX", "没有指标 XX"),
    ],
)
def test_what_no_report_says_is_refused_by_its_field(given, said, field, words):
    with pytest.raises(ReportRefused) as refused:
        record_sample(report=report(**{"ammonia": "0.5", **said} if "NH3-N" not in said
                                    else {"ammonia": said["NH3-N"]}), **given)  # fmt: skip
    assert words in refused.value.wrong[field]
    assert not LabSample.objects.exists()


def test_everything_that_is_wrong_is_said_at_once(given):
    bad = LabReport("", "1", "x" * 201, (("NH3-N", parse("-1")), ("TP", parse("1"))) + 2 * (
        ("DO", parse("9")),))  # fmt: skip
    with pytest.raises(ReportRefused) as refused:
        record_sample(report=bad, **given)
    assert set(refused.value.wrong) == {"laboratory", "method", "value-NH3-N", "value-DO"}
    assert "填了 2 次" in refused.value.wrong["value-DO"]


def test_a_report_without_a_value_is_refused(given):
    with pytest.raises(ReportRefused, match="至少填写一个"):
        record_sample(report=LabReport("所", "1", "法", ()), **given)


def test_a_sample_of_a_time_to_come_is_refused(given):
    with moved_to(APRIL - timedelta(minutes=1)), pytest.raises(Refused, match="还没有到"):
        record_sample(report=report(), **given)


def test_a_section_has_no_samples_after_its_end_nor_before_it_began(border, given):
    Section.objects.filter(pk=border.section.pk).update(ended_on="2023-04-15", ended_why="函")
    border.section.refresh_from_db()
    with pytest.raises(Refused, match="自 2023-04-15 停用"):
        record_sample(report=report(), **given)
    record_sample(report=report(), **given | {"sampled_at": APRIL - timedelta(days=1)})
    Section.objects.filter(pk=border.section.pk).update(ended_on=None, began_on="2023-05-01")
    border.section.refresh_from_db()
    with pytest.raises(Refused, match="自 2023-05-01 启用"):
        record_sample(report=report(), **given)


@pytest.mark.parametrize("who", ["district", "treasury", "admin", "auditor", "station", "nobody"])
def test_only_who_reviews_data_records_and_corrects(given, people, who):
    with pytest.raises(NotAllowed):
        record_sample(report=report(), **given | {"by": getattr(people, who)})
    sample = record_sample(report=report(), **given)
    with pytest.raises(NotAllowed):
        correct_sample(sample=sample, report=report("0.3"), reason="错", by=getattr(people, who))


def test_a_reading_that_says_otherwise_is_corrected_with_a_reason_and_keeps_its_past(
    border, people, given
):
    border.measured("2023-04", "IV")
    with pytest.raises(Refused, match=r"已有手工数据，与所填不同（现为 氨氮 1\.20?0?）") as refused:
        record_sample(report=report(CLASS_3), **given)
    assert refused.value.field == "reason"
    assert not LabSample.objects.exists()
    sample = record_sample(report=report(CLASS_3), reason="以报告为准", **given)
    verdict = Verdict.objects.get()
    assert (verdict.indicator.code, verdict.value_before, verdict.value_after) == (
        "NH3-N", Decimal("1.2"), Decimal("0.8"),
    )  # fmt: skip
    assert (verdict.reason, verdict.cause) == ("以报告为准", f"sample {sample.pk}")
    assert ReadingRevision.objects.get().value == Decimal("1.2")


def test_a_reading_that_was_judged_invalid_is_valid_again_by_the_report(border, people, given):
    border.measured("2023-04", "IV")
    judge_reading(
        section=border.section, key=AMMONIA, outcome="invalidated", reason="存疑", by=people.bureau
    )
    with pytest.raises(Refused, match="审核无效"):
        record_sample(report=report(CLASS_4), **given)
    record_sample(report=report(CLASS_4), reason="报告属实", **given)
    assert readings()["NH3-N"] == ("1.2", False, "N")


def test_a_batch_whose_values_a_report_says_too_is_not_taken_back(people, given):
    raw = "断面编码,采样时间,来源,氨氮,总磷\nBORDER,2023-04-15 10:00,手工,1.2,0.015\n".encode()
    batch = import_readings(raw=raw, filename="读数.csv").batch_id
    assert batch is not None
    record_sample(report=report(CLASS_4, TP=""), **given)
    with pytest.raises(Refused, match=r"报告也是这样的值：交界 2023-04-15 10:00"):
        undo_batch(batch_id=batch, by=people.bureau, why="报错了表")
    assert readings()["NH3-N"] == ("1.2", False, "N")


def test_a_batch_beside_a_report_is_taken_back(people, given):
    raw = "断面编码,采样时间,来源,氨氮,总磷\nBORDER,2023-04-15 10:00,手工,1.2,0.015\n".encode()
    batch = import_readings(raw=raw, filename="读数.csv").batch_id
    assert batch is not None
    record_sample(report=report("", TP=""), **given)
    undo_batch(batch_id=batch, by=people.bureau, why="报错了表")
    assert set(readings()) == {"pH", "DO", "CODMn"}


# --- corrected ------------------------------------------------------------------------


def test_a_correction_is_a_further_row_and_the_first_stays_as_it_was(people, given):
    first = record_sample(report=report(CLASS_4), **given)
    made = correct_sample(sample=first, report=report(CLASS_3), reason="抄录有误", by=people.bureau)
    assert (made.corrects, made.reason, made.file.name) == (first, "抄录有误", first.file.name)
    assert readings()["NH3-N"] == ("0.8", False, "N")
    assert first.values.get(indicator__code="NH3-N").value == Decimal("1.2")
    assert Verdict.objects.get().cause == f"sample {made.pk}"


def test_a_value_left_out_is_withdrawn_judged_invalid_and_seen(people, given):
    first = record_sample(report=report(), **given)
    made = correct_sample(sample=first, report=report(TP=""), reason="总磷未测", by=people.bureau)
    assert readings()["TP"] == ("0.015", False, "V")
    verdict = Verdict.objects.get()
    assert (verdict.outcome, verdict.reason) == ("invalidated", "总磷未测")
    # Said again, it is valid again.
    correct_sample(sample=made, report=report(), reason="补上", by=people.bureau)
    assert readings()["TP"] == ("0.015", False, "N")


def test_a_sample_of_the_wrong_place_is_withdrawn_whole(people, given):
    first = record_sample(report=report(), **given)
    none = LabReport(*report().head, ())
    made = correct_sample(sample=first, report=none, reason="断面填错", by=people.bureau)
    assert made.values.count() == 0
    assert {flag for _, _, flag in readings().values()} == {"V"}


def test_a_correction_needs_a_reason_and_something_to_correct(people, given):
    first = record_sample(report=report(), **given)
    with pytest.raises(Refused, match="请写明更正的理由"):
        correct_sample(sample=first, report=report(CLASS_3), reason=" ", by=people.bureau)
    with pytest.raises(Refused, match="没有要更正的"):
        correct_sample(sample=first, report=report(), reason="无", by=people.bureau)


def test_the_same_correction_again_changes_nothing_and_another_names_the_last(people, given):
    first = record_sample(report=report(), **given)
    said = {"sample": first, "report": report(CLASS_3), "reason": "抄录有误", "by": people.bureau}
    made = correct_sample(**said)
    assert correct_sample(**said) == made
    with pytest.raises(Refused, match="已经更正过；请更正最后的那一份"):
        correct_sample(**said | {"report": report("0.3")})
    with pytest.raises(Refused, match="请更正那一份"):
        record_sample(report=report(), **given)
    assert LabSample.objects.count() == 2


def test_what_somebody_changed_since_is_left_where_the_correction_is_of_another_value(
    border, people, given
):
    first = record_sample(report=report(), **given)
    judge_reading(
        section=border.section, key=AMMONIA, outcome="corrected", reason="复测", by=people.bureau,
        value=Decimal("0.9"),
    )  # fmt: skip
    second = correct_sample(
        sample=first, report=report(TP="0.02"), reason="总磷抄错", by=people.bureau
    )
    assert (readings()["NH3-N"][0], readings()["TP"][0]) == ("0.9", "0.02")
    # Left out, it is no value of the sample's any more: not withdrawn either.
    correct_sample(sample=second, report=report("", TP="0.02"), reason="氨氮另测", by=people.bureau)
    assert readings()["NH3-N"] == ("0.9", False, "N")


# --- told before it is sent -----------------------------------------------------------


def test_the_check_says_the_classes_and_the_yuan_that_then_move(border, given):
    border.assessed("2023-04", "II")
    before = paid()
    said = told_before(report=report(CLASS_6), **given)
    state = (Reading.objects.count(), Accrual.objects.count(), paid())
    assert state[2] == before
    record_sample(report=report(CLASS_6), reason="以报告为准", **given)
    pipeline.recompute()
    (month,) = said.months
    assert (month.month, month.before, month.after) == (date(2023, 4, 1), 2, 6)
    (april,) = (a for a in said.amounts if a.period == date(2023, 4, 1))
    assert (april.yuan_before, april.yuan_after) == (
        before[date(2023, 4, 1)], paid()[date(2023, 4, 1)],
    )  # fmt: skip
    assert not april.published
    moved = dict(april.shifts)
    assert moved["上游区"] == -moved["下游区"]
    assert abs(moved["上游区"]) == april.yuan_before + april.yuan_after  # who pays is turned round
    assert moved["上游区"] < 0


def test_a_published_month_stands_and_the_adjustment_proposed_is_what_the_check_said(
    border, people, given
):
    sample = record_sample(report=report(CLASS_4), **given)
    pipeline.recompute()
    with moved_to(PUBLISHED):
        published(people, "2023-04")
    before = paid()
    said = told_before(sample, report=report(CLASS_3), **given)
    (april,) = said.amounts
    assert (april.published, said.published) == (True, 1)
    assert not Adjustment.objects.exists()
    correct_sample(sample=sample, report=report(CLASS_3), reason="抄录有误", by=people.bureau)
    pipeline.recompute()
    assert paid() == before
    adjustment = Adjustment.objects.get()
    outcome = sum((Decimal(t["yuan"]) for t in adjustment.outcome["transfers"]), Decimal(0))
    assert (april.yuan_before, april.yuan_after) == (before[date(2023, 4, 1)], outcome)


def test_the_check_of_a_withdrawal_computes_without_the_value(border, people, given):
    border.store(LATER, {**CLEAN, "NH3-N": "0.8"})
    sample = record_sample(report=report(CLASS_6), **given)
    pipeline.recompute()
    without = report("")
    (month,) = told_before(sample, report=without, **given).months
    assert (month.before, month.after) == (5, 3)  # the mean of 3.0 and 0.8, then 0.8 alone
    correct_sample(sample=sample, report=without, reason="氨氮作废", by=people.bureau)
    pipeline.recompute()
    assert border.section.assessments.get(month="2023-04-01").water_class == 3


def test_the_check_says_which_values_count_for_nothing(border, given):
    border.store(APRIL, {"NH3-N": "0.5"}, origin=Origin.JOINT)
    assert told_before(report=report(), **given).unused == ("氨氮",)


def test_the_check_refuses_what_the_act_would(people, given):
    with pytest.raises(ReportRefused):
        told_before(report=report("-1"), **given)
    first = record_sample(report=report(), **given)
    assert told_before(report=report(), **given).there == first
    with pytest.raises(Refused, match="请更正那一份"):
        told_before(report=report(CLASS_3), **given)
    with pytest.raises(Refused, match="没有要更正的"):
        told_before(first, report=report())
    with pytest.raises(Refused, match="更正的理由"):
        preview_correction(sample=first, report=report(CLASS_3), reason="")


def test_the_check_names_each_value_as_it_will_be_kept(border, given):
    border.store(APRIL, {"NH3-N": "1.2", "TP": "0.015"})
    changes = changes_of(
        section=border.section, sampled_at=APRIL, values=report("0.025L", TP="0.015").by_code
    )
    said = {c.indicator.code: c.what for c in changes}
    assert said == {
        "pH": Change.NEW, "DO": Change.NEW, "CODMn": Change.NEW, "NH3-N": Change.CORRECTED,
        "TP": Change.SAME,
    }  # fmt: skip
    ammonia = next(c for c in changes if c.indicator.code == "NH3-N")
    assert (ammonia.before, ammonia.shown) == (
        MeasuredValue(Decimal("1.200")), MeasuredValue(Decimal("0.025"), below_limit=True),
    )  # fmt: skip


# --- told where its readings are ------------------------------------------------------


@pytest.mark.parametrize(("who", "by"), [("bureau", "bureau"), ("district", "市局")])
def test_what_changed_since_a_result_names_the_report_and_hands_it_out(
    border, people, given, who, by
):
    border.store(APRIL, {"NH3-N": "0.5"})
    sample = record_sample(report=report(), reason="以报告为准", **given)
    window = Window(
        border.section.pk, *month_bounds(date(2023, 4, 1)),
        since=now() - timedelta(days=1), until=now() + timedelta(days=1),
    )  # fmt: skip
    found = {
        c.label: (c.source, c.by, c.evidence, c.file)
        for c in readings_changed(viewer_of(getattr(people, who)), [window])
    }
    proof = ("监测报告.pdf", to("sample-report", sample.pk))
    assert found["04-15 10:00 总磷"] == ("实验室样品 监字〔2023〕4 号", by, *proof)
    assert found["04-15 10:00 氨氮"] == ("审核为更正：以报告为准", by, *proof)


# --- as it was known ------------------------------------------------------------------


@told_instead(nothing)
def test_a_moment_in_between_knows_the_sample_as_it_was(committed):
    border, people = Border.make(), People.make()
    given = {"section": border.section, "sampled_at": APRIL, "by": people.bureau}
    before = timezone.now()
    first = record_sample(report=report(CLASS_4), evidence=evidence(), **given)
    between = timezone.now()
    correct_sample(sample=first, report=report(CLASS_3), reason="抄错", by=people.bureau)

    def ammonia(at):
        means = means_of_month(date(2023, 4, 1), [border.section.pk], readings=known_readings(at))
        return {m.mean for m in means if m.indicator == "NH3-N"}

    assert ammonia(before) == set()
    assert ammonia(between) == {Decimal("1.2")}
    assert ammonia(timezone.now()) == {Decimal("0.8")}


@told_instead(nothing)
def test_two_who_record_the_same_sample_at_once_keep_one(committed):
    border, people = Border.make(), People.make()
    given = {
        "section": border.section, "sampled_at": APRIL, "by": people.bureau,
        "evidence": evidence(),
    }  # fmt: skip
    answers = at_once(
        lambda: record_sample(report=report(CLASS_4), **given),
        lambda: record_sample(report=report(CLASS_3), **given),
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["LabSample", "Refused"]
    assert (LabSample.objects.count(), LabValue.objects.count()) == (1, 5)


# --- past the service -----------------------------------------------------------------


def sql(statement: str, *given) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, given)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settlements_labsample SET report_number = '另一号'",
        "UPDATE settlements_labsample SET sha256 = 'x'",
        "DELETE FROM settlements_labsample",
        "UPDATE settlements_labvalue SET value = 0.3",
        "DELETE FROM settlements_labvalue",
        "TRUNCATE settlements_labvalue",
        "TRUNCATE settlements_labsample CASCADE",
    ],
)
def test_what_was_typed_in_stays(given, statement):
    record_sample(report=report(), **given)
    with connection.cursor() as cursor:  # a table with waiting constraints is not truncated
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="只增不改"):
        sql(statement)


def again(sample: LabSample, **changed) -> LabSample:
    """The same row once more, past the service."""
    fields = {
        f.attname: getattr(sample, f.attname) for f in LabSample._meta.fields if f.name != "id"
    }
    with transaction.atomic():
        return LabSample.objects.create(**fields | changed)


def test_the_database_refuses_what_no_correction_is(given, people):
    first = record_sample(report=report(), **given)
    with pytest.raises(IntegrityError, match="labsample_once"):
        again(first)
    with pytest.raises(IntegrityError, match="with_a_reason"):
        again(first, corrects_id=first.pk)
    with pytest.raises(IntegrityError, match="同一断面、同一采样时间"):
        again(first, corrects_id=first.pk, reason="错", sampled_at=now())
    again(first, corrects_id=first.pk, reason="错")
    with pytest.raises(IntegrityError, match="corrects_id"):
        again(first, corrects_id=first.pk, reason="再错")


def test_no_value_is_slipped_into_a_sample_later(given, people):
    first = record_sample(report=report(TP=""), **given)
    into = ("INSERT INTO settlements_labvalue (sample_id, indicator_id, value, below_limit)"
            " SELECT %s, id, 0.1, false FROM monitoring_indicator WHERE code = 'TP'")  # fmt: skip
    with pytest.raises(IntegrityError, match="须一次登记"):
        sql(into, first.pk)
    none = LabReport(*report().head, ())
    made = correct_sample(sample=first, report=none, reason="错", by=people.bureau)
    correct_sample(sample=made, report=report(), reason="又对了", by=people.bureau)
    with pytest.raises(IntegrityError, match="须一次登记"):
        sql(into, made.pk)


def test_a_party_of_before_sees_no_later_sample(border, people, given):
    """Of an agreement about the same section that ended years ago."""
    current = border.agreement.terms.last()
    old = Agreement.objects.create(code="OLD", title="旧协议", river=border.river, state="active")
    Party.objects.create(agreement=old, jurisdiction=border.stranger, order=1)
    term = Term.objects.create(
        agreement=old, number=1, rule="baseline", rule_revision=current.rule_revision,
        parameters=current.parameters, in_force=between(date(2019, 1, 1), date(2020, 1, 1)),
    )  # fmt: skip
    TermSection.objects.create(
        term=term, section=border.section, upstream=border.stranger, downstream=border.downstream
    )
    sample = record_sample(report=report(), **given)
    assert list(visible_samples(viewer_of(people.stranger))) == []
    assert list(visible_samples(viewer_of(people.district))) == [sample]


def test_a_sample_is_named_for_the_readings_it_says_and_to_who_may_see_it(border, people, given):
    since = now() - timedelta(hours=1)
    record_sample(report=report(), **given)
    keep_reading(
        section=border.section, key=ReadingKey("Cu", APRIL, 2), value=parse("0.5"),
        by=people.bureau, reason="补录",
    )  # fmt: skip
    window = Window(
        section=border.section.pk, start=APRIL - timedelta(days=1), end=APRIL + timedelta(days=1),
        since=since, until=now(),
    )  # fmt: skip
    named = {
        who: {change.label.split()[-1]: change.source for change in readings_changed(viewer, [window])}
        for who, viewer in (
            ("bureau", viewer_of(people.bureau)), ("stranger", viewer_of(people.stranger)),
        )
    }  # fmt: skip
    assert "实验室样品" in named["bureau"]["氨氮"]
    assert "实验室样品" not in named["bureau"]["铜"]
    assert "实验室样品" not in "".join(named["stranger"].values())


def test_no_value_slips_into_a_sample_that_was_withdrawn(committed):
    border, people = Border.make(), People.make()
    given = {
        "section": border.section, "sampled_at": APRIL, "evidence": evidence(), "by": people.bureau,
    }  # fmt: skip
    elsewhere = connection.copy()  # a transaction from before runs on all the while
    try:
        with elsewhere.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_current_xact_id()")
        first = record_sample(report=report(), **given)
        nothing = LabReport(first.laboratory, first.report_number, first.method, ())
        last = correct_sample(sample=first, report=nothing, reason="错断面", by=people.bureau)
        with pytest.raises(IntegrityError, match="须一次登记"):
            sql(
                "INSERT INTO settlements_labvalue (sample_id, indicator_id, value, below_limit)"
                " VALUES (%s, %s, 9, false)",
                last.pk,
                Indicator.objects.get(code="TP").pk,
            )
    finally:
        elsewhere.close()
