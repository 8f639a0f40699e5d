"""What could not be taken is taken in again once a person has said what it needs, or dismissed."""

from datetime import timedelta
from decimal import Decimal

import pytest

from basins.clock import moved_to
from basins.refusals import Refused
from monitoring.models import (
    DeadLetter,
    FactorMeaning,
    ImportBatch,
    ReadingRevision,
    StationFrame,
    StationValue,
)
from monitoring.screening.services.verdicts import ReadingKey, judge_reading
from monitoring.stations.services.deciding import (
    dismiss_letters,
    replay_letter,
    replay_letters,
    replay_station,
    say_factor,
)
from monitoring.stations.services.stations import change_station
from tests.stations import (
    AT,
    MN,
    Sent,
    ammonia,
    answered,
    arrive,
    open_letters,
    registered,
    segment,
    utc,
)

ODD = "w99999-Avg=0.42,w99999-Flag=N"


@pytest.fixture
def sent(border) -> Sent:
    return Sent(border.section)


@pytest.fixture
def station(border):
    return registered(border.section)


def test_a_factor_that_was_said_is_read_from_the_packets_that_were_kept(station, sent, people):
    later = AT + timedelta(hours=1)
    arrive(segment(f"{ammonia('0.31')};{ODD}"), segment("w99999-Avg=0.5", at=later))
    assert sent.at() == {"NH3-N": (Decimal("0.31"), "N")}
    done = say_factor(station=station, factor="W99999", indicator="TP", by=people.bureau)
    assert (done.taken, done.still_open, done.stored) == (2, 0, 2)
    assert sent.at() == {"NH3-N": (Decimal("0.31"), "N"), "TP": (Decimal("0.42"), "N")}
    assert sent.at(later) == {"TP": (Decimal("0.5"), "N")}
    letters = DeadLetter.objects.order_by("pk")
    assert {(one.state, one.decided_by) for one in letters} == {("replayed", people.bureau)}
    assert StationFrame.objects.count() == 2  # they were kept when they came


def test_nothing_but_the_letters_own_factor_is_stored_again(station, sent, people):
    arrive(segment(f"{ammonia('0.31')};{ODD}"))
    judge_reading(
        section=sent.section, key=ReadingKey("NH3-N", utc(AT), 1), outcome="invalidated",
        reason="探头结垢", by=people.bureau,
    )  # fmt: skip
    say_factor(station=station, factor="w99999", indicator="TP", by=people.bureau)
    assert sent.at()["NH3-N"] == (Decimal("0.31"), "V")
    batch = ImportBatch.objects.latest("pk")
    assert (batch.layout, batch.by, batch.counts["readings"]) == ("hj212", people.bureau, 1)


def test_a_factor_said_twice_stores_nothing_twice(station, sent, people):
    arrive(segment(ODD))
    say_factor(station=station, factor="w99999", indicator="TP", by=people.bureau)
    again = say_factor(station=station, factor="w99999", indicator="TP", by=people.bureau)
    assert (again.taken, again.stored) == (0, 0)
    assert ReadingRevision.objects.count() == 0
    assert FactorMeaning.objects.get().indicator.code == "TP"


def test_what_comes_after_a_factor_was_said_is_read_at_once(station, sent, people):
    say_factor(station=station, factor="w99999", indicator="TP", by=people.bureau)
    arrive(segment(ODD))
    assert sent.at() == {"TP": (Decimal("0.42"), "N")}
    assert open_letters() == []


def test_a_factor_that_is_not_read_dismisses_its_letters(station, sent, people):
    arrive(segment(ODD))
    done = say_factor(station=station, factor="w99999", indicator=None, by=people.bureau)
    letter = DeadLetter.objects.get()
    assert (done.taken, letter.state, letter.decided_why) == (
        1,
        "dismissed",
        "认定因子 w99999 不读取",
    )
    arrive(segment("w99999-Avg=0.43", at=AT + timedelta(hours=1)))
    assert open_letters() == []
    assert sent.at() == {}


def test_a_factor_of_a_message_in_two_packets_is_read_from_both(station, sent, people):
    parts = [
        segment(values, qn="20240703080000000", flag=7, more=f"PNUM=2;PNO={part};")
        for part, values in ((1, ODD), (2, ammonia("0.31")))
    ]
    for part in parts:
        arrive(part)
    say_factor(station=station, factor="w99999", indicator="TP", by=people.bureau)
    assert sent.at() == {"NH3-N": (Decimal("0.31"), "N"), "TP": (Decimal("0.42"), "N")}
    assert StationFrame.objects.count() == 2


