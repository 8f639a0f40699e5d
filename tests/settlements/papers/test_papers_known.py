"""Statements as known at a past moment: word for word what they said then."""

from dataclasses import dataclass
from datetime import date, datetime

import pytest
from django.db import connection
from django.utils import timezone

from basins.access import viewer_of
from basins.clock import moved_to, today
from basins.models import Jurisdiction
from monitoring.models import Target
from settlements import pipeline
from settlements.ledger.services.payments import prepare_payment
from settlements.ledger.services.reversals import approve_reversal, propose_reversal
from settlements.models import Adjustment, Settlement
from settlements.money import yuan
from settlements.papers.paper import OF_ISSUE, to_data
from settlements.papers.queries.papers import built
from settlements.papers.queries.sources_known import without_moment
from settlements.years.services.adjustments import (
    approve_adjustment,
    review_adjustment,
)
from settlements.years.services.closing import close_settlement, prepare_closing
from settlements.years.services.signing import confirm_amounts, sign_data
from tests.conftest import empty_database
from tests.second import dismiss
from tests.slips import approve_payment
from tests.worlds import Border, People, begun_later, publish_year

SUBJECTS = (
    "agreement:TEST:2022", "agreement:TEST:2023", "district:500901:2023", "district:500902:2023",
    "district:500902:2024",
)  # fmt: skip
WHO = ("bureau", "treasury", "district")


def said(paper) -> dict | None:
    """All a paper says, without its moment."""
    if paper is None:
        return None
    data = {k: v for k, v in to_data(without_moment(paper)).items() if k not in OF_ISSUE}
    return data


def unlike(where: str, then, now) -> list[str]:
    """Where two of them differ, and how."""
    if isinstance(then, dict) and isinstance(now, dict):
        pairs = [(key, then.get(key), now.get(key)) for key in {**then, **now}]
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = [(n, *pair) for n, pair in enumerate(zip(then, now, strict=True))]
    else:
        return [] if then == now else [f"{where}: {then} != {now}"]
    return [line for key, a, b in pairs for line in unlike(f"{where}.{key}", a, b)]


@dataclass
class Step:
    at: datetime  # of the database's clock
    day: date  # of the product's, moved
    said: dict[tuple[str, str], dict | None]


class World:
    """A year from its readings to a payment taken back; after each step, what statements say."""

    def __init__(self) -> None:
        self.people = People.make()
        self.said: dict[str, Step] = {}
        self.border = Border.make()
        begun_later(self.border, date(2022, 1, 1))
        Jurisdiction.objects.filter(
            pk__in=[self.border.upstream.pk, self.border.downstream.pk]
        ).update(parent=Jurisdiction.objects.get(code="500000"))
        self.months()
        self.adjustments()
        self.closing()
        self.payments()
        self.after_closing()

    def noted(self, step: str) -> None:
        pipeline.recompute()
        found = {
            (who, subject): said(built(viewer_of(getattr(self.people, who)), subject))
            for who in WHO
            for subject in SUBJECTS
        }
        self.said[step] = Step(timezone.now(), today(), found)

    def measured(self, when: str, water_class: str) -> Adjustment | None:
        self.border.measured(when, water_class)
        pipeline.recompute()
        return Adjustment.objects.filter(state="proposed").first()

    def months(self) -> None:
        for when in self.border.months("2022-01", "2023-12"):
            self.border.measured(when, "II")
        self.noted("measured")
        self.border.measured("2023-04", "III")
        self.noted("an open month corrected")
        Target.objects.filter(section=self.border.section).update(water_class=3)
        self.noted("target changed")
        with moved_to(date(2024, 1, 20)):
            publish_year(self.border.agreement, 2023, self.people, on=date(2024, 1, 20))
            self.noted("published")

    def adjustments(self) -> None:
        people = self.people
        with moved_to(date(2024, 2, 5)):
            self.may = self.measured("2023-05", "IV")
            self.noted("proposed")
            review_adjustment(adjustment=self.may, by=people.bureau, reason="复核属实")
            self.noted("reviewed")
            approve_adjustment(adjustment=self.may, by=people.bureau2)
            self.noted("approved")
            again = self.measured("2023-05", "III")
            self.noted("proposed over an approved one")
            dismiss(again, people, "不予采用")
            self.noted("dismissed")

    def closing(self) -> None:
        people = self.people
        year = Settlement.objects.get(agreement=self.border.agreement, year=2023)
        with moved_to(date(2024, 2, 6)):
            for act in (sign_data, confirm_amounts):
                for user in (people.district, people.downstream):
                    act(settlement=year, by=user)
                self.noted(act.__name__)
            prepare_closing(settlement=year, by=people.bureau)
            self.noted("prepared")
            close_settlement(settlement=year, by=people.bureau2)
            self.noted("closed")

    def payments(self) -> None:
        people = self.people
        payee, payer = self.border.upstream, self.border.downstream
        with moved_to(date(2024, 3, 20)):
            payment = prepare_payment(
                agreement=self.border.agreement, kind="direct", payer=payer, payee=payee,
                yuan=yuan("1000000"), voucher="川财1号", paid_on=date(2024, 3, 20),
                by=people.treasury,
            )  # fmt: skip
            self.noted("payment prepared")
            entry = approve_payment(payment=payment, by=people.treasury2)
            self.noted("paid")
        with moved_to(date(2024, 4, 10)):
            back = propose_reversal(entry=entry, why="退票", by=people.treasury)
            self.noted("reversal proposed")
            approve_reversal(reversal=back, by=people.treasury2)
            self.noted("reversed")

    def after_closing(self) -> None:
        with moved_to(date(2024, 6, 1)):
            later = self.measured("2023-06", "IV")
            self.noted("proposed after the closing")
            review_adjustment(adjustment=later, by=self.people.bureau, reason="复核属实")
            approve_adjustment(adjustment=later, by=self.people.bureau2)
            self.noted("booked after the closing")


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        yield World()
        connection.close()
        empty_database()


@pytest.mark.django_db
def test_each_statement_says_again_what_it_said_after_each_step(world):
    wrong = []
    for step, noted in world.said.items():
        for (who, subject), then in noted.said.items():
            with moved_to(noted.day):
                now = said(built(viewer_of(getattr(world.people, who)), subject, noted.at))
            wrong += [f"{step}, {who}: {line}" for line in unlike(subject, then, now)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db  # or it is run after other files, and the world built again for it
def test_the_steps_change_what_statements_say(world):
    """Else the one above would say little."""
    texts = [str(noted.said["bureau", "agreement:TEST:2023"]) for noted in world.said.values()]
    assert len(set(texts)) >= 13


@pytest.mark.django_db
def test_a_statement_as_known_names_its_moment_and_before_it_there_is_none(world):
    at = world.said["published"].at
    viewer = viewer_of(world.people.bureau)
    paper = built(viewer, "agreement:TEST:2023", at)
    assert paper.as_of == at
    assert [name for name, _ in paper.filters] == ["协议", "年度", "按某日所知"]
    assert built(viewer, "agreement:TEST:2023", at.replace(year=at.year - 1)) is None
    with pytest.raises(ValueError, match="时区"):
        built(viewer, "agreement:TEST:2023", at.replace(tzinfo=None))
