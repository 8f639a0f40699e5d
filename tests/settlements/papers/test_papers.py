"""Building papers from data, issuing them, and telling a genuine one from an altered one."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from basins import clock
from basins.access import viewer_of
from basins.words import day_words
from settlements import pipeline
from settlements.models import Accrual, IssuedPaper, JournalEntry, Notice
from settlements.money import yuan
from settlements.moving.acts import NotAllowed, Refused
from settlements.papers.paper import Paper, Table, from_data, to_data
from settlements.papers.queries import papers as queries
from settlements.papers.queries.papers import agreement_paper, built, district_paper
from settlements.papers.queries.sources import Standing
from settlements.papers.services.papers import (
    PaperFinding,
    issue,
    paper_of_published,
    record_file,
    verify_code,
)
from tests.published import published
from tests.told_once import World, bare, of_told, told_instead, told_once
from tests.worlds import close_published_year, close_year, publish_year, taken_as


def measured_year() -> World:
    """2024: upstream is owed 100 万元 for ten months, owes it for November; December has none."""
    world = bare()
    border = world["border"]
    for when in border.months("2024-01", "2024-10"):
        border.measured(when, "II")
    border.measured("2024-11", "IV")
    border.measured("2024-12", "III")
    with clock.moved_to(date(2025, 1, 15)):  # no month after the year is computed
        pipeline.recompute()
    return world


told = told_once(measured_year)
year = of_told("border")


def book(border, people) -> JournalEntry:
    """The year closed, and its entry in the ledger."""
    close_year(border.agreement, 2024, people, on=date(2025, 2, 3))
    return JournalEntry.objects.get(cause="settlement")


def finished(viewer, subject: str) -> Paper:
    """The statement once everything of its year is published."""
    taken_as("published", Accrual.objects.filter(state="preliminary"))
    return built(viewer, subject)


def table(paper: Paper, title: str) -> Table:
    return next(t for s in paper.sections for t in s.tables if t.title == title)


def column(found: Table, title: str, role: str = "") -> list:
    at = [c.title for c in found.columns].index(title)
    return [row.cells[at] for row in found.rows if row.role == role]


def test_the_statement_of_an_agreement_holds_twelve_months_and_sums_to_the_nets(year, people):
    paper = agreement_paper(Standing(viewer_of(people.bureau)), "TEST", 2024)
    months = table(paper, "逐月结果")
    assert column(months, "月份") == [f"{n}月" for n in range(1, 13)]
    amounts = column(months, "交界\n金额（元）")
    assert amounts == [yuan("1000000")] * 10 + [yuan("-1000000"), yuan(0)]
    assert column(months, "交界\n金额（元）", "total") == [sum(amounts)]
    assert [(a.word, a.yuan, a.capitals) for a in paper.amounts] == [
        ("应收", yuan("9000000"), "玖佰万元整"),
        ("应付", yuan("-9000000"), "玖佰万元整"),
    ]
    assert column(table(paper, "各方净额"), "净额（元）", "total") == [0]
    assert table(paper, "关账凭证").rows == ()


def test_the_closing_entry_and_the_account_stand_on_the_statements(year, people):
    entry = book(year, people)
    viewer = viewer_of(people.treasury)
    rows = table(agreement_paper(Standing(viewer), "TEST", 2024), "关账凭证")
    assert column(rows, "凭证") == [entry.label] * 2
    assert column(rows, "增加（元）") == [yuan("9000000"), None]
    assert column(rows, "减少（元）") == [None, yuan("9000000")]
    assert column(rows, "增加（元）", "total") == column(rows, "减少（元）", "total")
    paper = district_paper(Standing(viewer), "500901", 2025)
    moved = table(paper, "账户往来")
    assert column(moved, "余额（元）") == [yuan(0), yuan("9000000")]
    assert column(moved, "余额（元）", "total") == [yuan("9000000")]
    assert paper.amounts[-1].yuan == yuan("9000000")


def test_the_statement_of_a_district_names_every_month_and_both_sides_mirror(year, people):
    viewer = viewer_of(people.bureau)
    up, down = (district_paper(Standing(viewer), code, 2024) for code in ("500901", "500902"))
    ours, theirs = (column(table(p, "逐月明细"), "金额（元）") for p in (up, down))
    assert len(ours) == 12
    assert ours == [-amount for amount in theirs]
    assert column(table(up, "逐月明细"), "金额（元）", "total") == [yuan("9000000")]
    assert column(table(up, "各协议收付"), "应付（元）") == [yuan("1000000")]
    assert district_paper(Standing(viewer), "500903", 2024) is None


def notice(people, when: str = "2024-11"):
    """The month's notice, published on 1 February 2025."""
    with clock.moved_to(date(2025, 2, 1)):
        return published(people, when)


