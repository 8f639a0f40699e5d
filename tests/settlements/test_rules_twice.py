"""Rules that stand in Python and in SQL, both asked about the same random rows.

The rows are written past the guards, so that they are also such as no service makes.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from basins.clock import moved_to, now
from basins.ranges import month_start
from settlements.accruals.services.nets import net_of
from settlements.accruals.services.proposals import holding
from settlements.ledger.services.clearing import outstanding
from settlements.models import (
    AccountMonth,
    Accrual,
    Adjustment,
    AdjustmentNet,
    Agreement,
    AgreementMonth,
    CountedTransfer,
    CurrentTransfer,
    FuseTrip,
    JournalEntry,
    LedgerAccount,
    Notice,
    Objection,
    Party,
    Payment,
    Settlement,
    SettlementNet,
    SettlementSignature,
    Transfer,
)
from settlements.moving.parties_of_month import confirming
from settlements.notices.services.months import finalise_due, lapse_due
from settlements.rules.base import Outcome
from settlements.rules.base import RoleTransfer as Paid
from settlements.rules.facts import MonthState
from settlements.years.services.adjustments import difference
from settlements.years.services.signing import unsigned
from tests.worlds import jurisdiction

SEEDS = range(2)
PAGE = Path(settings.BASE_DIR) / "docs" / "guards.md"
NOW = datetime(2024, 2, 1, tzinfo=UTC)
SMALL = [Decimal(n) for n in (-2, -1, -1, 0, 0, 1, 1, 2)]  # sums come to zero by themselves


@pytest.fixture
def places(border):
    return [border.upstream, border.downstream, border.stranger, jurisdiction("500904", "四方区")]


@contextmanager
def past_the_guards() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def asked(question: str, *given):
    """The answer of one SQL expression."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {question}", given)
        return cursor.fetchone()[0]


def agreed(border, code: str) -> Agreement:
    return Agreement.objects.create(code=code, title=code, river=border.river, state="active")


def signed_up(border, places, random: Random, code: str) -> Agreement:
    """One more agreement of some of the places, joining and leaving at any time."""
    agreement = agreed(border, code)
    for order, place in enumerate(random.sample(places, random.randint(2, 4)), start=1):
        days = [
            None,
            None,
            date(2023, 3, 31),
            date(2023, 4, 1),
            date(2023, 4, 30),
            date(2023, 5, 1),
        ]
        Party.objects.create(
            agreement=agreement, jurisdiction=place, order=order,
            role=random.choice(["signatory", "signatory", "municipal_fill"]),
            since=random.choice(days), until=random.choice(days),
        )  # fmt: skip
    return agreement


# What of a closed year is owed -------------------------------------------------------------


def closed_year(agreement: Agreement, places, random: Random, made: Counter) -> Settlement:
    settlement = Settlement.objects.create(
        agreement=agreement, year=2023, state="closed", closed_on=date(2024, 2, 1)
    )
    for place in random.sample(places, random.randint(0, 4)):
        SettlementNet.objects.create(
            settlement=settlement, jurisdiction=place, yuan=random.choice(SMALL)
        )
    for place in random.sample(places, random.randint(0, 4)):
        kind = random.choice(["compensation", "compensation", "transit"])
        account = LedgerAccount.objects.create(
            jurisdiction=place, agreement=agreement, kind=kind, opened_on=date(2024, 1, 1)
        )
        for month in random.sample([date(2024, 1, 1), date(2024, 2, 1)], random.randint(0, 2)):
            for basis in ("booked", "effective"):
                AccountMonth.objects.create(
                    account=account, basis=basis, month=month, net=random.choice(SMALL)
                )
    for _ in range(random.randint(0, 4)):
        payer, payee = random.sample(places, 2)
        kind = random.choice(Payment.Kind.values)
        state = random.choice(["approved", "approved", "prepared", "rejected"])
        back = state == "approved" and random.random() < 0.3
        made["payment"] += 1
        Payment.objects.create(
            agreement=agreement, payer=payer, payee=payee, kind=kind, state=state,
            settlement=random.choice([settlement, settlement, settlement, None]),
            other_agreement=Agreement.objects.get(code="TEST") if kind == "offset" else None,
            yuan=random.choice([1, 2]), overpayment=True,
            overpayment_why="预付", voucher=f"PZ{made['payment']}",
            paid_on=date(2024, 2, 1), prepared_at=NOW, reversed_on=date(2024, 2, 2) if back else None,
        )  # fmt: skip
    return settlement


