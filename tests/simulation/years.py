"""Whole scheme-years under a moved clock: what a year brings, and what must come of it.

Every act is a service or task of the product, on committed transactions. After each act the
checks are counted (invariants), and the accounts are compared with what is kept here by
itself. All chance comes from one seed: the same seed lives the same years.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from basins.clock import moved_to, today
from basins.ranges import next_month
from monitoring.models import Assessment, DirtyMonth
from settlements import tasks
from settlements.models import (
    Accrual,
    Adjustment,
    AgreementMonth,
    FuseTrip,
    Settlement,
    Transfer,
)
from settlements.moving.acts import Refused
from settlements.notices.services import months, notices
from settlements.years.services import adjustments
from settlements.years.services.behind import in_force_behind
from tests.drafting import amended, put_in_force
from tests.simulation import closings, disputing
from tests.simulation.faults import at_the_end, some_fault
from tests.simulation.invariants import broken_promises, found
from tests.simulation.scheme import Deal, Scheme, holds, minus, months_of, pick, said_by

MOST_AT_ONCE = 3  # published months that one recompute may propose to change
MOST_OF_A_YEAR = Decimal("0.05")  # where it changes more than one month


@dataclass(frozen=True)
class Chances:
    """How often what happens; each a probability."""

    fault: float = 0.06
    late: float = 0.08
    missing: float = 0.05
    corrected: float = 0.10
    correction_later: float = 0.12
    correction_in_time: float = 0.08
    runaway: float = 0.3  # a year
    amendment: float = 0.3  # a year
    wrong_person: float = 0.15
    returned: float = 0.08
    dismissed: float = 0.15
    objection: float = 0.10
    one_confirms: float = 0.25
    both_confirm: float = 0.35
    changed_when_signed: float = 0.3  # a year
    reversal: float = 0.5  # a year


OFTEN = Chances(
    fault=0.03, late=0.2, missing=0.0, corrected=0.3, correction_later=0.5, correction_in_time=0.5, runaway=1.0,
    amendment=0.0, wrong_person=0.8, returned=0.2, dismissed=0.4, objection=0.75, one_confirms=0.3,
    both_confirm=0.1, changed_when_signed=1.0, reversal=1.0,
)  # fmt: skip


BOOKING = {"close_settlement", "approve_payment", "approve_reversal", "approve_adjustment"}


class Broken(AssertionError):
    """A promise was broken; the message says by which act, and how to live it again."""


class Years:
    """Some years of a scheme. `run()` raises Broken at the first step that breaks something."""

    def __init__(
        self,
        seed: int,
        *,
        years: int = 1,
        first: date = date(2019, 1, 1),
        agreements: int | None = None,
        yearly: bool | None = None,
        rule: str | None = None,
        chances: Chances | None = None,
    ) -> None:
        self.seed, self.first, self.years = seed, first, years
        self.dice = random.Random(seed)
        self.chances = chances or Chances()
        drawn = self.dice.choice(["baseline", "class_vs_last_year"])
        self.yearly = self.dice.random() < 0.75 if yearly is None else yearly
        rule = "baseline" if self.yearly else rule or drawn
        several = agreements or self.dice.choice([1, 1, 2])
        self.scheme = Scheme.make(first, agreements=several, rule=rule, yearly=self.yearly)
        self.step, self.words, self.vouchers = 0, "", 0
        self.kinds: dict[str, int] = {}  # how often each kind of act was done

    # One act ------------------------------------------------------------------------------

    def act(
        self,
        words: str,
        do: Callable[[], Any],
        *,
        refused: bool = False,
        fault: Callable[[Callable[[], Any], random.Random], list[str]] | None = some_fault,
    ) -> Any:
        """Do it; perhaps let it fail half-way first, by `fault`. `refused`: it must be."""
        self.step += 1
        self.words = f"{today()} {words}"
        kind = words.split(" ")[0]
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if fault is not None and not refused and self.dice.random() < self.chances.fault:
            self.kinds["fault"] = self.kinds.get("fault", 0) + 1
            try:
                left = fault(do, self.dice)
            except Exception as error:
                raise self.broken(f"with a fault: {error!r}") from error
            self.expect(not left, f"a fault half-way left something in {left}")
        made = None
        try:
            made = do()
        except Refused as error:
            if not refused:
                raise self.broken(f"refused: {error}") from error
        except Exception as error:
            raise self.broken(repr(error)) from error
        else:
            self.expect(not refused, "was not refused")
        self.check(named=kind in BOOKING and not refused)
        return made

    def check(self, *, named: bool = False, thorough: bool = False) -> None:
        """The promises of every step; `named`: the named checks too, `thorough`: all of them."""
        wrong = found(thorough=thorough) if named or thorough else broken_promises()
        if wrong:
            raise self.broken("; ".join(wrong))
        for deal in self.scheme.deals:
            said = {p: y for p, y in deal.balances().items() if y}
            want = {p: y for p, y in deal.expected.items() if y}
            self.expect(said == want, f"balances of {deal.code} are {said}, not {want}")

    def expect(self, true: object, words: str) -> None:
        if not true:
            raise self.broken(words)

    def broken(self, words: str) -> Broken:
        return Broken(
            f"seed {self.seed}, step {self.step} ({self.words}): {words}\n"
            f"again: benchmarks/simulate.py {self.seed} --years {self.years}"
        )

    def chance(self, name: str) -> bool:
        return self.dice.random() < getattr(self.chances, name)

    def one_of(self, *people):
        return self.dice.choice(people)

    def two_of(self, *people):
        return self.dice.sample(people, 2)

    def voucher(self) -> str:
        self.vouchers += 1
        return f"PZ-{self.vouchers}"

    # Years --------------------------------------------------------------------------------

    def run(self) -> "Years":
        with moved_to(self.first):
            for deal in self.scheme.deals:
                for before in months_of(self.first.year - 1, self.first.replace(year=1900)):
                    self.scheme.measure(deal, before, self.dice.choice([2, 3, 4]))
            self.recompute()
        for year in range(self.first.year, self.first.year + self.years):
            for month in months_of(year, self.first)[:-1]:
                if not self.yearly:
                    self._month(month)
            self._month(date(year, 12, 1))
            with moved_to(date(year + 1, 2, 1)):
                if self.chance("runaway"):
                    self._runaway(year)
                self._settle()
                self._all_final(year)
            for deal in self.scheme.deals:
                closings.close(self, deal, year)
            with moved_to(date(year + 1, 2, 24)):
                closings.offset(self)
                self.check(thorough=True)
        return self

    def recompute(self) -> None:
        known = set(Adjustment.objects.values_list("pk", flat=True))
        # A statement that fails would set the month aside, to be tried later.
        self.act("recompute", tasks.recompute, fault=at_the_end)
        self.expect(not DirtyMonth.objects.exists(), "marks were left by the recompute")
        self._fuse_held(Adjustment.objects.exclude(pk__in=known))

    def _fuse_held(self, fresh: QuerySet[Adjustment]) -> None:
        """What one recompute proposes is within the fuse (docs/decisions/0008-the-fuse.md)."""
        found = list(fresh.select_related("accrual__term"))
        touched = {(a.accrual.term.agreement_id, a.accrual.period) for a in found}
        self.expect(len(touched) <= MOST_AT_ONCE, f"one recompute proposed {len(touched)} months")
        for year in {period.year for _, period in touched} if len(touched) > 1 else ():
            moved = sum(
                sum(map(abs, minus(said_by(a), holds(a.accrual)).values())) / 2
                for a in found
                if a.accrual.period.year == year
            )
            total = sum(
                Transfer.objects.filter(accrual__period__year=year).values_list("yuan", flat=True)
            )
            self.expect(
                moved <= MOST_OF_A_YEAR * total,
                f"one recompute proposed to move {moved} of {total} yuan of {year}",
            )

    def daily(self, words: str = "daily") -> None:
        """Each part of the round is whole, so a failure between two leaves the first one."""
        self.act(words, tasks.daily, fault=at_the_end)

    def _month(self, month: date) -> None:
        after = next_month(month)
        late: list[Deal] = []
        with moved_to(after.replace(day=8)):
            for deal in self.scheme.deals:
                how = pick(
                    self.dice,
                    {"late": self.chances.late, "missing": self.chances.missing, "there": 1.0},
                )
                if how == "late":
                    late.append(deal)
                elif how == "there":
                    self._measure(deal, month)
            self.recompute()
            for deal in self.scheme.deals:
                if month in deal.truth and self.chance("corrected"):
                    self.scheme.measure(deal, month, self.dice.choice([2, 3, 4, 5]))
                    self.recompute()
        if len(late) < len(self.scheme.deals):
            with moved_to(after.replace(day=16)):
                self._publish(month, {d.code: "数据未到" for d in late})
        if late:
            with moved_to(after.replace(day=18)):
                for deal in late:
                    self._measure(deal, month)
                self.recompute()
                self._publish(month, {})
        self._objection_period(month)
        with moved_to(after + timedelta(days=27)):
            if self.chance("correction_later"):
                self._correct_earlier(month)
            self._settle()
            self.check(named=True)
            if month.month == (12 if self.yearly else 11) and self.chance("amendment"):
                self._amend(date(month.year + 1, 1, 1))

    def _measure(self, deal: Deal, month: date) -> None:
        """The month's readings; under a yearly rule the whole year's come together."""
        usual = self.dice.choice([2, 4])
        for own in months_of(month.year, self.first) if self.yearly else [month]:
            rare = self.dice.choice([2, 3, 4]) if self.dice.random() < 0.3 else usual
            self.scheme.measure(deal, own, rare)

    def _publish(self, month: date, left_out: dict[str, str]) -> None:
        people = self.scheme.people
        self._look_at_stops(month, left_out)
        one, two = self.two_of(people.bureau, people.bureau2)
        if self.chance("wrong_person"):
            stranger = self.one_of(people.treasury, people.district, people.auditor, people.admin)
            self.act(
                f"prepare_notice {month:%Y-%m} by {stranger}",
                lambda: notices.prepare_notice(month=month, by=stranger),
                refused=True,
            )
        notice = self._prepared(month, left_out, one)
        if self.chance("returned"):
            self.act(
                "return_notice",
                lambda: notices.return_notice(notice=notice, reason="改", by=two),
            )
            notice = self._prepared(month, left_out, one)
        if self.chance("wrong_person"):
            self.act(
                "sign_off_notice by its preparer",
                lambda: notices.sign_off_notice(notice=notice, by=one),
                refused=True,
            )
        self.act("sign_off_notice", lambda: notices.sign_off_notice(notice=notice, by=two))

    def _look_at_stops(self, month: date, left_out: dict[str, str]) -> None:
        """A stopped run keeps its agreement's month from being published until it is decided."""
        begun = AgreementMonth.objects.filter(month=month).values_list("agreement", flat=True)
        due = FuseTrip.objects.filter(state=FuseTrip.State.TRIPPED).exclude(
            Q(agreement__code__in=left_out) | Q(agreement__in=list(begun))
        )
        if not due.exists():
            return
        self.act(
            f"prepare_notice {month:%Y-%m} with a run stopped",
            lambda: notices.prepare_notice(
                month=month, by=self.scheme.people.bureau, leave_out=left_out
            ),
            refused=True,
        )
        self._decide_stops()

    def _prepared(self, month: date, left_out: dict[str, str], by):
        return self.act(
            f"prepare_notice {month:%Y-%m}",
            lambda: notices.prepare_notice(month=month, by=by, leave_out=left_out),
        )

    def _objection_period(self, month: date) -> None:
        begun = list(AgreementMonth.objects.filter(month=month).order_by("pk"))
        for own in begun:
            deal = next(d for d in self.scheme.deals if d.agreement.pk == own.agreement_id)
            published_at = own.notice.published_at
            assert published_at is not None
            with moved_to(published_at + timedelta(days=1)):
                how = pick(
                    self.dice,
                    {
                        "objection": self.chances.objection if month in deal.truth else 0,
                        "one": self.chances.one_confirms,
                        "both": self.chances.both_confirm,
                        "nobody": 0.3,
                    },
                )
                if how == "objection":
                    disputing.object_to(self, deal, own)
                else:
                    self._confirm(deal, own, how)
        last = max(m.objection_until for m in begun)
        with moved_to(last - timedelta(days=1)):
            deal = self.one_of(*self.scheme.deals)
            if month in deal.truth and self.chance("correction_in_time"):
                self.scheme.measure(deal, month, self.dice.choice([2, 4, 5]))
                self.recompute()
        open_until_then = [m.pk for m in begun if m.objection_until == last]
        with moved_to(last):
            before = self._states(open_until_then)
            self.daily("daily on the last day")
            self.expect(
                [s for s in before if s == "published"]
                == [s for s in self._states(open_until_then) if s == "published"],
                "a month lapsed on the last day of its objection period",
            )
        with moved_to(last + timedelta(days=1)):
            self.daily("daily")
            self.expect(
                "published" not in self._states([m.pk for m in begun]),
                "a month did not lapse",
            )
            pending = Adjustment.objects.filter(state__in=Adjustment.PENDING, accrual__period=month)
            waits = [m.pk for m in begun if pending.filter(accrual__term__agreement=m.agreement_id)]
            self.expect("final" not in self._states(waits), "final under a pending adjustment")

    def _confirm(self, deal: Deal, own: AgreementMonth, how: str) -> None:
        people = self.scheme.people
        if self.chance("wrong_person"):
            stranger = self.one_of(people.stranger, people.bureau, people.township)
            self.act(
                f"confirm_month by {stranger}",
                lambda: months.confirm_month(agreement_month=own, by=stranger),
                refused=True,
            )
        who = [people.district, people.downstream]
        self.dice.shuffle(who)
        count = {"both": 2, "one": 1, "nobody": 0}[how]
        for by in who[:count]:
            self.act(
                "confirm_month", lambda by=by: months.confirm_month(agreement_month=own, by=by)
            )
        (state,) = self._states([own.pk])
        self.expect(
            state == ("confirmed" if count == 2 else "published"),
            f"{own} is {state} after {count} of 2 confirmed",
        )

    def _states(self, pks: list[int]) -> list[str]:
        return list(
            AgreementMonth.objects.filter(pk__in=pks).order_by("pk").values_list("state", flat=True)
        )

    # Corrections --------------------------------------------------------------------------

    def _correct_earlier(self, month: date) -> None:
        """A reading of a month that is published, perhaps closed, turns out another."""
        deal = self.one_of(*self.scheme.deals)
        known = sorted(m for m in deal.truth if self.first <= m <= month)
        if not known:
            return
        which = self.one_of(*known)
        others = [c for c in (2, 3, 4, 5) if c != deal.truth[which]]
        self.scheme.measure(deal, which, self.dice.choice(others))
        self.recompute()

    def _runaway(self, year: int) -> None:
        """A year's readings all turn out the other way: the run stops, or changes 3 at most."""
        deal = self.one_of(*self.scheme.deals)
        for month in [m for m in sorted(deal.truth) if m.year == year][:6]:
            self.scheme.measure(deal, month, 4 if deal.truth[month] <= 3 else 2)
        self.recompute()

    def _settle(self) -> None:
        """People decide on what was stopped and what is proposed; then the months are final."""
        self._decide_stops()
        for adjustment in Adjustment.objects.filter(state__in=Adjustment.PENDING).order_by("pk"):
            self._final_waits(adjustment)
            self._decide(adjustment)
        self.daily("daily")

    def _decide_stops(self) -> None:
        people = self.scheme.people
        for trip in FuseTrip.objects.filter(state=FuseTrip.State.TRIPPED):
            one, two = self.two_of(people.bureau, people.bureau2)
            ask, how = self.one_of(
                (adjustments.propose_release, adjustments.release_fuse),
                (adjustments.propose_drop, adjustments.drop_fuse),
            )
            self.act(ask.__name__, lambda t=trip, a=ask, by=one: a(trip=t, by=by, reason="看过"))
            if self.chance("wrong_person"):
                self.act(
                    f"{how.__name__} by who asked",
                    lambda t=trip, h=how, by=one: h(trip=t, by=by),
                    refused=True,
                )
            self.act(how.__name__, lambda t=trip, h=how, by=two: h(trip=t, by=by))

    def _final_waits(self, adjustment: Adjustment) -> None:
        """A month does not become final while its adjustment waits."""
        own = AgreementMonth.objects.filter(
            agreement=adjustment.accrual.term.agreement_id, month=adjustment.accrual.period
        )
        before = list(own.values_list("state", flat=True))
        self.daily("daily with an adjustment waiting")
        after = list(own.values_list("state", flat=True))
        self.expect(
            before == after or "final" not in after, "a month became final under an adjustment"
        )

    def _decide(self, adjustment: Adjustment) -> None:
        people = self.scheme.people
        one, two = self.two_of(people.bureau, people.bureau2)
        if self.chance("dismissed"):
            stays = "keep" if in_force_behind(adjustment).exists() else ""
            self.act(
                "decline_adjustment",
                lambda: adjustments.decline_adjustment(
                    adjustment=adjustment, by=one, reason="不", rulings=stays
                ),
            )
            self.act(
                "dismiss_adjustment",
                lambda: adjustments.dismiss_adjustment(adjustment=adjustment, by=two),
            )
            return
        self.act(
            "review_adjustment",
            lambda: adjustments.review_adjustment(adjustment=adjustment, by=one, reason="核实"),
        )
        if self.chance("wrong_person"):
            self.act(
                "approve_adjustment by its reviewer",
                lambda: adjustments.approve_adjustment(adjustment=adjustment, by=one),
                refused=True,
            )
        accrual = adjustment.accrual
        difference = minus(said_by(adjustment), holds(accrual))
        year = Settlement.objects.get(agreement=accrual.term.agreement_id, year=accrual.period.year)
        if year.state in Settlement.FIXED:
            deal = next(d for d in self.scheme.deals if d.agreement.pk == accrual.term.agreement_id)
            deal.book(difference)
        self.act(
            "approve_adjustment",
            lambda: adjustments.approve_adjustment(adjustment=adjustment, by=two),
        )
        self.expect(holds(accrual) == said_by(adjustment), "the approved adjustment does not hold")
        signed = year.state not in ("open", *Settlement.FIXED)
        year.refresh_from_db()
        self.expect(not signed or year.state == "open", f"{year} stayed {year.state}: data changed")

    def _amend(self, day: date) -> None:
        deal = self.one_of(*self.scheme.deals)
        term = deal.agreement.terms.order_by("-number").first()
        if term is None or term.rule != "baseline":
            return
        one, two = self.scheme.admins
        rate = self.dice.choice(["2000000.00", "3000000.00"])
        draft = self.act("amend", lambda: amended(deal.agreement, day, one, rate=rate), fault=None)
        self.act("activate_draft", lambda: put_in_force(draft, two))

    def _all_final(self, year: int) -> None:
        waiting = AgreementMonth.objects.filter(month__year=year).filter(~Q(state="final"))
        self.expect(not waiting.exists(), f"not final: {list(waiting)}")
        due = 1 if self.yearly else len(months_of(year, self.first))
        due *= len(self.scheme.deals)
        have = Accrual.objects.filter(period__year=year).count()
        self.expect(have == due, f"{have} accruals of {year}, not {due}")
        for deal in self.scheme.deals:
            classes = dict(
                Assessment.objects.filter(section=deal.section).values_list("month", "water_class")
            )
            for month, water_class in deal.truth.items():
                self.expect(
                    classes.get(month) == water_class,
                    f"{deal.code} {month} is class {classes.get(month)}, measured {water_class}",
                )
