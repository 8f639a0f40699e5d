"""HJ 212 and HJ 1404 on the wire: frames, packets, contents, flags, answers."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.protocols.hj212 import (
    FLAGS,
    LONGEST,
    Frame,
    FrameReader,
    Garbage,
    QnRtn,
    crc16,
    data_answer,
    flag_words,
    framed,
    kept_flag,
    quality_control,
    read_packet,
    read_upload,
    request_answer,
)
from tests.frames import EXAMPLE_2017, EXAMPLE_2025, UPLOAD, frame, segment


def read(*pieces: bytes) -> list[Frame | Garbage]:
    reader = FrameReader()
    return [found for piece in pieces for found in reader.feed(piece)]


def upload_of(content: str, **given):
    return read_upload(read_packet(segment(content, **given)))


@pytest.mark.parametrize("written", [EXAMPLE_2017, EXAMPLE_2025, UPLOAD])
def test_the_examples_of_the_standards_have_their_crc(written):
    (found,) = read(written)
    assert (found.whole, found.remark) == (True, "")
    assert framed(found.segment) == written
    assert read_packet(found.segment).problem is None


def test_the_upload_of_the_standards_is_read_value_by_value():
    (found,) = read(UPLOAD)
    upload = read_upload(read_packet(found.segment))
    assert upload.at == datetime(2021, 4, 1, tzinfo=UTC)
    values = [(one.factor, one.value, one.flag) for one in upload.fields]
    assert values == [
        ("w01010", Decimal("16.3"), "N"),
        ("w01001", Decimal("7.91"), "N"),
        ("w01009", Decimal("7.27"), "N"),
        ("w01014", Decimal("334.9"), "N"),
        ("w01003", Decimal("73.6"), "N"),
        ("w01019", Decimal("6.14"), "N"),
        ("w21003", Decimal("0.618"), "N"),
        ("w21011", Decimal("0.190"), "N"),
        ("w21001", Decimal("3.79"), "N"),
    ]
    assert upload.unread == ()


def test_a_frame_cut_into_single_bytes_is_one_frame():
    (found,) = read(*(UPLOAD[n : n + 1] for n in range(len(UPLOAD))))
    assert found.whole


@pytest.mark.parametrize("between", [b"\r\n", b"\n", b"", b"\r\n\r\n"])
def test_many_frames_in_one_read_are_many_frames(between):
    found = read(between.join([UPLOAD.strip(), EXAMPLE_2017.strip(), EXAMPLE_2025.strip()]))
    assert [read_packet(each.segment).cn for each in found] == ["2061", "1062", "1011"]
    assert all(each.whole for each in found)


@pytest.mark.parametrize(
    ("written", "remark"),
    [
        (UPLOAD.replace(b"##0383", b"##0380"), "长度 0380 不符，实为 0383"),
        (UPLOAD.replace(b"##0383", b"##9999"), "长度 9999 不符，实为 0383"),
        (UPLOAD.replace(b"##0383", b"##383"), "长度 383 不符，实为 0383"),
        (UPLOAD.replace(b"##0383", b"##"), "长度 （空） 不符，实为 0383"),
        (UPLOAD.replace(b"CAC1", b"cac1"), ""),
    ],
)
def test_a_frame_whose_length_is_wrong_and_whose_crc_is_right_is_taken_with_a_remark(
    written, remark
):
    (found,) = read(written)
    assert (found.whole, found.remark) == (True, remark)
    assert found.segment == UPLOAD[6:-6]


def test_a_segment_longer_than_the_standard_allows_is_taken_with_a_remark():
    (found,) = read(frame(";".join(f"w21003-Avg=0.{n:04d}" for n in range(90))))
    assert found.whole
    assert "超过规定的 1024 字节" in found.remark


def test_a_wrong_crc_is_no_frame_and_the_next_one_is_read():
    bad, good = read(UPLOAD.replace(b"CAC1", b"CAC2") + EXAMPLE_2017)
    assert (bad.whole, good.whole) == (False, True)
    assert "应为 CAC1" in bad.remark


def test_a_changed_digit_is_found_out_even_where_the_frame_ends_the_read():
    (bad,) = read(UPLOAD.replace(b"0.618", b"0.518").strip())
    assert not bad.whole


def test_garbage_is_counted_and_a_frame_behind_it_is_read():
    junk, found = read(b"GET / HTTP/1.1\r\n\r\n" + UPLOAD)
    assert (junk.size, junk.begins) == (14, b"GET / HTTP/1.1")
    assert found.whole


def test_a_frame_that_never_ends_is_given_up_and_holds_no_more_than_the_bound():
    reader, found = FrameReader(), list[Frame | Garbage]()
    for n in range(100):
        found += reader.feed(b"x" * 1000 if n else b"##9999")
        assert len(reader.pending) <= LONGEST
    assert any(isinstance(each, Garbage) and each.oversize for each in found)
    assert [each.whole for each in reader.feed(UPLOAD) if isinstance(each, Frame)] == [True]


@given(st.binary(max_size=600), st.lists(st.integers(1, 50), max_size=20))
def test_whatever_comes_a_whole_frame_behind_it_is_read(junk, cuts):
    written, pieces = junk + b"\n" + UPLOAD, []
    for cut in cuts:
        pieces.append(written[:cut])
        written = written[cut:]
    found = read(*pieces, written)
    assert found
    assert isinstance(found[-1], Frame)
    assert found[-1].segment == UPLOAD[6:-6]


@given(st.binary(max_size=400))
def test_a_segment_of_any_bytes_is_read_without_an_error(junk):
    packet = read_packet(junk)
    assert packet.problem is not None or packet.mn
    if packet.cn in ("2011", "2061"):
        read_upload(packet)


@given(
    st.text(st.characters(codec="ascii", exclude_characters="&"), max_size=200),
    st.sampled_from(["2011", "2051", "2061", "2031", "2062"]),
)
def test_a_content_of_any_text_is_read_without_an_error(content, cn):
    upload = upload_of(content, cn=cn)
    for one in upload.fields:
        assert one.value is None or one.value.is_finite()


@given(st.binary(max_size=300))
def test_the_crc_by_table_is_the_crc_of_the_standard(data):
    register = 0xFFFF
    for byte in data:
        register = (register >> 8) ^ byte
        for _ in range(8):
            out = register & 1
            register >>= 1
            if out:
                register ^= 0xA001
    assert crc16(data) == register


# Packets ----------------------------------------------------------------------------------------


def test_fields_stand_in_any_order_and_in_any_case():
    packet = read_packet(
        b"flag=7;PNO=2;MN=A500110_0001;CP=&&a-Rtd=1&&;CN=2011;pnum=3;QN=20240101000000000"
    )
    assert packet.problem is None
    assert (packet.part, packet.parts, packet.cn, packet.content) == (2, 3, "2011", "a-Rtd=1")


def test_packet_numbers_inside_the_content_count():
    packet = read_packet(segment("PNUM=4;PNO=3;w21003-Avg=1", flag=7))
    assert (packet.part, packet.parts) == (3, 4)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"flag": None}, QnRtn.FLAG),
        ({"flag": 12}, QnRtn.FLAG),
        ({"flag": 999}, QnRtn.FLAG),
        ({"qn": "2021"}, QnRtn.QN),
        ({"mn": ""}, QnRtn.MN),
        ({"mn": "A" * 25}, QnRtn.MN),
        ({"mn": "断面"}, QnRtn.UNKNOWN),
        ({"cn": "20"}, QnRtn.CN),
        ({"parts": "PNUM=2;PNO=3;"}, QnRtn.UNKNOWN),
    ],
)
def test_what_is_wrong_with_a_packet_has_its_code(given, code):
    assert read_packet(segment(**given)).problem.code == code


def test_a_field_that_says_two_things_is_refused_and_one_that_says_the_same_twice_is_not():
    two = read_packet(segment().replace(b"ST=21;", b"ST=21;MN=OTHER;"))
    same = read_packet(segment().replace(b"ST=21;", b"ST=21;ST=21;"))
    assert two.problem.code == QnRtn.UNKNOWN
    assert "MN" in two.problem.words
    assert same.problem is None


@pytest.mark.parametrize(("flag", "version", "wanted"), [(0, 0, False), (1, 0, True), (4, 1, False),
    (5, 1, True), (7, 1, True), (8, 2, False), (9, 2, True), (10, 2, False), (11, 2, True)])  # fmt: skip
def test_the_flag_tells_version_and_whether_an_answer_is_wanted(flag, version, wanted):
    packet = read_packet(segment(flag=flag))
    assert (packet.version, packet.wants_answer) == (version, wanted)


@pytest.mark.parametrize(("flag", "answered"), [(1, 0), (5, 4), (7, 4), (9, 8), (11, 8)])
def test_an_answer_speaks_the_version_it_was_asked_in(flag, answered):
    packet = read_packet(segment(flag=flag))
    for written in (data_answer(packet), request_answer(packet, QnRtn.PW)):
        (found,) = read(written)
        back = read_packet(found.segment)
        assert (found.whole, back.flag, back.st) == (True, answered, "91")
        assert (back.qn, back.mn) == (packet.qn, packet.mn)


def test_a_data_answer_is_empty_and_a_refusal_says_its_code():
    packet = read_packet(segment())
    assert b";CN=9014;" in data_answer(packet)
    assert b"CP=&&&&" in data_answer(packet)
    assert b"CN=9011" in request_answer(packet, QnRtn.CRC)
    assert b"CP=&&QnRtn=9&&" in request_answer(packet, QnRtn.CRC)


# Contents ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("W21003-Avg=0.618,W21003-Flag=N", Decimal("0.618")),
        ("w21003-avg=0.618,w21003-flag=N", Decimal("0.618")),
        ("w21003-Avg=0.618;w21003-Flag=N", Decimal("0.618")),
        ("w21003-SampleTime=20210401080000,w21003-Avg=0.618,w21003-Flag=N", Decimal("0.618")),
        ("w21003-Min=0.1,w21003-Avg=0.618,w21003-Max=0.9,w21003-Flag=N", Decimal("0.618")),
        ("w21003-Rtd=0.618,w21003-Flag=N", Decimal("0.618")),
        ("w21003-Avg=-99,w21003-Flag=N", None),
        ("w21003-Avg=-99.0,w21003-Flag=N", None),
        ("w21003-Avg=-9999,w21003-Flag=N", None),
        ("w21003-Avg=,w21003-Flag=D", None),
        ("w21003-Flag=B", None),
    ],
)
def test_a_value_is_taken_as_it_is_written_and_a_missing_one_is_none(content, value):
    (one,) = upload_of(content).fields
    assert (one.factor, one.value) == ("w21003", value)


@pytest.mark.parametrize(
    "written", ["abc", "1,5e", "1e", "Infinity", "1_000", "0x1F", "٣", "1" * 50]
)
def test_what_is_no_number_is_kept_as_unread(written):
    upload = upload_of(f"w21003-Avg={written},w21003-Flag=N;w21011-Avg=0.1,w21011-Flag=N")
    assert [one.factor for one in upload.fields] == ["w21011"]
    assert [each.factor for each in upload.unread] == ["w21003"]


def test_a_decimal_comma_is_no_value():
    upload = upload_of("w21003-Avg=1,5,w21003-Flag=N;w21011-Avg=0.1,w21011-Flag=N")
    assert [one.factor for one in upload.fields] == ["w21011"]
    assert "小数点须用" in upload.unread[0].words


def test_a_factor_with_two_values_has_none():
    upload = upload_of("w21003-Avg=1.1;w21003-Avg=1.2;w21011-Avg=0.1;w21011-Avg=0.1")
    assert [one.factor for one in upload.fields] == ["w21011"]
    assert upload.unread[0].words == "同一因子有两个值，无法判断哪个为准"


@pytest.mark.parametrize("at", ["", "2021", "20211301080000", "20210401250000", "2021-04-01 08:"])
def test_a_content_without_a_time_is_a_problem(at):
    upload = upload_of("w21003-Avg=1.1", at=at, qn="20210401080000000")
    assert upload.at is None
    assert upload.problem.code == QnRtn.UNKNOWN


def test_a_time_is_beijing_time_whatever_the_machine_says():
    assert upload_of("w21003-Avg=1", at="20210401000000").at == datetime(
        2021, 3, 31, 16, tzinfo=UTC
    )


# Flags ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flag", "version", "kept", "words"),
    [
        ("F", 1, "F", ""),
        ("F", 2, "2F", "仪器通信故障"),
        ("B", 1, "1B", "通讯异常"),
        ("B", 2, "2B", "仪器离线"),
        ("D", 1, "1D", "故障"),
        ("D", 2, "2D", "仪器故障"),
        ("S", 0, "0S", "设定值"),
        ("hd", 2, "2hd", "现场启动测试"),
        ("X", 2, "2X", "标识 X"),
        ("N", 0, "N", ""),
        ("", 1, "N", ""),
    ],
)
def test_a_letter_is_kept_with_the_version_whose_own_meaning_it_has(flag, version, kept, words):
    assert kept_flag(flag, version) == kept
    assert flag_words(kept) == words


def test_only_n_counts_and_s_where_the_station_says_so():
    kept = {kept_flag(flag, version) for version, table in FLAGS.items() for flag in table}
    assert "SN" not in kept
    assert kept_flag("S", 1, counts_by_hand=True) == kept_flag("S", 2, counts_by_hand=True) == "SN"
    assert kept_flag("S", 0, counts_by_hand=True) == "0S", "in 2005 S is a value that was set"
    for version, table in FLAGS.items():
        counting = [flag for flag in table if kept_flag(flag, version) == "N"]
        assert counting == ["N"]


@pytest.mark.parametrize("flag", ["abcd", "N;", "负", "a b"])
def test_what_is_no_flag_is_none(flag):
    assert kept_flag(flag, 1) is None


def test_results_of_checks_are_told_by_their_flag_in_either_case():
    kinds = {flag: quality_control(flag) for flag in ("sc", "CZ", "cs", "N", "S", "")}
    assert kinds == {"sc": "sc", "CZ": "cz", "cs": "cs", "N": "", "S": "", "": ""}
