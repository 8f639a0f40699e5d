"""Every task and every changing service: three times in a row, twice at once, after an abort.

The stories (tests/simulation/story.py, office.py) are told once in peace and once harassed;
after each act the database must say the same. A task or a service that is in none fails here.
"""

import logging
from types import ModuleType

import pytest
from celery import shared_task
from django.test import override_settings

from config.celery import app
from tests.conftest import empty_database
from tests.simulation import telling
from tests.simulation.changing import changing, changing_of
from tests.simulation.story import in_peace
from tests.simulation.telling import STORIES, told

# Told by another one, which begins and commits the transaction …
WITHIN = {
    "calendar.announce_year": "approve_calendar",
    "calendar.change_day": "approve_calendar",
    "accruals.accrue_agreement": "activate_draft",
    "accruals.accrue_changed": "settlements.recompute",
    "amendments.close_current": "activate_draft",
    "assessment.assess_months": "settlements.recompute",
    "assessment.claim_marks": "settlements.recompute",
    "assessment.set_aside": "settlements.recompute",
    "clearing.refresh_cleared": "approve_payment",
    "demands.demand_payment": "close_settlement",
    "demands.refresh_due_days": "settlements.refresh_deadlines",
    "demands.remind_debtors": "settlements.daily",
    "refusals.lapse_refusals": "settlements.daily",
    "refusals.note_corrected": "approve_adjustment",
    "refusals.refresh_refusal_days": "settlements.refresh_deadlines",
    "signing.begin_deadline": "settlements.daily",
    "signing.lapse_years": "settlements.daily",
    "signing.move_on": "confirm_amounts",
    "signing.refresh_sign_days": "settlements.refresh_deadlines",
    "signing.sign_for": "confirm_amounts",
    "drafts.mark_submitted": "submit_draft",
    "evidence.keep_file": "add_evidence",
    "ledger.accounts_of": "approve_payment",
    "ledger.close_account": "retire_account",
    "ledger.post": "approve_payment",
    "ledger.post_all": "approve_payment",
    "ledger.reverse": "approve_reversal",
    "months.finalise_due": "settlements.daily",
    "sign_in_locks.unlock": "person_acts.approve",
    "months.lapse_due": "settlements.daily",
    "months.refresh_deadlines": "settlements.refresh_deadlines",
    "notices.keep_prepared": "prepare_notice",
    "notices.publish_drawn": "sign_off_notice",
    "notifications.notify_all": "sign_off_notice",
    "objections.refresh_evidence_deadlines": "settlements.refresh_deadlines",
    "objections.settle_month": "withdraw_objection",
    "pipeline.recompute": "settlements.recompute",
    "proposals.propose": "settlements.recompute",
    "reconciliation.correct_statement": "approve_correction",
    "services.run": "jobs.run",
    "services.sweep": "jobs.sweep",
    "nets.resettle": "settlements.recompute",
    "nets.void_signatures": "approve_adjustment",
    "verdicts.keep_reading": "enter_reserve",
    "verdicts.mark_month": "accept_objection",
}
# … or it changes nothing that a person or a task could do twice.
APART = {
    **dict.fromkeys(
        ("decision_preview.dry_run", "decision_preview.judgement_run"),
        "takes everything back at its end",
    ),
    **dict.fromkeys(
        ("adjustments.review_released", "adjustments.approve_released", "hearing.remark_on"),
        "review_adjustment and approve_adjustment of many, and what a party says before:"
        " tests/dashboard/settlements/test_adjustment_pages.py",
    ),
    "papers.paper_of_demand_made": "the paper of a demand, found again when it is asked for again",
    **dict.fromkeys(
        (
            "offsets.consent_offset",
            "offsets.decline_offset",
        ),
        "an offset of two parties: tests/settlements/ledger/test_offsets.py does each twice",
    ),
    **dict.fromkeys(
        (
            "refusals.answer_refusal",
            "refusals.decide_refusal",
            "refusals.enter_ruling",
            "refusals.escalate_refusal",
            "refusals.keep_amounts",
            "refusals.refuse_amounts",
            "refusals.withdraw_refusal",
            "signing.decide_silent",
            "signing.remind_to_sign",
        ),
        "a year refused or silent: tests/settlements/years/test_year_refused.py does each twice",
    ),
    **dict.fromkeys(
        ("supplements.prepare_supplements", "supplements.sign_supplements"),
        "prepare_notice and sign_off_notice of many months: tests/settlements/notices/test_supplements.py",
    ),
    "reference.load_reference": "the reference data of an installation, by its command",
    "person_acts.make_on_machine": "the first two administrators, by their command",
    **dict.fromkeys(
        ("dated.cut", "opening.import_opening", "person_acts.propose_on_machine"),
        "tables of reference data: tests/settlements/reference imports each twice",
    ),
    "opening.prepare_of_days": "prepare_opening of each day: tests/settlements/ledger/test_opening.py"
    " does it twice",
    **dict.fromkeys(
        (
            "map_file.store_map",
            "succession.end_section",
            "succession.replace_section",
            "succession.take_back_end",
        ),
        "reference data on their pages: tests/settlements/reference/test_succession.py and"
        " tests/dashboard/reference/test_first_day.py do each twice",
    ),
    **dict.fromkeys(
        (
            "letters.keep_letters",
            "receiving.take",
            "receiving.take_in",
            "stations.add_station",
            "stations.change_station",
        ),
        "what stations send: tests/monitoring/stations/test_receiving.py and test_gateway.py send it"
        " twice, at once and after a kill",
    ),
    **dict.fromkeys(
        (
            "requests.receive",
            "tokens.add_token",
            "tokens.change_secret",
            "tokens.revoke_token",
            "tokens.token_of",
        ),
        "what programs send, and their tokens: tests/dashboard/api/test_writing.py does each twice",
    ),
    **dict.fromkeys(
        ("storing.leave_judged", "storing.stage", "storing.store"),
        "within an import or a group of frames: tests/monitoring/test_import.py does each twice",
    ),
    **dict.fromkeys(
        (
            "deciding.dismiss_letters",
            "deciding.replay_letters",
            "deciding.replay_station",
            "deciding.say_factor",
            "receiving.joined_parts",
            "receiving.take_again",
        ),
        "letters of stations: tests/monitoring/stations/test_deciding.py does each twice",
    ),
    **dict.fromkeys(
        (
            "imports.try_import_with_amounts",
            "imports.try_readings_with_amounts",
            "imports.undo_batch",
            "senders.remember_sender",
            "trial.try_import",
            "trial.try_readings",
            "undoing.take_back_batch",
            "uploads.give_up_upload",
            "uploads.import_upload",
            "uploads.map_columns",
            "uploads.take_upload",
        ),
        "uploads of readings: tests/dashboard/data/test_uploads.py and"
        " tests/settlements/accruals/test_imports.py do each twice",
    ),
    **dict.fromkeys(
        (
            "people.change_own_password",
            "sessions.begin",
            "sessions.end_all",
            "sessions.end_own",
            "sign_in_locks.failed",
            "sign_in_locks.forget",
            "sign_in_locks.succeeded",
        ),
        "a person's own sign-in: tests/dashboard/people/test_account.py, test_locks.py",
    ),
}