def notice_subject(found) -> str:
    return f"notice:{found.month:%Y-%m}:{found.pk}"


def test_the_notice_on_paper_says_what_the_published_notice_says(year, people):
    found = notice(people)
    issued = paper_of_published(built(viewer_of(people.bureau), notice_subject(found)))
    paper = from_data(issued.content)
    assert (paper.number, paper.date) == ("通报〔2025〕1号", date(2025, 2, 1))
    assert (paper.prepared_by, paper.issuer) == ("bureau", "bureau2")
    assert paper.summary[0] == found.summary
    month = found.months.get()
    until = f"{month.objection_until.year}年{day_words(month.objection_until)}"
    assert paper.summary[-1].startswith(f"各方可于 {until}前（含当日）确认，或附理由和证据提出异议")
    # Listed by its signing, whenever its file was first made.
    assert (issued.signed_at, issued.signed_by) == (found.published_at, "bureau2")
    assert issued.issued_at == found.published_at
    assert paper.ledger_head == found.ledger_head
    assert paper.amounts[0].yuan == yuan(found.content["total"]) == yuan("1000000")
    parties = table(paper, "各方收付")
    assert sum(column(parties, "净额（万元）")) == 0
    assert column(parties, "应收（万元）", "total") == [yuan("1000000")]
    lines = table(paper, "各方明细")
    assert column(lines, "金额（万元）") == [yuan("-1000000"), yuan("1000000")]
    over = table(paper, "氨氮")
    assert column(over, "月均值（mg/L）") == [Decimal("1.200")]
    assert column(over, "超标倍数") == [Decimal("0.20")]


def test_the_paper_of_a_notice_stays_whatever_the_data_say_later(year, people):
    found = notice(people)
    viewer = viewer_of(people.bureau)
    first = paper_of_published(built(viewer, notice_subject(found)))
    year.measured("2024-11", "II")
    with clock.moved_to(date(2025, 2, 15)):
        pipeline.recompute()
    again = paper_of_published(built(viewer_of(people.district), notice_subject(found)))
    assert again == first
    assert verify_code(first.code).finding is PaperFinding.GENUINE


def test_a_notices_paper_bears_the_notices_number_whenever_it_is_asked_for(year, people):
    first, second = notice(people, "2024-10"), notice(people, "2024-11")
    viewer = viewer_of(people.bureau)
    papers = [paper_of_published(built(viewer, notice_subject(n))) for n in (second, first)]
    assert [p.label for p in papers] == ["通报〔2025〕2号", "通报〔2025〕1号"]
    assert {verify_code(p.code).finding for p in papers} == {PaperFinding.GENUINE}
    assert table(from_data(papers[1].content), "各指标").rows == ()


SUBJECTS = ("agreement:TEST:2024", "district:500901:2024")
#            agreement, own district, notice
SEES = {
    "bureau": (True, True, True),
    "treasury": (True, True, True),
    "admin": (True, True, True),
    "auditor": (True, True, True),
    "district": (True, True, True),
    "stranger": (False, False, True),
    "township": (False, False, False),
    "station": (False, False, False),
    "nobody": (False, False, False),
}


def test_each_person_builds_what_they_may_see_and_nothing_else(year, people):
    subjects = (*SUBJECTS, notice_subject(notice(people)))
    for name, sees in SEES.items():
        viewer = viewer_of(getattr(people, name))
        assert tuple(built(viewer, s) is not None for s in subjects) == sees, name