def adjusted_after(border, places, people, random: Random, made: Counter) -> None:
    """Adjustments of months of the year and of the next, with an entry or without."""
    part = border.term("baseline", date(2023, 1, 1)).sections.get()
    for month in (date(2023, 1, 1), date(2023, 12, 1), date(2024, 1, 1)):
        if random.random() < 0.8:
            continue
        accrual = Accrual.objects.create(
            term=part.term, term_section=part, period=month, steps=[], inputs={}, rule_revision=1,
            state="settled",
        )  # fmt: skip
        adjustment = Adjustment.objects.create(
            accrual=accrual, outcome={}, inputs={}, input_digest="", state="approved",
            approved_by=people.bureau, approved_at=NOW,
        )  # fmt: skip
        a, b = random.sample(places, 2)
        yuan = random.choice([1, 2])
        for place, signed in ((a, yuan), (b, -yuan)):
            AdjustmentNet.objects.create(adjustment=adjustment, jurisdiction=place, yuan=signed)
        if random.random() < 0.7:
            made["entry"] += 1
            JournalEntry.objects.create(
                year=2024, number=made["entry"], booked_on=NOW, effective_on=NOW, text="",
                cause="adjustment", adjustment=adjustment, by=people.bureau, booked_at=NOW,
                previous_hash="", hash="",
            )  # fmt: skip


def left_of(settlement: Settlement) -> dict[int, Decimal]:
    """By party what is left of a closed year, added up from its rows one after the other."""
    left: dict[int, Decimal] = defaultdict(Decimal)
    for net in settlement.nets.all():
        left[net.jurisdiction_id] += net.yuan
    late = AdjustmentNet.objects.filter(
        adjustment__state="approved",
        adjustment__entry__isnull=False,
        adjustment__accrual__term__agreement=settlement.agreement_id,
        adjustment__accrual__period__year=settlement.year,
    )
    for net in late:
        left[net.jurisdiction_id] += net.yuan
    for payment in settlement.payments.filter(state="approved", reversed_on=None):
        if payment.kind != "disbursement":
            left[payment.payer_id] += payment.yuan
        if payment.kind not in ("collection", "deduction"):
            left[payment.payee_id] -= payment.yuan
    for account in settlement.agreement.accounts.filter(kind="compensation"):
        if not sum(month.net for month in account.months.filter(basis="booked")):
            left.pop(account.jurisdiction_id, None)
    return {party: yuan for party, yuan in left.items() if yuan}


@pytest.mark.parametrize("seed", SEEDS)
def test_whether_a_closed_year_is_still_owed(border, places, people, seed):
    """And by whom how much."""
    random, made, said = Random(seed), Counter(), Counter()
    with past_the_guards():
        for n in range(40):
            agreement = agreed(border, f"A{n}")
            settlement = closed_year(agreement, places, random, made)
            border.agreement = agreement
            adjusted_after(border, places, people, random, made)
            left = left_of(settlement)
            assert outstanding(settlement) == left, f"year {n}"
            owing = bool(left)
            for place in places:
                found = asked("settlements_year_left_of(%s, %s)", settlement.pk, place.pk)
                assert found == left.get(place.pk, 0), f"year {n}, {place}"
            assert asked("settlements_owing(%s)", settlement.pk) is owing, f"year {n}"
            said[owing] += 1
    assert min(said[True], said[False]) >= 5


# Who answers for a month -------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_which_parties_answer_for_a_month(border, places, people, seed):
    random, said = Random(seed), Counter()
    with past_the_guards():
        notice = Notice.objects.create(
            month=date(2023, 4, 1),
            summary="",
            content={},
            digest="",
            due_on=NOW,
            prepared_at=NOW,
            prepared_by=people.bureau,
        )
        for n in range(40):
            agreement = signed_up(border, places, random, f"A{n}")
            month = AgreementMonth.objects.create(
                agreement=agreement, month=date(2023, 4, 1), notice=notice,
                objection_days=5, objection_until=date(2023, 5, 22),
            )  # fmt: skip
            with connection.cursor() as cursor:
                cursor.execute("SELECT settlements_answering(%s)", [month.pk])
                answering = sorted(pk for (pk,) in cursor.fetchall())
            parties = [p.jurisdiction_id for p in confirming(agreement.pk, month.month)]
            assert answering == sorted(parties), f"agreement {n}"
            said[len(parties)] += 1
    assert len(said) >= 4