def tasks_of_ours() -> set[str]:
    app.loader.import_default_modules()
    return {name for name in app.tasks if not name.startswith(("celery.", "tests."))}


def untold(services: dict[str, str]) -> set[str]:
    """Of these services, by name in full, those that no story tells."""
    known = told() | WITHIN.keys() | APART.keys()
    return {full for full, own in services.items() if not {full, own} & known}


def test_every_task_is_told_in_a_story():
    assert {"settlements.recompute", "jobs.run"} <= tasks_of_ours()
    assert tasks_of_ours() - told() == set(), "a task without this test"


def test_a_task_that_no_story_tells_is_named():
    def planted() -> None:
        """Does nothing."""

    shared_task(name="planted.unheard_of")(planted)
    try:
        assert tasks_of_ours() - told() == {"planted.unheard_of"}
    finally:
        app.tasks.pop("planted.unheard_of")


def test_every_changing_service_is_told_in_a_story():
    found = changing()
    assert len(found) > 100
    assert untold(found) == set(), "a changing service without this test"
    assert set(WITHIN.values()) <= told()
    assert WITHIN.keys() | APART.keys() <= found.keys(), "one that is no service any more"


@pytest.mark.parametrize(
    "source",
    [
        "@transaction.atomic\ndef planted(x):\n    helper(x)\n",
        "def planted(x):\n    with transaction.atomic():\n        helper(x)\n",
        "def planted(x):\n    x.save()\n",
        "def planted(x):\n    insert_new(x, y)\n",
        "def planted(x):\n    Thing.objects.filter(pk=x).update(done=True)\n",
        "def planted(x):\n    return _inner(x)\n\n\ndef _inner(x):\n    x.delete()\n",
        "SQL = 'UPDATE thing SET x = 1'\n\n\ndef planted(cursor):\n    cursor.execute(SQL)\n",
    ],
)
def test_a_changing_service_that_no_story_tells_is_named(source, tmp_path):
    file = tmp_path / "planted_services.py"
    file.write_text(source)
    module = ModuleType("planted_services")
    module.__file__ = str(file)
    assert changing_of(module) == {"planted"}
    assert untold({"planted_services.planted": "planted"}) == {"planted_services.planted"}


@pytest.fixture
def files_here(tmp_path):
    with override_settings(MEDIA_ROOT=tmp_path):
        yield
    in_peace()
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", STORIES)
def test_harassed_or_in_peace_the_story_ends_the_same(committed, files_here, name):
    story = STORIES[name]
    known = list(telling.plainly(story))
    assert len(known) == len(story.acts)
    empty_database()
    logging.disable(logging.ERROR)  # the pipeline says of what the aborts stop
    for place, (act, wrong) in enumerate(telling.harassed(story, known)):
        assert not wrong, f"act {place}, {act.act.name} on {act.act.on}: {wrong}"
