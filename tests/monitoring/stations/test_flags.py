"""标识: what a kept flag means is said in words wherever a reading is shown."""

import pytest

from monitoring.models import Reading, Verdict
from monitoring.protocols.hj212 import FLAGS, is_kept_flag, kept_flag


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("F", "停站"), ("0F", "排放源停运"), ("2F", "仪器通信故障"), ("1D", "故障"), ("2hd", "现场启动测试"),
        ("SN", "手工输入（按站点设置计入）"), ("1xY", "标识 xY"), ("W", "标识 W"),
    ],
)  # fmt: skip
def test_a_flag_is_said_in_the_words_of_its_version(flag, words):
    assert Reading.flag_words(flag) == words


def test_the_same_letter_of_two_versions_is_two_flags():
    assert {kept_flag("F", version) for version in (0, 1, 2)} == {"0F", "F", "2F"}


def test_every_flag_of_every_version_has_words_and_only_valid_ones_count():
    for version, table in FLAGS.items():
        for flag in table:
            kept = kept_flag(flag, version)
            assert kept is not None
            assert Reading.flag_words(kept) != f"标识 {kept}"
            assert (kept in Reading.VALID_FLAGS) == (flag == "N")
            assert len(kept) == 1 or is_kept_flag(kept)


@pytest.mark.parametrize("flag", ["5", "12", "1F", "N;", "abcd", "故障"])
def test_what_does_not_begin_with_a_letter_is_no_flag(flag):
    assert kept_flag(flag, 1) is None


def test_a_verdict_says_the_flags_in_words():
    assert Verdict(flag_before="2F", flag_after="N").flags == ("仪器通信故障", "有效")