def test_an_issued_paper_is_seen_by_its_parties_and_a_notice_by_all_districts(year, people):
    bureau = viewer_of(people.bureau)
    subject = notice_subject(notice(people))
    paper_of_published(built(bureau, subject))
    for each in SUBJECTS:
        issue(finished(bureau, each), people.bureau)
    for name, sees in SEES.items():
        seen = queries.visible_papers(viewer_of(getattr(people, name)))
        found = tuple(seen.filter(subject=s).exists() for s in (*SUBJECTS, subject))
        assert found == sees, name


NO_SUBJECTS = (
    "", "x", "agreement:TEST", "agreement:TEST:20x4", "notice:2024-13", "notice:2024", "who:A:1",
    "district:500901:99999", "agreement:NONE:2024", "agreement:TEST:1999", "notice:1999-01",
    "notice:2024-11", "notice:2024-11:x", "notice:2024-11:0", "notice:2024-11:999999",
)  # fmt: skip


def test_a_subject_that_names_nothing_builds_nothing(year, people):
    viewer = viewer_of(people.bureau)
    assert [s for s in NO_SUBJECTS if built(viewer, s) is not None] == []


def test_the_queries_of_a_paper_do_not_grow_with_its_months(
    year, people, django_assert_max_num_queries
):
    viewer = viewer_of(people.bureau)
    subjects = (*SUBJECTS, notice_subject(notice(people)))
    for subject, most in zip(subjects, (24, 15, 3), strict=True):
        with django_assert_max_num_queries(most):
            built(viewer, subject)


# Issuing --------------------------------------------------------------------------------------


def test_the_same_content_issued_again_is_the_same_paper(year, people):
    paper = finished(viewer_of(people.bureau), SUBJECTS[0])
    with clock.moved_to(date(2025, 3, 1)):
        first = issue(paper, people.bureau)
    with clock.moved_to(date(2025, 4, 1)):
        again = issue(finished(viewer_of(people.treasury), SUBJECTS[0]), people.treasury)
    assert again.pk == first.pk
    assert first.label == "结算〔2025〕1号"
    assert from_data(first.content).date == date(2025, 3, 1)


def test_changed_content_takes_the_next_number_and_the_place_of_the_old(year, people):
    viewer = viewer_of(people.bureau)
    publish_year(year.agreement, 2024, people, on=date(2025, 1, 20))
    first = issue(built(viewer, SUBJECTS[0]), people.bureau)
    close_published_year(year.agreement, 2024, people, on=date(2025, 2, 3))
    second = issue(built(viewer, SUBJECTS[0]), people.bureau)
    other = issue(built(viewer, SUBJECTS[1]), people.bureau)
    assert (first.number, second.number, other.number) == (1, 2, 1)
    assert second.supersedes == first
    assert first.ledger_head == ""
    entry = JournalEntry.objects.get()
    assert second.ledger_head == f"{entry.year}-{entry.number} {entry.hash}"
    verdict = verify_code(first.code)
    assert (verdict.finding, verdict.superseding) == (PaperFinding.GENUINE, second)


def test_a_statement_of_a_year_that_runs_is_a_draft_by_its_name_and_never_issued(year, people):
    viewer = viewer_of(people.bureau)
    with clock.moved_to(date(2024, 11, 30)):
        for subject in SUBJECTS:
            draft = built(viewer, subject)
            assert draft.title.endswith("（草稿，截至 2024-11-30）")
            assert draft.draft == "2024 年尚未结束"
            assert draft.number == ""
            assert "请各方核对确认" not in "".join(draft.summary), "a draft is nothing to confirm"
            assert any("没有文号和核验码" in note for note in draft.notes)
            with pytest.raises(Refused, match="只是草稿，不编号、不签发"):
                issue(draft, people.bureau)
        assert queries.subjects_of_year(viewer, 2024) == []
    assert built(viewer, SUBJECTS[0]).draft == "2024 年有 12 项核算尚未发布"
    assert queries.subjects_of_year(viewer, 2024) == []
    for subject in SUBJECTS:
        paper = finished(viewer, subject)
        assert (paper.draft, "草稿" in paper.title) == ("", False)
    assert queries.subjects_of_year(viewer, 2024) == [*SUBJECTS, "district:500902:2024"]
    assert not IssuedPaper.objects.exists()


