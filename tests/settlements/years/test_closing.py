"""年清缴: data signed, amounts confirmed, closed by two persons, and nothing past the table."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from basins.clock import moved_to
from settlements import pipeline
from settlements.ledger.services.ledger import Line, account_of, post
from settlements.models import Accrual, Settlement, StateMove
from settlements.moving.acts import NotAllowed, Refused, moving
from settlements.years.services.closing import close_settlement, prepare_closing, return_closing
from settlements.years.services.signing import confirm_amounts, sign_data
from settlements.years.services.year_data import NotReady
from tests.told_once import World, bare, told_instead, told_once
from tests.worlds import close_year, out_of_office, publish_year

MILLION = Decimal("1000000.00")
ON = date(2024, 2, 5)


def published_year() -> World:
    """2023: five months better than the target, all published and final."""
    world = bare()
    border = world["border"]
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "II" if when in border.months("2023-01", "2023-05") else "III")
    pipeline.recompute()
    publish_year(border.agreement, 2023, world["people"], on=date(2024, 1, 20))
    return world


told = told_once(published_year)


@pytest.fixture
def year(border) -> Settlement:
    with moved_to(ON):
        yield Settlement.objects.get(year=2023)


def signed(year, people):
    sign_data(settlement=year, by=people.district)
    return sign_data(settlement=year, by=people.downstream)


def confirmed(year, people):
    signed(year, people)
    confirm_amounts(settlement=year, by=people.downstream)
    return confirm_amounts(settlement=year, by=people.district)


def state(year) -> str:
    return Settlement.objects.get(pk=year.pk).state


def test_the_last_partys_signature_moves_the_year_on(year, people):
    sign_data(settlement=year, by=people.district)
    assert state(year) == "open"
    sign_data(settlement=year, by=people.downstream)
    assert state(year) == "signed"


def test_data_are_signed_before_amounts(year, people):
    with pytest.raises(Refused, match="签认年度数据"):
        confirm_amounts(settlement=year, by=people.district)
    assert not year.signatures.exists()


def test_a_party_signs_once(year, people):
    sign_data(settlement=year, by=people.district)
    with pytest.raises(Refused, match="已签认"):
        sign_data(settlement=year, by=people.district)


@pytest.mark.parametrize("who", ["stranger", "treasury", "admin", "auditor", "station", "nobody"])
def test_nobody_else_signs(year, people, who):
    with pytest.raises(NotAllowed):
        sign_data(settlement=year, by=getattr(people, who))
    with pytest.raises(NotAllowed):
        sign_data(
            settlement=year, by=getattr(people, who), party=people.district.roles.get().jurisdiction
        )
    assert not year.signatures.exists()


def test_the_bureau_enters_only_for_a_party_without_a_person(year, border, people):
    with pytest.raises(Refused, match="自己的经办人"):
        sign_data(settlement=year, by=people.bureau, party=border.upstream, document="函1")
    out_of_office(people.district)
    with pytest.raises(Refused, match="文号"):
        sign_data(settlement=year, by=people.bureau, party=border.upstream)
    sign_data(
        settlement=year, by=people.bureau, party=border.upstream, document="梁府函〔2024〕3号"
    )
    assert year.signatures.get().document == "梁府函〔2024〕3号"


def test_two_persons_close(year, people):
    confirmed(year, people)
    prepare_closing(settlement=year, by=people.bureau)
    with pytest.raises(Refused, match="另一人"):
        close_settlement(settlement=year, by=people.bureau)
    closed = close_settlement(settlement=year, by=people.bureau2)
    assert (closed.closed_on, closed.closed_by) == (ON, people.bureau2)
    assert set(Accrual.objects.filter(period__year=2023).values_list("state", flat=True)) == {
        "settled"
    }
    lines = closed.entries.get().postings.all()
    assert {p.account.jurisdiction.name: p.yuan for p in lines} == {
        "上游区": 5 * MILLION,
        "下游区": -5 * MILLION,
    }


def test_a_closing_takes_few_statements(year, people):
    """With its entry, the demand and whom it tells; whatever the months, as in benchmarks/ledger.py."""
    confirmed(year, people)
    with CaptureQueriesContext(connection) as queries:
        prepare_closing(settlement=year, by=people.bureau)
    assert len(queries) <= 18
    with CaptureQueriesContext(connection) as queries:
        close_settlement(settlement=year, by=people.bureau2)
    assert len(queries) <= 20


def test_every_step_is_written_down_with_its_doer(year, people):
    confirmed(year, people)
    prepare_closing(settlement=year, by=people.bureau)
    return_closing(settlement=year, by=people.bureau2, why="金额待核")
    prepare_closing(settlement=year, by=people.bureau2)
    close_settlement(settlement=year, by=people.bureau)
    moves = StateMove.objects.filter(thing="settlement", object_id=year.pk)
    assert list(moves.values_list("event", "by__username")) == [
        ("compute", None),
        ("sign_data", "downstream"),
        ("confirm", "district"),
        ("prepare", "bureau"),
        ("return", "bureau2"),
        ("prepare", "bureau2"),
        ("close", "bureau"),
    ]
    assert moves.get(event="return").note == "金额待核"


def test_a_month_that_is_not_final_holds_the_year_open(year, border, people):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE settlements_agreementmonth SET state = 'objected' WHERE month = '2023-07-01'"
        )
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    with pytest.raises(NotReady, match="2023-07"):
        sign_data(settlement=year, by=people.district)


@told_instead(bare)
def test_an_unpublished_month_holds_the_year_open(border, people):
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "III")
    pipeline.recompute()
    year = Settlement.objects.get(year=2023)
    with moved_to(ON), pytest.raises(NotReady, match="2023-01、2023-02"):
        sign_data(settlement=year, by=people.district)


def test_a_year_that_is_not_over_is_not_signed(year, people):
    with moved_to(date(2023, 12, 31)), pytest.raises(NotReady, match="尚未结束"):
        sign_data(settlement=year, by=people.district)


def test_a_correction_pending_holds_the_closing(year, border, people):
    confirmed(year, people)
    border.assessed("2023-02", "V")
    with pytest.raises(NotReady, match="1 项待审的调整"):
        prepare_closing(settlement=year, by=people.bureau)


def test_money_in_transit_holds_the_closing(year, border, people):
    confirmed(year, people)
    opening = next(iter(close_openings(border, people)))
    assert opening.postings.count() == 2
    with pytest.raises(NotReady, match="过渡账户"):
        prepare_closing(settlement=year, by=people.bureau)


def close_openings(border, people):
    """A year of before, of which something was collected and not paid out."""
    before = Settlement.objects.get(agreement=border.agreement, year=2022)
    transit = account_of(border.stranger, border.agreement, kind="transit", opened_on=ON)
    own = account_of(border.downstream, border.agreement, opened_on=ON)
    yield post(
        cause="award",
        settlement=before,
        on=ON,
        text="代收",
        lines=[Line(own, MILLION), Line(transit, -MILLION)],
        by=people.treasury,
    )


@pytest.mark.parametrize("target", ["signed", "confirmed", "prepared", "closed", "cleared"])
def test_sql_moves_no_year(year, target):
    closed = "'2024-02-05'" if target in ("closed", "cleared") else "NULL"
    with (
        pytest.raises(IntegrityError, match="流程不允许"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"UPDATE settlements_settlement SET state = %s, closed_on = {closed} WHERE id = %s",
            [target, year.pk],
        )
    assert state(year) == "open"


def test_the_trigger_knows_the_two_persons_too(year, people):
    confirmed(year, people)
    prepare_closing(settlement=year, by=people.bureau)
    year.refresh_from_db()
    year.state, year.closed_on = "closed", ON

    def closed_by_the_preparer():
        with transaction.atomic(), moving("close", by=people.bureau):
            year.save()

    with pytest.raises(Refused, match="另一人"):
        closed_by_the_preparer()
    assert state(year) == "prepared"


def test_what_was_done_is_never_rewritten(year, people):
    signed(year, people)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in ("settlements_statemove", "settlements_settlementsignature"):
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with (
                pytest.raises(IntegrityError),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
    with pytest.raises(IntegrityError, match="只增不改"), transaction.atomic():
        StateMove.objects.update(by=people.admin)


@told_instead(bare)
def test_a_closed_year_keeps_its_amounts(border, people):
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "II")
    pipeline.recompute()
    closed = close_year(border.agreement, 2023, people, on=ON)
    for statement in (
        "UPDATE settlements_settlementnet SET yuan = 1",
        "UPDATE settlements_settlement SET year = 2020 WHERE state = 'closed'",
        "UPDATE settlements_settlement SET state = 'open', closed_on = NULL WHERE state = 'closed'",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert closed.nets.get(jurisdiction=border.upstream).yuan == 12 * MILLION