def test_a_value_no_water_has_leaves_the_letter_open_and_says_so(station, sent, people):
    arrive(segment("w99999-Avg=-3"), segment("w99999-Avg=7.1", at=AT + timedelta(hours=1)))
    done = say_factor(station=station, factor="w99999", indicator="pH", by=people.bureau)
    assert (done.taken, done.still_open) == (1, 1)
    (letter,) = open_letters()
    assert letter.words == done.words != "不认识的因子 w99999"
    assert letter.decided_by is None


def test_a_reading_that_is_there_is_not_changed_by_an_old_letter(station, sent, people):
    arrive(segment(f"{ammonia('0.31')};{ODD}"))
    done = say_factor(station=station, factor="w99999", indicator="NH3-N", by=people.bureau)
    assert (done.taken, done.still_open, done.stored) == (0, 1, 0)
    assert sent.at() == {"NH3-N": (Decimal("0.31"), "N")}
    assert "已有另一个氨氮" in open_letters()[0].words
    assert ReadingRevision.objects.count() == 0


def test_a_factor_said_otherwise_takes_in_what_its_first_meaning_could_not(station, sent, people):
    say_factor(station=station, factor="w99999", indicator="NH3-N", by=people.bureau)
    arrive(segment(f"{ammonia('0.31')};{ODD}"))
    assert open_letters(reason="value", factor="w99999")
    done = say_factor(station=station, factor="w99999", indicator="TP", by=people.bureau)
    assert (done.taken, done.still_open) == (1, 0)
    assert sent.at() == {"NH3-N": (Decimal("0.31"), "N"), "TP": (Decimal("0.42"), "N")}


def test_a_value_of_minutes_that_is_there_stays_too(station, people):
    change_station(station=station, assessed="2061", by=people.bureau)
    arrive(segment(f"{ammonia('0.31')};{ODD}", cn="2051"))
    say_factor(station=station, factor="w99999", indicator="NH3-N", by=people.bureau)
    assert StationValue.objects.get().value == Decimal("0.31")


def test_two_factors_of_a_station_cannot_be_one_indicator(station, people):
    say_factor(station=station, factor="w99999", indicator="TP", by=people.bureau)
    with pytest.raises(Refused, match="w99999 已认定为总磷") as refused:
        say_factor(station=station, factor="w99998", indicator="TP", by=people.bureau)
    assert refused.value.field == "indicator"


def test_two_factors_in_a_packet_that_mean_the_same_leave_the_second_to_a_person(
    station, sent, people
):
    say_factor(station=station, factor="w99999", indicator="NH3-N", by=people.bureau)
    arrive(segment(f"{ammonia('0.31')};{ODD}"))
    assert sent.at() == {"NH3-N": (Decimal("0.31"), "N")}
    (letter,) = open_letters()
    assert (letter.reason, letter.factor) == ("value", "w99999")


def test_what_came_before_the_station_was_registered_is_taken_in(border, sent, people):
    first, second = segment(ammonia("0.31")), segment(ammonia("0.4"), at=AT + timedelta(hours=1))
    answered(first, second)
    registered(border.section)
    done = replay_station(mn=MN, by=people.bureau)
    assert (done.taken, done.still_open, done.stored) == (2, 0, 2)
    assert sent.at() == {"NH3-N": (Decimal("0.31"), "N")}
    frames = StationFrame.objects.order_by("qn")
    assert [frame.batch_id is None for frame in frames] == [False, False]
    assert all("死信" in frame.remark and "123456" not in frame.raw for frame in frames)


def test_what_came_with_another_password_stays_open_and_says_so(border, sent, people):
    answered(segment(ammonia("0.31"), password="999999"), segment(ammonia("9"), password="111111"))
    station = registered(border.section, password="999999")
    done = replay_station(mn=MN, by=people.bureau)
    assert (done.taken, done.still_open) == (1, 1)
    assert sent.at() == {"NH3-N": (Decimal("0.31"), "N")}
    (letter,) = open_letters()
    assert "密码与站点登记的不符" in letter.words
    change_station(station=station, password="111111", by=people.bureau)
    assert replay_station(mn=MN, by=people.bureau).still_open == 1  # 0.31 is there now
    assert "已有另一个氨氮" in open_letters()[0].words


