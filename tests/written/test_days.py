"""Days, months and years; a month where a day is meant."""

from datetime import date

import pytest

from written.days import read_day, read_last_day, read_span
from written.text import CellError


@pytest.mark.parametrize(
    ("text", "first", "of"),
    [
        ("2023-10", date(2023, 10, 1), "month"),
        ("202310", date(2023, 10, 1), "month"),
        ("2023年10月", date(2023, 10, 1), "month"),
        ("2023 年 10 月", date(2023, 10, 1), "month"),
        ("2023-10-01", date(2023, 10, 1), "day"),
        ("2023-10-01 00:00:00", date(2023, 10, 1), "day"),
        ("２０２３", date(2023, 1, 1), "year"),
        ("2023年度", date(2023, 1, 1), "year"),
    ],
)
def test_a_span_is_as_long_as_it_is_written(text, first, of):
    span = read_span(text)
    assert (span.first, span.of) == (first, of)


@pytest.mark.parametrize("text", ["2023.1", "2023.10", "２０２３．１０"])
def test_a_number_is_no_month(text):
    with pytest.raises(CellError, match=r"是数，不是月份.*2023-10"):
        read_span(text)


@pytest.mark.parametrize("text", ["2023.1①", "2023-1①", "2025 10", "2023-1 1", "2023-13", "٢٠٢٣"])
def test_marks_and_two_numbers_make_no_date(text):
    with pytest.raises(CellError, match="不是日期"):
        read_span(text, dotted_month=True)


def test_a_day_is_asked_for_where_one_is_meant():
    assert read_day("2026-10-05") == date(2026, 10, 5)
    for text, words in (("2026-10", "是月份，没有写到日"), ("2026", "是年份，没有写到日")):
        with pytest.raises(CellError, match=words):
            read_day(text)


def test_a_deadline_written_as_a_month_is_its_last_day():
    assert read_last_day("2025-12") == date(2025, 12, 31)
    assert read_last_day("2024-02") == date(2024, 2, 29)
    assert read_last_day("2018") == date(2018, 12, 31)
