"""Taking in frames: what is stored, what is kept beside it, what is answered."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from basins.refusals import Refused
from monitoring.assessment.services.assessment import means_of_month
from monitoring.models import (
    DeadLetter,
    FactorMeaning,
    ImportBatch,
    Indicator,
    QualityCheck,
    Reading,
    ReadingRevision,
    Section,
    Station,
    StationFrame,
    StationValue,
)
from monitoring.protocols.hj212 import FrameReader
from monitoring.screening.services.verdicts import ReadingKey, judge_reading
from monitoring.stations.services.arrivals import arrived
from monitoring.stations.services.receiving import Known, Taken, take_in
from monitoring.stations.services.stations import add_station, change_station
from tests.frames import MN, PASSWORD, UPLOAD, frame, said


@pytest.fixture
def station(border) -> Station:
    return add_station(mn=MN, section=border.section.code, password=PASSWORD, by=None)


def taken(*frames: bytes) -> Taken:
    reader = FrameReader()
    group = [arrived(each) for written in frames for each in reader.feed(written)]
    return take_in(group, Known.load())


def answers(*frames: bytes) -> list[tuple[str, str]]:
    reader = FrameReader()
    group = [arrived(each) for written in frames for each in reader.feed(written)]
    done = take_in(group, Known.load())
    pairs = zip(group, done.verdicts, strict=True)
    return said(b"".join(verdict.answer(each.packet) for each, verdict in pairs))


def stored(code: str = "NH3-N") -> list[tuple[Decimal, str]]:
    found = Reading.objects.filter(indicator__code=code).order_by("sampled_at")
    return list(found.values_list("value", "flag"))


def letters(**given) -> list[tuple[str, str]]:
    return list(DeadLetter.objects.filter(**given).order_by("pk").values_list("reason", "factor"))


def test_the_upload_of_the_standards_becomes_nine_readings_of_the_section(station, border):
    assert answers(UPLOAD) == [("9014", "")]
    found = Reading.objects.filter(section=border.section)
    assert found.count() == 9
    assert {r.sampled_at for r in found} == {datetime(2021, 4, 1, tzinfo=UTC)}
    assert stored() == [(Decimal("0.618"), "N")]
    batch = ImportBatch.objects.get()
    assert (batch.layout, batch.counts["stored"], batch.counts["readings"]) == ("hj212", 1, 9)
    kept = StationFrame.objects.get()
    assert (kept.batch, kept.qn, kept.station) == (batch, "20210401080000000", station)


def test_the_same_frame_again_is_answered_and_stored_once(station):
    for _ in range(3):
        assert answers(UPLOAD, UPLOAD) == [("9014", "")] * 2
    assert Reading.objects.count() == 9
    assert StationFrame.objects.count() == ImportBatch.objects.count() == 1
    assert not ReadingRevision.objects.exists()


def test_another_value_for_the_same_hour_corrects_and_the_old_one_stays_in_the_history(station):
    taken(frame("w21003-Avg=0.618,w21003-Flag=N"))
    done = taken(frame("w21003-Avg=0.620,w21003-Flag=N", qn="20210401090000000"))
    assert (done.stored, done.correction) == (0, 1)
    assert stored() == [(Decimal("0.620"), "N")]
    past = ReadingRevision.objects.get()
    assert past.value == Decimal("0.618")
    assert past.replaced_by == ImportBatch.objects.latest("pk").pk


def test_what_a_person_judged_stays_when_the_station_sends_it_again(station, border, people):
    taken(UPLOAD)
    key = ReadingKey("NH3-N", datetime(2021, 4, 1, tzinfo=UTC), 1)
    judge_reading(
        section=border.section, key=key, outcome="invalidated", reason="探头脱落", by=people.bureau
    )
    assert taken(UPLOAD).correction == 0
    assert stored() == [(Decimal("0.618"), "V")]


def test_only_valid_values_enter_the_mean_and_the_others_keep_their_flag(station, border):
    frames = [
        frame(f"w21003-Avg=1.{n},w21003-Flag={flag}", at=f"2021040{n + 1}080000", flag=9)
        for n, flag in enumerate(["N", "D", "F", "M", "S", "T", "hd"])
    ]
    assert {answer for answer, _ in answers(*frames)} == {"9014"}
    assert [flag for _, flag in stored()] == ["N", "2D", "2F", "M", "S", "T", "2hd"]
    (mean,) = means_of_month(datetime(2021, 4, 1).date(), [border.section.pk])  # noqa: DTZ001
    assert (mean.valid, mean.mean) == (1, Decimal("1.0"))


def test_what_was_typed_by_hand_counts_where_the_station_says_so(station, border):
    change_station(station=station, by=None, counts_by_hand=True)
    taken(frame("w21003-Avg=1.5,w21003-Flag=S"))
    assert stored() == [(Decimal("1.5"), "SN")]
    (mean,) = means_of_month(datetime(2021, 4, 1).date(), [border.section.pk])  # noqa: DTZ001
    assert (mean.valid, mean.mean) == (1, Decimal("1.5"))


@pytest.mark.parametrize("flag", ["sc", "cz", "cs", "SC", "ra"])
def test_the_result_of_a_check_is_no_reading(station, flag):
    assert answers(frame(f"w21003-Avg=0.5,w21003-Flag={flag}", flag=9)) == [("9014", "")]
    assert stored() == []
    check = QualityCheck.objects.get()
    assert (check.kind, check.value) == (flag.lower(), Decimal("0.5"))


@pytest.mark.parametrize("cn", ["2062", "2063", "2064"])
def test_commands_of_checks_are_kept_apart_with_their_parts(station, cn):
    written = frame("w21003-Check=0.52,w21003-Water=0.50,w21003-Flag=N", cn=cn, flag=9)
    assert answers(written) == [("9014", "")]
    assert stored() == []
    check = QualityCheck.objects.get()
    assert check.value == Decimal("0.52")
    assert check.parts == {"Check": "0.52", "Water": "0.50", "Flag": "N"}


def test_other_uploads_are_kept_beside_the_hours_and_enter_no_mean(station):
    for cn, kind in (("2011", "Rtd"), ("2051", "Avg"), ("2031", "Avg")):
        written = frame(
            f"w21003-{kind}=0.7,w21003-Min=0.5,w21003-Max=0.9,w21003-Flag=N", cn=cn, qn=f"2021040108{cn}000"
        )  # fmt: skip
        assert answers(written, written) == [("9014", "")] * 2
    assert stored() == []
    found = StationValue.objects.order_by("command").values_list(
        "command", "value", "least", "most"
    )
    assert list(found) == [
        (cn, Decimal("0.7"), Decimal("0.5"), Decimal("0.9")) for cn in ("2011", "2031", "2051")
    ]


def test_a_station_whose_minutes_are_assessed_has_them_as_readings(station):
    change_station(station=station, by=None, assessed="2011")
    taken(frame("w21003-Rtd=0.7,w21003-Flag=N", cn="2011"), frame("w21003-Avg=0.8"))
    assert stored() == [(Decimal("0.7"), "N")]
    assert StationValue.objects.get().command == "2061"


def test_unknown_factors_are_kept_and_the_known_ones_of_the_frame_stored(station):
    written = frame("w21003-Avg=0.6,w21003-Flag=N;w99999-Avg=3.2,w99999-Flag=N")
    assert answers(written) == [("9014", "")]
    assert stored() == [(Decimal("0.6"), "N")]
    letter = DeadLetter.objects.get()
    assert (letter.reason, letter.factor, letter.station) == ("factor", "w99999", station)
    assert "Avg=3.2" in letter.written


def test_a_factor_that_a_person_explained_is_read_and_one_not_wanted_is_not(station, people):
    ammonia = Indicator.objects.get(code="NH3-N")
    for factor, indicator in (("w99999", ammonia), ("w88888", None)):
        FactorMeaning.objects.create(
            station=station, factor=factor, indicator=indicator, said_by=people.bureau
        )
    taken(frame("w99999-Avg=3.2,w99999-Flag=N;w88888-Avg=1,w88888-Flag=N"))
    assert stored() == [(Decimal("3.2"), "N")]
    assert letters() == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("w01001-Avg=15.294,w01001-Flag=N", "pH 应在 0–14 之间"),
        ("w21003-Avg=-0.5,w21003-Flag=N", "浓度不能为负"),
        ("w21003-Avg=abc,w21003-Flag=N", "不是数"),
        ("w21003-Avg=1.123456789,w21003-Flag=N", "小数超过 8 位"),
        ("w21003-Avg=1.1,w21003-Flag=abcde", "数据标记无法识别"),
    ],
)
def test_an_impossible_value_is_kept_as_a_letter_and_not_stored(station, content, words):
    assert answers(frame(content)) == [("9014", "")]
    assert not Reading.objects.exists()
    letter = DeadLetter.objects.get()
    assert letter.reason == "value"
    assert words in letter.words


def test_a_fill_value_is_stored_in_doubt(station):
    taken(frame("w21003-Avg=999.9,w21003-Flag=N"))
    assert stored() == [(Decimal("999.9"), "Q")]


def test_a_missing_value_leaves_nothing(station):
    assert answers(frame("w21003-Avg=-99,w21003-Flag=N;w21011-Avg=,w21011-Flag=B")) == [
        ("9014", "")
    ]
    assert not Reading.objects.exists()
    assert letters() == []


@pytest.mark.parametrize(
    ("written", "code", "reason"),
    [
        (UPLOAD.replace(b"CAC1", b"CAC2"), 9, "crc"),
        (frame(mn="500000CQ000000000000GDL2"), 4, "station"),
        (frame(pw="654321"), 3, "password"),
        (frame(pw=""), 3, "password"),
        (frame(st="32"), 5, "packet"),
        (frame(flag=None), 6, "packet"),
        (frame(qn="20210401"), 7, "packet"),
        (frame(cn="2999"), 8, "command"),
        (frame(at="", qn="20210401080000000"), 100, "packet"),
        (frame(at="29990401080000"), 100, "time"),
        (frame(at="19990401080000"), 100, "time"),
    ],
)
def test_what_is_wrong_with_a_frame_is_answered_by_its_code_and_kept(
    station, written, code, reason
):
    assert answers(written) == [("9011", f"QnRtn={code}")]
    assert not Reading.objects.exists()
    letter = DeadLetter.objects.get()
    assert (letter.reason, letter.times) == (reason, 1)
    assert "PW=******" in letter.raw


def test_the_same_letter_again_only_counts(station):
    for _ in range(3):
        taken(frame(pw="654321"), frame(pw="654321"))
    assert DeadLetter.objects.get().times == 3, "once a group"


def test_a_station_that_is_switched_off_is_refused(station):
    change_station(station=station, by=None, is_active=False)
    assert answers(UPLOAD) == [("9011", "QnRtn=4")]
    change_station(station=station, by=None, is_active=True, password="abcdef")
    assert answers(UPLOAD) == [("9011", "QnRtn=3")]


def test_who_wants_no_answer_gets_none_and_is_stored(station):
    assert answers(frame(flag=4), frame(flag=8, at="20210401090000")) == []
    assert len(stored()) == 2


def test_a_heartbeat_is_answered_and_leaves_nothing(station):
    assert answers(frame("", cn="9015")) == [("9013", "")]
    assert not StationFrame.objects.exists()


def test_the_state_of_a_device_is_kept_as_it_was_sent(station):
    assert answers(frame("w01018-Status=0", cn="3020")) == [("9014", "")]
    assert StationFrame.objects.get().cn == "3020"


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_message_in_three_packets_is_read_once_all_are_there(station, order, at_once):
    contents = {
        1: "w21003-Avg=0.6,w21003-Flag=N",
        2: "w21011-Avg=0.2,w21011-Flag=N",
        3: "w01009-Avg=7.1",
    }
    whole = {
        n: frame(text, at="20210401080000" if n == 1 else "", qn="20210401080000000", flag=7,
                 parts=f"PNUM=3;PNO={n};")
        for n, text in contents.items()
    }  # fmt: skip
    frames = [whole[n] for n in order]
    for group in [frames] if at_once else [[each] for each in frames]:
        assert not Reading.objects.exists()
        assert answers(*group) == [("9014", "")] * len(group)
    assert [r.indicator.code for r in Reading.objects.order_by("indicator__order")] == [
        "DO", "NH3-N", "TP",
    ]  # fmt: skip
    assert StationFrame.objects.filter(joined=True).count() == 3
    assert answers(*frames) == [("9014", "")] * 3
    assert Reading.objects.count() == 3


def test_a_message_cut_in_the_middle_of_a_factor_is_put_together(station):
    halves = "DataTime=20210401080000;w210", "03-Avg=0.6,w21003-Flag=N"
    frames = [
        frame(text, at="", qn="20210401080000000", flag=7, parts=f"PNUM=2;PNO={n};")
        for n, text in enumerate(halves, 1)
    ]
    taken(*frames)
    assert stored() == [(Decimal("0.6"), "N")]


def test_history_sent_after_a_breakdown_is_stored_at_its_own_time(station):
    first = datetime(2020, 12, 31, 20)  # noqa: DTZ001  Beijing time
    frames = [
        frame(f"w21003-Avg=0.{n + 1},w21003-Flag=N", at=f"{first + timedelta(hours=4 * n):%Y%m%d%H%M%S}")
        for n in range(5)
    ]  # fmt: skip
    taken(*reversed(frames))
    assert [value for value, _ in stored()] == [Decimal(f"0.{n + 1}") for n in range(5)]
    months = {timezone.localtime(r.sampled_at).strftime("%Y-%m") for r in Reading.objects.all()}
    assert months == {"2020-12", "2021-01"}


def test_the_password_is_kept_nowhere_in_the_clear(station):
    taken(UPLOAD, frame(pw="654321"), frame(mn="OTHER0001", pw="777777"))
    texts = list(StationFrame.objects.values_list("raw", flat=True))
    texts += DeadLetter.objects.values_list("raw", flat=True)
    texts += Station.objects.values_list("password_digest", flat=True)
    assert len(texts) == 4
    for secret in (PASSWORD, "654321", "777777"):
        assert not any(secret in text for text in texts)


# Registering ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"mn": "a b"}, "mn"),
        ({"mn": MN}, "mn"),
        ({"mn": "X" * 25}, "mn"),
        ({"section": "NONE"}, "section"),
        ({"password": "12345"}, "password"),
        ({"password": "12;456"}, "password"),
    ],
)
def test_a_station_that_cannot_be_registered_names_the_field(station, border, given, field):
    whole = {"mn": "NEW0001", "section": border.section.code, "password": PASSWORD, **given}
    with pytest.raises(Refused) as refused:
        add_station(**whole, by=None)
    assert refused.value.field == field
    assert Station.objects.count() == 1


def test_the_section_takes_the_mn_it_had_none_of(station, border):
    assert Section.objects.get(pk=border.section.pk).station_mn == MN


def test_only_who_hands_in_all_readings_registers_stations(border, people):
    with pytest.raises(Refused, match="不能登记"):
        add_station(mn=MN, section=border.section.code, password=PASSWORD, by=people.district)
    add_station(mn=MN, section=border.section.code, password=PASSWORD, by=people.bureau)