def test_a_packet_the_station_sent_again_itself_is_stored_once(border, sent, people):
    answered(segment(ammonia("0.31")))
    registered(border.section)
    arrive(segment(ammonia("0.31")))
    done = replay_station(mn=MN, by=people.bureau)
    assert (done.taken, done.stored) == (1, 0)
    assert ImportBatch.objects.count() == 1


def test_a_packet_with_an_unknown_factor_leaves_a_letter_of_that_factor(border, sent, people):
    answered(segment(f"{ammonia('0.31')};{ODD}"))
    registered(border.section)
    assert replay_station(mn=MN, by=people.bureau).taken == 1
    (letter,) = open_letters()
    assert (letter.reason, letter.factor) == ("factor", "w99999")
    say_factor(station=letter.station, factor="w99999", indicator="TP", by=people.bureau)
    assert sent.at()["TP"] == (Decimal("0.42"), "N")


def test_a_station_that_is_not_registered_or_not_active_replays_nothing(border, people):
    answered(segment(ammonia("0.31")))
    with pytest.raises(Refused, match="还没有登记设备编码"):
        replay_station(mn=MN, by=people.bureau)
    change_station(station=registered(border.section), is_active=False, by=people.bureau)
    with pytest.raises(Refused, match="已停用"):
        replay_station(mn=MN, by=people.bureau)


def test_a_time_ahead_of_the_clock_is_taken_once_it_has_come(station, sent, people):
    with moved_to(utc(AT - timedelta(days=1))):
        answered(segment(ammonia("0.31")))
        (letter,) = open_letters(reason="time")
        assert replay_letter(letter=letter, by=people.bureau).still_open == 1
    assert replay_letter(letter=letter, by=people.bureau).taken == 1
    assert sent.at() == {"NH3-N": (Decimal("0.31"), "N")}


def test_a_frame_with_a_wrong_crc_is_never_taken(station, people):
    arrive(segment(ammonia("0.31")), whole=False)
    with pytest.raises(Refused, match="CRC 不符"):
        replay_letters(letters=open_letters(), by=people.bureau)


def test_a_segment_nobody_can_read_says_why_again(station, people):
    answered(segment(ammonia("0.31"), flag=99))
    (letter,) = open_letters(reason="packet")
    assert replay_letter(letter=letter, by=people.bureau).words == letter.words


def test_what_was_decided_stays_decided(station, sent, people):
    answered(segment(ammonia("0.31"), password="999999"))
    (letter,) = open_letters()
    assert dismiss_letters(letters=[letter], why="调试时所发", by=people.bureau) == 1
    change_station(station=station, password="999999", by=people.bureau)
    assert replay_letter(letter=letter, by=people.bureau2).taken == 0
    assert dismiss_letters(letters=[letter], why="又一次", by=people.bureau2) == 0
    letter.refresh_from_db()
    assert (letter.decided_by, letter.decided_why) == (people.bureau, "调试时所发")
    assert sent.at() == {}


@pytest.mark.parametrize("why", ["", "  ", "长" * 301])
def test_dismissing_needs_a_reason(station, people, why):
    answered(segment(ammonia("0.31"), password="999999"))
    with pytest.raises(Refused) as refused:
        dismiss_letters(letters=open_letters(), why=why, by=people.bureau)
    assert refused.value.field == "why"
    assert len(open_letters()) == 1


@pytest.mark.parametrize("who", ["treasury", "district", "admin", "auditor", "station", "nobody"])
def test_only_who_may_upload_all_readings_decides(station, people, who):
    arrive(segment(ODD))
    answered(segment(ammonia("0.31"), password="999999"))
    by, letters = getattr(people, who), open_letters()
    acts = (
        lambda: say_factor(station=station, factor="w99999", indicator="TP", by=by),
        lambda: replay_station(mn=MN, by=by),
        lambda: replay_letter(letter=letters[0], by=by),
        lambda: dismiss_letters(letters=letters, why="不要", by=by),
    )
    for act in acts:
        with pytest.raises(Refused, match="由生态环境局办理"):
            act()
    assert open_letters() == letters
