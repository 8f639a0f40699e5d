"""A paper as plain data, and the codes that are printed on it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlements.papers.codes import ALPHABET, BadCode, new_code, read_code, shown
from settlements.papers.paper import (
    Amount,
    Column,
    ColumnKind,
    Paper,
    PaperKind,
    PaperSection,
    Row,
    Table,
    as_draft,
    body_digest_of,
    digest_of,
    from_data,
    to_data,
)

TABLE = Table(
    "表",
    (
        Column("断面"),
        Column("类别", ColumnKind.CLASS),
        Column("金额", ColumnKind.YUAN),
        Column("日期", ColumnKind.DATE),
        Column("数", ColumnKind.NUMBER),
        Column("万元", ColumnKind.WAN),
    ),
    (
        Row(("甲协议",), "group"),
        Row(("交界", 3, Decimal("-1.10"), date(2024, 2, 29), Decimal("7"), Decimal("500000"))),
        Row(("合计", None, Decimal("-1.10"), None, None, None), "total"),
    ),
)
PAPER = Paper(
    kind=PaperKind.AGREEMENT,
    subject="agreement:X:2024",
    title="结算单",
    unit_line="单位：元",
    amounts=(Amount("净额", Decimal("-1.10"), "壹元壹角", "应付"),),
    sections=(PaperSection("一", ("段",), (TABLE,)),),
    filters=(("年度", "2024"),),
)
ISSUED = replace(
    PAPER,
    number="结算〔2026〕3号",
    date=date(2026, 1, 2),
    issued_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    issuer="甲",
    prepared_by="甲",
    code="0" * 16,
    ledger_head="2026-1 ab",
)


def test_a_paper_comes_back_from_its_data_as_it_was():
    assert from_data(to_data(ISSUED)) == ISSUED


def test_the_body_is_the_same_whoever_issues_it_and_whenever():
    assert body_digest_of(ISSUED) == body_digest_of(PAPER) == body_digest_of(as_draft(ISSUED))
    assert digest_of(ISSUED) != digest_of(PAPER)
    other = replace(PAPER, amounts=(Amount("净额", Decimal("-1.11"), "壹元壹角", "应付"),))
    assert body_digest_of(other) != body_digest_of(PAPER)


def test_a_row_that_does_not_fit_its_table_is_refused():
    with pytest.raises(ValueError, match="6 列"):
        replace(TABLE, rows=(Row(("一格",)),))


def test_a_code_is_read_however_it_is_typed():
    code = new_code()
    assert read_code(shown(code)) == code
    assert read_code(f" {shown(code).lower()} ") == code
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code)
    assert read_code(wide) == code
    assert read_code(code.replace("0", "O").replace("1", "l")) == code


@given(st.integers(0, 15), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_noticed(place, character):
    code = new_code()
    wrong = code[:place] + character + code[place + 1 :]
    if wrong == code:
        assert read_code(wrong) == code
    else:
        with pytest.raises(BadCode):
            read_code(wrong)


@pytest.mark.parametrize("wrong", ["", "ABCD", "U" * 16, "0" * 17, "核验码核验码核验码核验码"])
def test_what_cannot_be_a_code_is_refused(wrong):
    with pytest.raises(BadCode):
        read_code(wrong)
