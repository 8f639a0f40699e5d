"""The named checks: all hold on healthy books, and each is broken alone."""

import json

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from jobs import services as jobs
from settlements.checks.base import MOST, Check, Context, answer
from settlements.checks.docs import PAGE, page
from settlements.checks.job import lines_of, start_checks
from settlements.checks.registry import BY_NAME, CHECKS, run_checks
from settlements.ledger.books.books import verify
from settlements.models import Adjustment, JournalEntry, Payment, Settlement
from tests.conftest import empty_database
from tests.settlements.checks.breaks import BREAKS, Break
from tests.settlements.checks.world import World


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """Committed, so that a break can take off a constraint and be rolled back."""
    with django_db_blocker.unblock():
        yield World.make()
        connection.close()
        empty_database()


def test_each_has_a_name_of_its_own():
    assert len(CHECKS) == len(BY_NAME)
    assert all(name.replace("_", "").isalpha() and name.islower() for name in BY_NAME)


def test_every_check_has_a_break():
    assert {each.check for each in BREAKS} == set(BY_NAME)


def test_all_hold_on_healthy_books(world, capsys):
    assert {s.state for s in Settlement.objects.filter(year__in=[2022, 2023])} == {"closed"}
    assert JournalEntry.objects.filter(cause="reversal").count() == 1
    assert Payment.objects.filter(overpayment=True).exists()
    assert Adjustment.objects.filter(state="approved").count() == 2
    call_command("check_books", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found == {"checks": [{"name": c.name, "ok": True, "found": []} for c in CHECKS]}


def test_a_year_closed_with_an_adjustment_in_it_verifies(world):
    """What was approved before the closing has no entry of its own and is in the year's."""
    counted = {n.jurisdiction_id: n.yuan for n in world.before.nets.all()}
    assert counted
    assert not hasattr(world.before, "entry")
    assert world.after.entry.cause == "adjustment"
    assert verify().sound


@pytest.mark.parametrize("broken", BREAKS, ids=str)
def test_each_is_broken_alone(world, broken: Break):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
        broken.make(world)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        failed = {r.check.name: r.found for r in run_checks() if not r.ok}
        transaction.set_rollback(True)
    assert list(failed) == [broken.check], failed
    assert any(broken.names in each for each in failed[broken.check]), failed


MALFORMED = [
    ("term", "parameters = '{}'", "TEST 交界", "条款期的规则或参数读不出"),
    ("term", "parameters = '[1]'", "TEST 交界", "条款期的规则或参数读不出"),
    ("term", "rule = 'gone'", "TEST 交界", "没有规则“gone”"),
    ("accrual", "inputs = '{}'", "TEST 交界 2022-01", "留存的输入读不出"),
    ("accrual", "inputs = '{\"colour\": 1}'", "TEST 交界 2022-01", "留存的输入读不出"),
    ("accrual", "inputs = inputs || '{\"period\": 7}'", "TEST 交界 2022-01", "留存的输入"),
    ("accrual", "inputs = inputs || '{\"means\": {\"TP\": \"x\"}}'", "TEST 交界 2022-01", "留存的输入"),
    ("notice", "content = '[]'", "2022-01 月通报", "存放的内容读不出"),
    ("notice", "content = '{\"agreements\": 5}'", "2022-01 月通报", "存放的内容读不出"),
    ("notice", "content = jsonb_set(content, '{agreements,0,sections,0,accrual}', '\"x\"')",
     "2022-01 月通报", "存放的内容读不出"),
    ("adjustment", "outcome = '{}'", "调整 #", "缺少 'transfers'"),
    ("issuedpaper", "content = '[]'", "文书 #", "存档的内容已残缺"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "changed", "row", "words"), MALFORMED)
def test_what_cannot_be_read_is_named_by_its_row_and_the_others_go_on(
    world, table, changed, row, words
):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(f"UPDATE settlements_{table} SET {changed}")
            assert cursor.rowcount
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        results = run_checks()
        transaction.set_rollback(True)
    found = [each for result in results for each in result.found]
    assert any(row in each and words in each for each in found), found
    assert not any("检查到此中断" in each for each in found), found
    assert len(results) == len(CHECKS)


def test_a_check_that_stops_at_what_nobody_foresaw_says_so_and_the_next_one_runs(world):
    def refused(context):
        yield "甲"
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'x'::int")

    found = answer(Check("odd", "怪", "怪。", refused), Context()).found
    assert found[0] == "甲"
    assert "检查到此中断" in found[1]
    assert answer(CHECKS[0], Context()).ok


def test_the_command_names_what_fails_and_exits_with_one(world, capsys):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(
                "UPDATE settlements_accountmonth SET net = net + 1 WHERE basis = 'booked'"
            )
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        with pytest.raises(SystemExit) as stop:
            call_command("check_books")
        transaction.set_rollback(True)
    assert stop.value.code == 1
    words = capsys.readouterr().out
    assert "不成立  余额等于分录合计（balance_is_sum_of_postings）" in words
    assert "1 项不成立，共 34 项。" in words


def test_findings_beyond_the_twentieth_are_counted():
    check = Check("many", "多", "多。", lambda context: (f"第 {n} 处" for n in range(25)))
    found = answer(check, Context()).found
    assert len(found) == MOST + 1
    assert found[-1] == "另有 5 处。"


def test_the_page_of_the_docs_is_current():
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_job_keeps_all_answers(world):
    """Run twice, it answers the same: nothing is changed by looking."""
    for _ in range(2):
        job = jobs.run(start_checks(by=world.people.auditor, wake=False).pk)
        assert (job.state, job.done, job.total) == ("done", len(CHECKS), len(CHECKS))
        assert all(line.ok for line in lines_of(job))
        assert [line.check for line in lines_of(job)] == list(CHECKS)
