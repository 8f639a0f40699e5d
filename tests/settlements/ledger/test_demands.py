"""What is owed after a closing: asked for by a day, reminded of, and open until it is paid."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from basins.access import viewer_of
from basins.clock import moved_to
from basins.models import Notification
from basins.services.working_days import add_working_days
from settlements import pipeline
from settlements.ledger.queries.arrears import LABELS, NOT_DUE, arrears
from settlements.ledger.queries.demands import lines_of
from settlements.ledger.services.clearing import outstanding
from settlements.ledger.services.demands import (
    demands_left,
    refresh_due_days,
    remind_debtors,
)
from settlements.ledger.services.payments import prepare_payment, reject_payment
from settlements.models import Adjustment, Demand, JournalEntry, Payment, Settlement
from settlements.work.queries.work import counts, todo
from settlements.years.queries.closing import closing
from settlements.years.services.adjustments import approve_adjustment, review_adjustment
from tests.slips import approve_payment
from tests.told_once import World, bare, told_once
from tests.worlds import close_published_year, close_year, jurisdiction, publish_year

DEBT_SOURCES = ("payments-due", "payments-expected", "debts")
MILLION = Decimal("1000000.00")
CLOSED, DUE, LATE = date(2024, 2, 5), date(2024, 3, 8), date(2025, 3, 3)


def closed_year() -> World:
    """2023 and 2024: upstream is owed 1,200 万元 for each; 2023 is closed."""
    world = bare()
    border, people = world["border"], world["people"]
    for when in border.months("2022-01", "2024-12"):
        border.measured(when, "II")
    with moved_to(date(2025, 1, 15)):
        pipeline.recompute()
    close_year(border.agreement, 2023, people, on=CLOSED)
    return world


told = told_once(closed_year)


@pytest.fixture
def year(border) -> Settlement:
    return Settlement.objects.get(year=2023)


def recorded(
    year: Settlement,
    border,
    people,
    yuan: Decimal,
    voucher: str,
    on: date = date(2024, 3, 1),
    **more,
) -> Payment:
    with moved_to(on):
        return prepare_payment(
            agreement=border.agreement, yuan=yuan, voucher=voucher, paid_on=on, settlement=year,
            by=people.treasury, **{"payer": border.downstream, "payee": border.upstream} | more,
        )  # fmt: skip


def paid(year: Settlement, border, people, yuan: Decimal, voucher: str, on: date, **more) -> None:
    payment = recorded(year, border, people, yuan, voucher, on, **more)
    with moved_to(on):
        approve_payment(payment=payment, by=people.treasury2)


def adjusted(border, people, when: str = "2023-05", water_class: str = "I", on: date = LATE):
    """A correction of the closed year, approved on that day."""
    with moved_to(on):
        border.measured(when, water_class)
        pipeline.recompute()
        found = Adjustment.objects.get(state__in=Adjustment.PENDING)
        review_adjustment(adjustment=found, by=people.bureau, reason="实验室更正")
        return approve_adjustment(adjustment=found, by=people.bureau2)


def left(year: Settlement) -> dict[str, Decimal]:
    names = dict(year.nets.values_list("jurisdiction_id", "jurisdiction__name"))
    return {names[party]: yuan for party, yuan in outstanding(year).items() if yuan}


def told_to(user) -> list[str]:
    return list(
        Notification.objects.filter(user=user).order_by("pk").values_list("text", flat=True)
    )


# 拨款通知 -----------------------------------------------------------------------------------


def test_closing_a_year_asks_its_debtor_alone_to_pay_by_a_working_day(
    year, border, people, settings
):
    demand = Demand.objects.get()
    assert (demand.jurisdiction, demand.yuan) == (border.downstream, 12 * MILLION)
    assert demand.label == "拨款〔2024〕1号"
    assert demand.days == settings.PAYMENT_DAYS == 20
    assert demand.due_on == add_working_days(CLOSED, 20).date == DUE
    assert [t for t in told_to(people.downstream) if "拨款" in t] == [
        "拨款〔2024〕1号：测试河协议 2023 年应付 12,000,000.00 元，请于 2024年3月8日前付清"
    ]
    assert not [t for t in told_to(people.district) if "拨款" in t], "who receives owes nothing"


def test_a_demand_is_left_until_it_is_paid(year, border, people):
    demand = Demand.objects.get()
    assert demands_left(year) == {demand.pk: 12 * MILLION}
    paid(year, border, people, 5 * MILLION, "PZ-1", date(2024, 3, 1))
    assert demands_left(year) == {demand.pk: 7 * MILLION}
    with moved_to(demand.due_on + timedelta(days=3)):
        assert [line.state for line in lines_of([demand])] == ["逾期 3 天"]
    with moved_to(demand.due_on):
        assert [line.state for line in lines_of([demand])] == ["待付款"]
    paid(year, border, people, 7 * MILLION, "PZ-2", date(2024, 4, 1))
    assert [line.state for line in lines_of([demand])] == ["已付清"]


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2024, 2, 29), None),
        (date(2024, 3, 1), "尚欠 12,000,000.00 元，2024年3月8日到期"),
        (date(2024, 3, 9), "已逾期 1 天（应于 2024年3月8日前付清）"),
        (date(2024, 4, 9), "已逾期 32 天（应于 2024年3月8日前付清）"),
    ],
)
def test_a_debtor_is_reminded_a_week_before_the_day_after_and_then_every_thirty_days(
    year, people, day, words
):
    with moved_to(day):
        assert remind_debtors() == (words is not None)
        assert remind_debtors() == 0, "run again it tells nothing twice"
    found = [t for t in told_to(people.downstream) if t.startswith("催款")]
    assert len(found) == (words is not None)
    assert all(t.endswith(words) for t in found)


def test_within_thirty_days_a_reminder_is_not_repeated_and_after_payment_none_comes(
    year, border, people
):
    told = []
    for day in (date(2024, 3, 9), date(2024, 4, 7), date(2024, 4, 8)):
        with moved_to(day):
            told.append(remind_debtors())
    assert told == [1, 0, 1]
    paid(year, border, people, 12 * MILLION, "PZ-1", date(2024, 4, 9))
    with moved_to(date(2024, 6, 30)):
        assert remind_debtors() == 0


def test_a_changed_calendar_moves_the_due_day_and_never_into_the_past(year, people):
    demand = Demand.objects.get()
    with moved_to(date(2024, 2, 20)):
        Demand.objects.update(due_on=date(2024, 3, 6))  # as an older calendar had it
        assert refresh_due_days() == 1
        assert refresh_due_days() == 0
    demand.refresh_from_db()
    assert demand.due_on == DUE
    moved = "拨款〔2024〕1号的付款截止日由 2024年3月6日改为 2024年3月8日"
    assert moved in told_to(people.downstream)
    with moved_to(date(2024, 3, 20)):
        Demand.objects.update(due_on=date(2024, 3, 25))
        refresh_due_days()  # the rule says 8 March, which is over
    demand.refresh_from_db()
    assert demand.due_on == date(2024, 3, 25)


FORBIDDEN = (
    "UPDATE settlements_demand SET yuan = 1",
    "UPDATE settlements_demand SET jurisdiction_id = (SELECT max(id) FROM basins_jurisdiction)",
    "UPDATE settlements_demand SET days = 90",
    "DELETE FROM settlements_demand",
    "TRUNCATE settlements_demand",
    # a gap in the numbers, another amount, nobody's debt
    "INSERT INTO settlements_demand SELECT id + 1, year, number + 2, yuan, made_on, made_at, days,"
    " due_on, provisional, adjustment_id, by_id, jurisdiction_id, settlement_id FROM settlements_demand",
    "INSERT INTO settlements_demand SELECT id + 1, year, number + 1, yuan + 1, made_on, made_at, days,"
    " due_on, provisional, adjustment_id, by_id, jurisdiction_id, settlement_id FROM settlements_demand",
    "INSERT INTO settlements_demand SELECT d.id + 1, d.year, number + 1, d.yuan, made_on, made_at, days,"
    " due_on, provisional, adjustment_id, by_id, n.jurisdiction_id, d.settlement_id"
    " FROM settlements_demand d JOIN settlements_settlementnet n"
    " ON n.settlement_id = d.settlement_id AND n.yuan > 0",
)  # fmt: skip


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_database_lets_nobody_change_a_demand_or_make_one_of_another_amount(year, statement):
    before = list(Demand.objects.values())
    with (
        pytest.raises(IntegrityError, match=r"拨款通知|只增不改"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert list(Demand.objects.values()) == before


def test_arrears_count_from_the_due_day(year, people):
    viewer = viewer_of(people.bureau)

    def ages(on: date) -> dict[str, Decimal]:
        [debt] = arrears(viewer, on).debts
        assert debt.oldest == DUE
        return {label: yuan for label, yuan in debt.labelled if yuan}

    assert ages(DUE) == {NOT_DUE: 12 * MILLION}
    assert ages(DUE + timedelta(days=1)) == {LABELS[1]: 12 * MILLION}
    assert ages(DUE + timedelta(days=31)) == {LABELS[2]: 12 * MILLION}


# After the closing ---------------------------------------------------------------------------


def test_an_adjustment_after_the_closing_opens_the_cleared_year_again_until_it_is_paid(
    year, border, people
):
    paid(year, border, people, 12 * MILLION, "PZ-1", date(2024, 3, 1))
    year.refresh_from_db()
    assert (year.state, left(year)) == ("cleared", {})
    adjusted(border, people, "2023-05", "IV")  # upstream owes for May what it was paid
    year.refresh_from_db()
    assert year.state == "closed"
    assert left(year) == {"上游区": -2 * MILLION, "下游区": 2 * MILLION}
    demand = Demand.objects.get(adjustment__isnull=False)
    assert (demand.jurisdiction, demand.yuan) == (border.upstream, 2 * MILLION)
    assert demand.made_on == LATE
    [words] = [t for t in told_to(people.district) if t.startswith("拨款")]
    assert "关账后的调整，应付 2,000,000.00 元" in words
    with moved_to(date(2025, 3, 20)):
        payment = prepare_payment(
            agreement=border.agreement, payer=border.upstream, payee=border.downstream,
            yuan=2 * MILLION, voucher="PZ-2", paid_on=date(2025, 3, 20), settlement=year,
            by=people.treasury,
        )  # fmt: skip
        approve_payment(payment=payment, by=people.treasury2)
    year.refresh_from_db()
    assert (year.state, left(year)) == ("cleared", {})


def test_a_debt_of_an_earlier_year_stands_on_its_own_page_and_on_the_next_years(
    year, border, people
):
    paid(year, border, people, 12 * MILLION, "PZ-1", date(2024, 3, 1))
    adjusted(border, people, "2023-05", "IV")
    for who in (people.district, people.downstream, people.treasury, people.bureau):
        own = closing(viewer_of(who), "TEST", 2023)
        assert own.next_words == "下一步：付款方付清后清缴完毕"
        assert any("上游区尚未付清 2,000,000.00 元，拨款〔2025〕1号" in k.words for k in own.lacks)
        after = closing(viewer_of(who), "TEST", 2024)
        assert [k.words for k in after.owed] == [
            "2023年（含关账后的调整）：上游区尚欠 2,000,000.00 元"
        ]
        assert str(after.owed[0].path) == "/settlements/TEST/2023/"
    stranger = closing(viewer_of(people.stranger), "TEST", 2023)
    assert (stranger.owed, stranger.lacks) == ((), ())


def test_an_earlier_debt_does_not_keep_the_next_year_from_being_closed(year, border, people):
    adjusted(border, people, "2023-05", "IV")
    publish_year(border.agreement, 2024, people, on=date(2025, 3, 5))
    closed = close_published_year(border.agreement, 2024, people, on=date(2025, 3, 6))
    assert closed.state == "closed"
    assert outstanding(closed)[border.downstream.pk] == -12 * MILLION
    assert left(year) == {"上游区": 10 * MILLION, "下游区": -10 * MILLION}


def test_what_is_left_of_two_demands_is_the_newer_ones_last(year, border, people):
    """Paid 1,100 of 1,200 万元; then 200 万元 more after an adjustment the other way round is not
    what the debtor owes less."""
    paid(year, border, people, 11 * MILLION, "PZ-1", date(2024, 3, 1))
    first = Demand.objects.get()
    adjusted(border, people, "2023-05", "IV")  # 200 万元 less to receive for upstream
    second = Demand.objects.get(adjustment__isnull=False)
    assert left(year) == {"上游区": -MILLION, "下游区": MILLION}
    assert demands_left(year) == {first.pk: 0, second.pk: MILLION}
    assert JournalEntry.objects.filter(cause="adjustment").count() == 1


# 我的工作 -------------------------------------------------------------------------------------


def test_a_debt_is_on_the_list_of_debtor_creditor_and_treasury(year, border, people):
    paid(year, border, people, 12 * MILLION, "PZ-1", date(2024, 3, 1))

    def waits() -> dict[str, list[tuple[str, str]]]:
        """Who has what to do about the debt, and where."""
        found = {}
        for who in ("district", "downstream", "treasury", "bureau", "stranger", "auditor"):
            viewer = viewer_of(getattr(people, who))
            groups = [g for g in todo(viewer, counts(viewer)) if g.key in DEBT_SOURCES]
            found[who] = [(task.title, str(task.path)) for g in groups for task in g.tasks]
        return {who: tasks for who, tasks in found.items() if tasks}

    assert waits() == {}
    adjusted(border, people, "2023-05", "IV")
    demand = Demand.objects.get(adjustment__isnull=False)
    page = "/settlements/TEST/2023/"
    assert waits() == {
        "district": [
            (
                "付款：测试河协议 2023 年（关账后的调整）",
                f"/ledger/demands/{demand.pk}/",
            )
        ],
        "downstream": [("待收款：测试河协议 2023 年", page)],
        "treasury": [("待清缴：测试河协议 2023 年", page)],
    }
    viewer = viewer_of(people.district)
    [task] = [t for g in todo(viewer, counts(viewer)) if g.key == "payments-due" for t in g.tasks]
    assert (task.deadline, task.note) == (demand.due_on, demand.label)


def to_clear(people) -> list[str]:
    viewer = viewer_of(people.treasury)
    groups = [g for g in todo(viewer, counts(viewer)) if g.key == "debts"]
    return [task.title for group in groups for task in group.tasks]


def test_a_year_whose_whole_rest_is_recorded_waits_for_the_second_person_alone(
    year, border, people
):
    title = f"待清缴：{year}"
    assert to_clear(people) == [title]
    first = recorded(year, border, people, 11 * MILLION, "PZ-1")
    assert to_clear(people) == [title]
    second = recorded(year, border, people, MILLION, "PZ-2")
    assert to_clear(people) == []
    reject_payment(payment=second, why="凭证有误", by=people.treasury2)
    assert to_clear(people) == [title]
    approve_payment(payment=first, by=people.treasury2)
    recorded(year, border, people, MILLION, "PZ-3")
    assert to_clear(people) == []


def test_what_was_collected_whole_is_still_to_be_sent_on(year, border, people):
    title = f"待清缴：{year}"
    whole = 12 * MILLION
    jurisdiction("500000-T", "市级财政", "treasury")
    collected = recorded(year, border, people, whole, "PZ-1", kind="collection")
    assert to_clear(people) == []
    approve_payment(payment=collected, by=people.treasury2)
    assert to_clear(people) == [title]
    recorded(year, border, people, whole, "PZ-2", kind="disbursement")
    assert to_clear(people) == []