# What a month waits for --------------------------------------------------------------------


def published_months(border, places, people, random: Random, notice: Notice, code: str) -> None:
    """The months of an agreement around a new year, in any state, with what may pend of them."""
    border.agreement = agreement = agreed(border, code)
    term = border.term("baseline", date(2023, 1, 1))
    for month in (date(2023, 11, 1), date(2023, 12, 1), date(2024, 1, 1)):
        state = random.choice(["published", "published", "confirmed", "decided", "objected"])
        held = AgreementMonth.objects.create(
            agreement=agreement, month=month, notice=notice, state=state, objection_days=5,
            objection_until=random.choice([date(2024, 1, 31), date(2024, 2, 1), date(2024, 2, 2)]),
        )  # fmt: skip
        if state == "objected":
            Objection.objects.create(
                month=held, jurisdiction=places[0], section=border.section, kind="data_error",
                state="raised", reason="", raised_at=NOW, raised_by=people.district,
                evidence_until=date(2024, 2, 9),
            )  # fmt: skip
        for yearly in (False, True):
            if random.random() < 0.2:
                period = date(month.year, 1, 1) if yearly else month
                accrual, new = Accrual.objects.get_or_create(
                    term=term, term_section=term.sections.get(), period=period,
                    defaults={"yearly": yearly, "steps": [], "inputs": {}, "rule_revision": 1},
                )  # fmt: skip
                if new:
                    Adjustment.objects.create(
                        accrual=accrual, outcome={}, inputs={}, input_digest="",
                        state=random.choice(["proposed", "reviewed", "dismissed"]),
                    )  # fmt: skip
    if random.random() < 0.25:
        FuseTrip.objects.create(
            agreement=agreement, state=random.choice(["tripped", "dropped"]), reasons=[],
            changes=[], digest="", tripped_at=NOW,
        )  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("event", "sources", "act"),
    [("lapse", {"published"}, lapse_due), ("finalise", {"confirmed", "decided"}, finalise_due)],
)
def test_which_months_the_system_moves(border, places, people, seed, event, sources, act):
    random = Random(seed)
    with past_the_guards():
        notice = Notice.objects.create(
            month=date(2023, 12, 1),
            summary="",
            content={},
            digest="",
            due_on=NOW,
            prepared_at=NOW,
            prepared_by=people.bureau,
        )
        for n in range(20):
            published_months(border, places, people, random, notice, f"A{n}")
    before = dict(AgreementMonth.objects.values_list("pk", "state"))
    with moved_to(date(2024, 2, 1)):
        free = {
            pk
            for pk, state in before.items()
            if state in sources
            and asked("settlements_unearned('month', %s, %s, %s)", event, pk, now()) is None
        }
        act()
    after = AgreementMonth.objects.values_list("pk", "state")
    assert {pk for pk, state in after if state != before[pk]} == free
    waiting = {pk for pk, state in before.items() if state in sources} - free
    assert min(len(free), len(waiting)) >= 3


@pytest.mark.parametrize("seed", SEEDS)
def test_whether_every_party_has_signed_a_year(border, places, people, seed):
    random, said = Random(seed), Counter()
    with past_the_guards():
        for n in range(40):
            agreement = agreed(border, f"A{n}")
            settlement = Settlement.objects.create(agreement=agreement, year=2023)
            for place in random.sample(places, random.randint(1, 2)):
                SettlementNet.objects.create(settlement=settlement, jurisdiction=place, yuan=0)
            for subject in ("data", "amount"):
                for place in random.sample(places, random.randint(2, 4)):
                    void = NOW if random.random() < 0.2 else None
                    SettlementSignature.objects.create(
                        settlement=settlement, jurisdiction=place, subject=subject, digest="",
                        by=people.bureau, at=NOW, void_at=void,
                    )  # fmt: skip
            for event, subject in (("sign_data", "data"), ("confirm", "amount")):
                why = asked(
                    "settlements_unearned('settlement', %s, %s, now())", event, settlement.pk
                )
                assert (why is None) is (not unsigned(settlement, subject)), f"year {n}"
                said[why] += 1
    assert min(said.values()) >= 5
    assert len(said) == 2


