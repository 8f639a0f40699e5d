"""The workflow against its model: every event, in every state, by every kind of person."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from settlements.workflow import MOVES
from tests.simulation.model import EVENTS, ROLES, THINGS
from tests.simulation.walk import Walk

PEOPLE = sorted(ROLES)
# What people do from the first notice to the last payment, with every turn on the way.
WAY = (
    "notice.prepare bureau", "notice.return bureau2", "notice.prepare bureau",
    "notice.sign_off bureau2",
    "objection.raise district", "objection.withdraw district",
    "objection.raise downstream", "add_evidence", "objection.answer district",
    "objection.remeasure bureau", "record_remeasurement", "objection.accept bureau",
    "adjustment.review bureau", "adjustment.return bureau2", "adjustment.review bureau",
    "adjustment.approve bureau2", "pass_the_deadline",
    "settlement.sign_data district", "settlement.sign_data downstream",
    "settlement.confirm district", "settlement.confirm downstream",
    "correct", "adjustment.review bureau", "adjustment.approve bureau2",
    "settlement.sign_data downstream", "settlement.sign_data district",
    "settlement.confirm district", "settlement.confirm downstream",
    "settlement.prepare bureau", "settlement.return bureau2", "settlement.prepare bureau2",
    "settlement.close bureau",
    "payment.record treasury", "payment.reject treasury2", "payment.record treasury2",
    "payment.approve treasury", "take_back", "payment.record treasury",
    "payment.approve treasury2", "correct", "adjustment.decline bureau",
    "adjustment.return bureau2", "adjustment.decline bureau2", "adjustment.dismiss bureau",
)  # fmt: skip


@pytest.fixture
def files_here(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def test_every_event_is_tried_in_every_state_by_everybody(db, files_here):
    walk, tried = Walk(), set()

    def try_all() -> None:
        for thing, event in EVENTS:
            at = (thing, walk.model.state[thing], event)
            if at in tried:
                continue
            tried.add(at)
            for who in PEOPLE:
                walk.attempt(thing, event, who, undo=True)

    for act in WAY:
        try_all()
        name, _, who = act.partition(" ")
        if who:
            assert walk.attempt(*name.split("."), who), act
        else:
            getattr(walk, name)()
        walk.agree()
    try_all()
    reached = {(thing, state) for thing, state, _ in tried}
    wanted = {(m.thing, m.target) for m in MOVES if m.thing in THINGS}
    # Reached by the machine, or another way than this one (tests/settlements/notices/test_months.py …).
    elsewhere = {
        ("notice", "returned"), ("month", "confirmed"), ("objection", "withdrawn"),
        ("objection", "rejected"), ("adjustment", "withdrawn"),
    }  # fmt: skip
    assert wanted - reached <= elsewhere


class Workflow(RuleBasedStateMachine):
    """Random ways through the same; each in a transaction that is taken back."""

    agreed = 0  # times the model and the database were held against each other

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.walk = Walk()

    @rule(event=st.sampled_from(EVENTS), who=st.sampled_from(PEOPLE))
    def anybody_tries_anything(self, event, who):
        self.walk.attempt(*event, who)

    @rule(number=st.integers(0, 999))
    def something_allowed_happens(self, number):
        allowed = self.walk.allowed(EVENTS, PEOPLE)
        if allowed:
            assert self.walk.attempt(*allowed[number % len(allowed)])

    @rule(
        act=st.sampled_from(
            ["daily", "pass_the_deadline", "correct", "add_evidence", "record_remeasurement",
             "take_back"]
        )
    )  # fmt: skip
    def time_and_data_go_on(self, act):
        getattr(self.walk, act)()

    @invariant()
    def both_agree(self):
        self.walk.agree()
        Workflow.agreed += 1

    def teardown(self):
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)


def walked(ways: int) -> None:
    """So many random ways of forty steps, each held against the model."""
    Workflow.agreed = 0
    run_state_machine_as_test(
        Workflow,
        settings=settings(
            max_examples=ways,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Workflow.agreed >= ways


def test_random_ways_through_the_workflow_are_as_the_model_says(db, files_here):
    walked(5)


@pytest.mark.long
def test_a_hundred_random_ways_are_as_the_model_says(db, files_here):
    walked(100)
