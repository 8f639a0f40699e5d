"""Every state has a kind, in one table that every badge takes it from."""

import pytest

from settlements.funds.queries import measures
from settlements.ledger.queries.reconciliation import Checked
from settlements.models import (
    Accrual,
    Adjustment,
    Agreement,
    AgreementDraft,
    AgreementMonth,
    Carryover,
    Correction,
    FuseTrip,
    IssueRequest,
    Notice,
    Objection,
    OpeningBatch,
    Payment,
    Reversal,
    Settlement,
)
from settlements.workflow import MOVES, STATES, StateKind, kind_of

MODELS = {
    "notice": Notice,
    "month": AgreementMonth,
    "objection": Objection,
    "adjustment": Adjustment,
    "settlement": Settlement,
    "payment": Payment,
    "reversal": Reversal,
    "correction": Correction,
    "carryover": Carryover,
    "issue_request": IssueRequest,
    "opening": OpeningBatch,
    "fuse": FuseTrip,
    "accrual": Accrual,
    "agreement": Agreement,
    "draft": AgreementDraft,
}


@pytest.mark.parametrize("thing", MODELS)
def test_the_table_names_the_states_that_are_stored_and_no_others(thing):
    assert STATES[thing].keys() == set(MODELS[thing].State.values)


def test_every_state_a_move_leads_to_has_a_kind():
    assert {m.target for m in MOVES} <= {s for states in STATES.values() for s in states}
    for move in MOVES:
        assert isinstance(kind_of(move.thing, move.target), StateKind)


def test_states_that_follow_from_dates_have_a_kind_too():
    assert STATES["measure"].keys() == measures.LABELS.keys()
    assert STATES["statement"].keys() == {Checked.AGREES, Checked.OPEN, Checked.DIFFERS}


def test_a_state_the_table_does_not_name_is_refused():
    with pytest.raises(KeyError):
        kind_of("month", "vanished")


def test_a_preliminary_month_waits_and_a_published_one_is_under_way():
    kinds = [kind_of("accrual", state) for state in ("preliminary", "published", "settled")]
    assert kinds == [StateKind.WAITING, StateKind.OPEN, StateKind.DONE]
