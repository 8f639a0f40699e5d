"""Many entries at once: as if booked one after the other, and refused as each would be alone."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from settlements.ledger.books.books import verify
from settlements.ledger.services.ledger import Booking, Line, Unbalanced, post, post_all
from settlements.models import JournalEntry, LedgerAccount, Posting, Settlement
from settlements.money import yuan
from tests.books import DAY, PAID
from tests.told_once import of_told, told_once, with_ledger

told = told_once(with_ledger)
ledger = of_told("ledger")


@pytest.fixture
def accounts(ledger) -> list[LedgerAccount]:
    return [ledger.account(ledger.up), ledger.account(ledger.down)]


@pytest.fixture
def year(ledger) -> Settlement:
    return Settlement.objects.create(agreement=ledger.agreement, year=2022)


@pytest.fixture
def award(ledger, accounts, year):
    """An entry to be booked: 上游区 is given so much by 下游区."""

    def make(amount: str = "1", **given) -> Booking:
        up, down = accounts
        lines = [Line(up, yuan(amount)), Line(down, -yuan(amount))]
        return Booking(
            **{
                "cause": "award", "on": DAY, "text": "奖励", "settlement": year, "lines": lines,
                "by": ledger.people.treasury, **given,
            }
        )  # fmt: skip

    return make


def test_they_are_numbered_and_chained_as_if_booked_one_after_the_other(ledger, award):
    first = ledger.owe("100")
    days = [DAY, PAID, date(2025, 1, 3), date(2025, 1, 3)]
    ids = post_all([award(str(n), on=day) for n, day in enumerate(days, start=1)])
    entries = [JournalEntry.objects.get(pk=pk) for pk in ids]
    assert [e.label for e in entries] == [
        "JL-2024-0002", "JL-2024-0003", "JL-2025-0001", "JL-2025-0002",
    ]  # fmt: skip
    assert [e.previous_hash for e in entries] == [e.hash for e in (first, *entries[:-1])]
    assert ledger.balance(ledger.up) == yuan("-90")
    assert verify().sound


def test_statements_do_not_grow_with_the_entries(award):
    counts = []
    for many in (1, 30):
        with CaptureQueriesContext(connection) as queries:
            post_all([award() for _ in range(many)])
        counts.append(len(queries))
    assert counts == [3, 3]


def test_nothing_to_book_books_nothing(ledger):
    assert post_all([]) == []


def test_one_that_is_refused_refuses_them_all(ledger, award):
    with pytest.raises(Unbalanced, match="之后"):
        post_all([award(), award(on=date(2999, 1, 1))])
    with pytest.raises(IntegrityError, match="早于上一凭证"), transaction.atomic():
        post_all([award(on=PAID), award(on=DAY)])
    with pytest.raises(IntegrityError, match="cq-1 已入账"), transaction.atomic():
        post_all([award(voucher="CQ-1"), award(voucher="cq-1")])
    assert not JournalEntry.objects.exists()
    assert not Posting.objects.exists()


@pytest.mark.parametrize(
    "text", ['引"号', "反\\斜\\N", "两\n行", "回\r车", "制\t表", "逗,号", "\\."]
)
def test_a_text_is_kept_to_the_letter(award, text):
    entry = post(**vars_of(award(text=text, voucher=text)))
    kept = JournalEntry.objects.get(pk=entry.pk)
    assert (kept.text, kept.voucher) == (text, text)
    assert verify().sound


def vars_of(booking: Booking) -> dict:
    return {name: getattr(booking, name) for name in Booking.__slots__}


def test_what_is_returned_is_what_stands_there(award):
    entry = post(**vars_of(award()))
    kept = JournalEntry.objects.get(pk=entry.pk)
    fields = [f.attname for f in JournalEntry._meta.concrete_fields]
    assert [getattr(entry, f) for f in fields] == [getattr(kept, f) for f in fields]
    assert (entry.by, entry.settlement) == (kept.by, kept.settlement)


# One INSERT of several, past the services ---------------------------------------------------


def rows(*given: dict, settlement: Settlement) -> list[JournalEntry]:
    """Entries that follow each other, but for what is given of each; in one INSERT."""
    made = []
    for number, own in enumerate(given, start=1):
        made.append(
            JournalEntry(
                **{
                    "year": 2024, "number": number, "booked_on": DAY, "effective_on": DAY,
                    "cause": "award", "settlement": settlement, "text": "x",
                    "booked_at": timezone.now(), "hash": f"{number:064d}",
                    "previous_hash": f"{number - 1:064d}", **own,
                }
            )
        )  # fmt: skip
    return JournalEntry.objects.bulk_create(made)


def test_entries_of_one_insert_may_stand_in_any_order(year, accounts):
    first, second = {"number": 1, "hash": "1" * 64, "previous_hash": "0" * 64}, {
        "number": 2, "hash": "2" * 64, "previous_hash": "1" * 64,
    }  # fmt: skip
    up, down = accounts
    made = rows(second, first, settlement=year)
    written(*((entry, *line) for entry in made for line in ((up, "5"), (down, "-5"))))
    assert list(JournalEntry.objects.values_list("number", flat=True)) == [1, 2]


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ({"number": 3}, "号 3 不连续"),
        ({"previous_hash": "0" * 64}, "未接上前一凭证"),
        ({"booked_on": date(2024, 2, 1), "effective_on": date(2024, 2, 1)}, "早于上一凭证"),
        ({"year": 2025}, "号 2 不连续：2025 年的下一号是 1"),
        ({"year": 2025, "number": 1}, "不符"),
        ({"hash_version": 1}, "版本 1"),
        ({"booked_on": date(2999, 1, 1), "year": 2999, "number": 1}, "在今天之后"),
        ({"voucher": "pz－7"}, "pz－7 已入账（2024 年 1 号）"),
        ({"year": 2023, "number": 1, "booked_on": date(2023, 5, 1), "effective_on": DAY.replace(2023)},
         "未接上前一凭证|早于上一凭证"),
    ],
)  # fmt: skip
def test_the_second_of_one_insert_is_refused_as_it_would_be_alone(year, second, words):
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        rows({"voucher": "PZ-7"}, second, settlement=year)
    assert not JournalEntry.objects.exists()


def test_none_comes_before_what_is_there(ledger, year):
    ledger.owe("1")
    early = {"year": 2023, "booked_on": date(2023, 5, 1), "effective_on": date(2023, 5, 1)}
    with pytest.raises(IntegrityError, match="早于上一凭证的 2024 年 1 号"), transaction.atomic():
        rows(early, settlement=year)


def test_a_reversal_in_the_same_insert_frees_no_voucher_before_it(ledger, year):
    """The voucher is booked again by the second entry, and its reversal comes third."""
    entry = ledger.owe("1")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE settlements_journalentry SET voucher = 'PZ-7'")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    again = {"number": 2, "previous_hash": entry.hash, "hash": "2" * 64, "voucher": "PZ-7"}
    back = {
        "number": 3, "previous_hash": "2" * 64, "hash": "3" * 64, "cause": "reversal",
        "settlement": None, "reverses": entry,
    }  # fmt: skip
    with pytest.raises(IntegrityError, match="PZ-7 已入账"), transaction.atomic():
        rows(again, back, settlement=year)


def written(*lines: tuple[JournalEntry, LedgerAccount, str]) -> None:
    Posting.objects.bulk_create(
        Posting(entry=entry, account=account, yuan=yuan(amount)) for entry, account, amount in lines
    )


def test_each_entry_of_one_insert_balances_by_itself(year, accounts):
    up, down = accounts
    one, two = rows({}, {}, settlement=year)
    with pytest.raises(IntegrityError, match="不平"), transaction.atomic():
        written((one, up, "5"), (one, down, "-4"), (two, up, "3"), (two, down, "-4"))
    with pytest.raises(IntegrityError, match="不平"), transaction.atomic():
        written((one, up, "5"), (one, down, "-5"), (two, up, "3"))
    written((one, up, "5"), (one, down, "-5"), (two, up, "3"), (two, down, "-3"))


def test_each_entry_of_several_needs_postings(year, accounts):
    up, down = accounts
    one, _ = rows({}, {}, settlement=year)
    written((one, up, "5"), (one, down, "-5"))
    with pytest.raises(IntegrityError, match="2024-2 没有分录"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_no_year_is_closed_over_what_one_insert_puts_into_transit(ledger, year, accounts):
    """Collected, closed, paid out: between the first and the last the transit account holds it."""
    up, down = accounts
    transit = ledger.account(ledger.treasury, kind="transit")
    collected, closing, paid = rows({}, {"cause": "settlement"}, {}, settlement=year)
    with pytest.raises(IntegrityError, match="过渡账户不为零"), transaction.atomic():
        written(
            (collected, up, "5"), (collected, transit, "-5"), (closing, up, "1"),
            (closing, down, "-1"), (paid, transit, "5"), (paid, down, "-5"),
        )  # fmt: skip
    written(*((entry, *line) for entry in (collected, closing, paid)
              for line in ((up, "1"), (down, "-1"))))  # fmt: skip
    transaction.set_rollback(True)  # a year that is not closed has no such entry


def test_no_account_is_opened_twice_by_one_insert(ledger, accounts):
    opening = ledger.owe("1").opening
    up, down = (ledger.account(p, ledger.other) for p in (ledger.up, ledger.down))
    last = JournalEntry.objects.latest("pk")
    other = type(opening).objects.create(
        on=DAY, filename="再", sha256="0" * 64, rows=[], prepared_at=timezone.now()
    )
    third = type(opening).objects.create(
        on=DAY, filename="三", sha256="1" * 64, rows=[], prepared_at=timezone.now()
    )
    common = {"cause": "opening", "settlement": None}
    one, two = rows(
        {"number": 2, "previous_hash": last.hash, "hash": "2" * 64, "opening": other, **common},
        {"number": 3, "previous_hash": "2" * 64, "hash": "3" * 64, "opening": third, **common},
        settlement=None,
    )
    lines = (one, up, "5"), (one, down, "-5"), (two, up, "3"), (two, down, "-3")
    with pytest.raises(IntegrityError, match="已有期初余额"), transaction.atomic():
        written(*lines)
    with connection.cursor() as cursor:  # else the test would end on entries without postings
        cursor.execute("SET LOCAL session_replication_role = replica")
        written(*lines)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def test_a_reversal_among_others_is_its_original_line_by_line(ledger, year, accounts):
    entry = ledger.owe("100")
    up, down = accounts
    back = {"cause": "reversal", "settlement": None, "reverses": entry}
    one, two = rows(
        {"number": 2, "previous_hash": entry.hash, "hash": "2" * 64},
        {"number": 3, "previous_hash": "2" * 64, "hash": "3" * 64, **back},
        settlement=year,
    )
    own = (one, up, "100"), (one, down, "-100")
    with pytest.raises(IntegrityError, match="3 号与原凭证不是逐笔反号"), transaction.atomic():
        written(*own, (two, up, "99"), (two, down, "-99"))
    written(*own, (two, up, "100"), (two, down, "-100"))