def test_what_was_issued_before_there_were_drafts_reads_as_it_did(year, people):
    paper = finished(viewer_of(people.bureau), SUBJECTS[0])
    content = to_data(paper)
    assert "draft" not in content
    assert from_data(content) == paper
    draft = replace(paper, draft="2024 年尚未结束")
    assert from_data(to_data(draft)) == draft


def test_only_who_publishes_or_clears_issues_and_a_notice_is_signed_off_not_issued(year, people):
    monthly = built(viewer_of(people.bureau), notice_subject(notice(people)))
    statement = finished(viewer_of(people.bureau), SUBJECTS[0])
    refused = [(statement, name) for name in SEES if name not in ("bureau", "treasury")]
    refused += [(monthly, name) for name in SEES]
    for paper, name in refused:
        with pytest.raises(NotAllowed):
            issue(paper, getattr(people, name))
    assert not IssuedPaper.objects.exists()
    assert issue(statement, people.treasury).number == 1
    with pytest.raises(ValueError, match="不是已发布的月通报"):
        paper_of_published(statement)


FORBIDDEN = (
    "UPDATE settlements_issuedpaper SET title = 'x'",
    "DELETE FROM settlements_issuedpaper",
    "TRUNCATE settlements_issuedpaper CASCADE",
    "DELETE FROM settlements_paperfile",
    "INSERT INTO settlements_issuedpaper (kind, year, number, subject, period_year, title, content,"
    " digest, body_digest, code, ledger_head, issued_at, issued_by_id) SELECT kind, year, 7, 'x',"
    " period_year, title, content, digest, body_digest, 'c', '', issued_at, issued_by_id"
    " FROM settlements_issuedpaper",
)


def test_the_database_lets_nobody_change_a_paper_or_leave_out_a_number(year, people):
    issued = issue(finished(viewer_of(people.bureau), SUBJECTS[0]), people.bureau)
    record_file(paper=issued, format="pdf", content=b"x")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for statement in FORBIDDEN:
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


# Verifying ------------------------------------------------------------------------------------

ALTERATIONS = (
    "content = jsonb_set(content, '{amounts,0,yuan}', '\"9000001.00\"')",
    "content = jsonb_set(content, '{sections,1,tables,0,rows,0,cells,0}', '\"别处\"')",
    "content = jsonb_set(content, '{number}', '\"结算〔2026〕9号\"')",
    "content = content - 'amounts'",
    "digest = repeat('0', 64)",
    "title = '别的标题'",
    "number = 5",
    "ledger_head = '2020-1 00'",
)


def test_a_paper_altered_past_the_guards_is_told(year, people):
    issued = issue(finished(viewer_of(people.bureau), SUBJECTS[0]), people.bureau)
    for alteration in ALTERATIONS:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET session_replication_role = replica")
                cursor.execute(f"UPDATE settlements_issuedpaper SET {alteration}")
                cursor.execute("SET session_replication_role = DEFAULT")
            verdict = verify_code(issued.code)
            transaction.set_rollback(True)
        assert (verdict.finding, bool(verdict.problem)) == (PaperFinding.ALTERED, True), alteration
        assert verify_code(issued.code).finding is PaperFinding.GENUINE


def test_a_code_nobody_issued_is_unknown(people):
    assert verify_code("0" * 16).finding is PaperFinding.UNKNOWN


@told_instead(bare)
def test_a_notice_is_known_from_its_publication_on(border, people):
    for when in border.months("2022-01", "2023-01"):
        border.measured(when, "II")
    pipeline.recompute()
    before = timezone.now()
    with clock.moved_to(date(2023, 2, 6)):
        published(people, "2023-01")
    notice = Notice.objects.get()
    viewer, subject = viewer_of(people.bureau), f"notice:2023-01:{notice.pk}"
    assert built(viewer, subject, timezone.now()) == built(viewer, subject)
    assert built(viewer, subject, before) is None