# What a year counts ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_net_of_a_year_is_the_sum_of_what_counts(border, places, people, seed):
    """net_of adds up what was published and the differences approved; the view puts the newest
    adjustment in the place of what was published. What counts now, whatever year has booked it,
    is `holding` in Python and the other view."""
    random, entries, kinds = Random(seed), Counter(), Counter()
    with past_the_guards():
        for n in range(12):
            border.agreement = agreement = agreed(border, f"A{n}")
            part = border.term("baseline", date(2023, 1, 1)).sections.get()
            for month in range(1, random.randint(3, 5)):
                accrual = Accrual.objects.create(
                    term=part.term, term_section=part, period=date(2023, month, 1), steps=[],
                    inputs={}, rule_revision=1, state="published",
                )  # fmt: skip
                for payer, payee in random.sample([(0, 1), (1, 2), (2, 0)], random.randint(0, 3)):
                    Transfer.objects.create(
                        accrual=accrual, payer=places[payer], payee=places[payee],
                        yuan=random.randint(1, 3), reason="",
                    )  # fmt: skip
                adjusted(accrual, places, people, random, entries, kinds)
            holds = holding(
                Accrual.objects.filter(term__agreement=agreement).values_list("pk", flat=True)
            )
            current: dict[int, set] = {pk: set() for pk in holds}
            for paid in CurrentTransfer.objects.filter(accrual__in=list(holds)).select_related(
                "payer", "payee"
            ):
                current[paid.accrual_id].add((paid.payer.code, paid.payee.code, paid.yuan))
            assert current == {pk: set(each.payments) for pk, each in holds.items()}, f"{n}"
            nets: dict[int, Decimal] = defaultdict(Decimal)
            for paid in CountedTransfer.objects.filter(accrual__term__agreement=agreement):
                nets[paid.payer_id] -= paid.yuan
                nets[paid.payee_id] += paid.yuan
            known = {party: yuan for party, yuan in net_of(agreement, 2023).items() if yuan}
            assert {party: yuan for party, yuan in nets.items() if yuan} == known, f"agreement {n}"
    assert min(kinds[kind] for kind in ("counted", "no difference", "booked", "dismissed")) >= 2


def adjusted(accrual, places, people, random: Random, entries: Counter, kinds: Counter) -> None:
    """Adjustments one after another: while the year is open they count, then they are booked."""
    closed, paid = False, ()
    for n in range(random.randint(0, 3)):
        closed = closed or random.random() < 0.3
        approved = random.random() < 0.8
        again = paid and random.random() < 0.3
        paid = (
            paid
            if again
            else tuple(
                Paid(places[a].code, places[b].code, Decimal(random.randint(1, 3)), "")
                for a, b in random.sample([(0, 1), (1, 2), (2, 0)], random.randint(0, 2))
            )
        )
        outcome = Outcome("baseline", 1, MonthState.MET, paid, ())
        adjustment = Adjustment.objects.create(
            accrual=accrual, outcome=outcome.to_json(),
            inputs={}, input_digest=str(n),
        )  # fmt: skip
        nets = difference(adjustment)
        adjustment.state = "approved" if approved else "dismissed"
        if approved:
            adjustment.approved_by, adjustment.approved_at = people.bureau, NOW + timedelta(n)
        adjustment.save()
        if not approved:
            kinds["dismissed"] += 1
            continue
        for place in places:
            if place.code in nets:
                AdjustmentNet.objects.create(
                    adjustment=adjustment, jurisdiction=place, yuan=nets[place.code]
                )
        if closed and nets:
            entries["n"] += 1
            JournalEntry.objects.create(
                year=2024, number=entries["n"], booked_on=NOW, effective_on=NOW, text="",
                cause="adjustment", adjustment=adjustment, by=people.bureau, booked_at=NOW,
                previous_hash="", hash="",
            )  # fmt: skip
        kinds["no difference" if not nets else "booked" if closed else "counted"] += 1


# Months ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_month_of_a_moment_is_that_of_the_day_here():
    random = Random(1)
    edge = datetime(2023, 12, 31, 16, tzinfo=UTC)  # midnight here
    moments = [edge, edge - timedelta(microseconds=1), edge + timedelta(microseconds=1)]
    moments += [edge + timedelta(seconds=random.randint(-(10**8), 10**8)) for _ in range(200)]
    for moment in moments:
        here = month_start(timezone.localdate(moment))
        assert asked("monitoring_month_of(%s)", moment) == here, moment


def test_the_page_names_every_rule_asked_twice_here():
    rows = re.findall(r"^\| `.*\| `(test_\w+)` \|$", PAGE.read_text("utf-8"), re.M)
    here = {name for name in globals() if name.startswith("test_") and "_page_" not in name}
    assert set(rows) == here
