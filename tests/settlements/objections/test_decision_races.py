"""Two at once, with real connections: one decision wins, the other is told; nobody waits in a
ring with the recompute."""

from datetime import date
from decimal import Decimal

import pytest

from basins.clock import moved_to
from monitoring.models import Verdict
from settlements import pipeline
from settlements.models import Adjustment, AgreementMonth, Objection, StateMove
from settlements.moving.acts import Refused
from settlements.objections.services.decisions import Treatment, accept_objection, reject_objection
from settlements.objections.services.objections import raise_objection, withdraw_objection
from tests.at_once import at_once
from tests.disputes import AMMONIA, DECIDED, april_published, objected, proofs
from tests.worlds import Border, People


@pytest.fixture
def world(committed, settings, tmp_path) -> tuple[Border, People, AgreementMonth]:
    settings.MEDIA_ROOT = tmp_path
    border, people = Border.make(), People.make()
    return border, people, april_published(border, people)


def _at(day: date, act):
    def go():
        with moved_to(day):
            return act()

    return go


def test_of_two_decisions_one_wins(world):
    border, people, month = world
    objection = objected(border, people, month)
    treatment = [Treatment("correct", reading=AMMONIA, value=Decimal("0.8"))]
    answers = at_once(
        _at(DECIDED, lambda: accept_objection(
            unheard="急", objection=objection, by=people.bureau, reason="是", treatment=treatment)),
        _at(DECIDED, lambda: reject_objection(
            unheard="急", objection=objection, by=people.bureau2, reason="否")),
        pipeline.recompute,
    )  # fmt: skip
    assert sum(isinstance(a, Objection) for a in answers) == 1
    assert sum(isinstance(a, Refused) for a in answers) == 1
    moves = StateMove.objects.filter(thing="objection", event__in=["accept", "reject"])
    assert moves.count() == 1
    accepted = Objection.objects.get().state == "accepted"
    assert Verdict.objects.count() == accepted
    pipeline.recompute()
    assert Adjustment.objects.count() == accepted
    assert AgreementMonth.objects.get().state == "decided"


def test_of_two_withdrawals_or_objections_one_counts(world):
    border, people, month = world
    given = {"month": month, "by": people.district, "section": border.section,
             "kind": "data_error", "reason": "有误。", "readings": [AMMONIA],
             "files": proofs()}  # fmt: skip
    raising = _at(date(2023, 5, 16), lambda: raise_objection(**given))
    answers = at_once(raising, raising)
    assert [type(a) for a in sorted(answers, key=lambda a: type(a).__name__)] == [
        Objection, Refused,
    ]  # fmt: skip
    objection = Objection.objects.get()
    withdrawing = _at(
        date(2023, 5, 17), lambda: withdraw_objection(objection=objection, by=people.district)
    )
    answers = at_once(withdrawing, withdrawing)
    assert sum(isinstance(a, Refused) for a in answers) == 1
    assert AgreementMonth.objects.get().state == "published"
    assert StateMove.objects.filter(thing="month", event="withdraw").count() == 1
