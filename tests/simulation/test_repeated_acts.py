"""Every task and every changing service: three times in a row, twice at once, after an abort.

The story (tests/simulation/story.py) is told once in peace and once harassed; after each act the
database must say the same. A task that is not in the story fails here.
"""

import inspect
import logging
from importlib import import_module

import pytest
from django.test import override_settings

from config.celery import app
from tests.conftest import empty_database
from tests.simulation import telling
from tests.simulation.story import STORY, in_peace, told

# Every public function of these that begins a transaction of its own is in the story …
SERVICES = (
    "adjustments", "closing", "decisions", "joint_samples", "months", "notices", "objections",
    "opening", "payments", "reconciliation", "reversals", "rulings",
)  # fmt: skip
# … or told by another one.
WITHIN = {
    "lapse_due": "settlements.daily",
    "finalise_due": "settlements.daily",
    "refresh_deadlines": "settlements.refresh_deadlines",
    "refresh_evidence_deadlines": "settlements.refresh_deadlines",
}


def tasks_of_ours() -> set[str]:
    app.loader.import_default_modules()
    return {name for name in app.tasks if not name.startswith(("celery.", "tests."))}


def services_that_change() -> set[str]:
    found = set()
    for name in SERVICES:
        module = import_module(f"settlements.services.{name}")
        for each, function in inspect.getmembers(module, inspect.isfunction):
            own = function.__module__ == module.__name__ and not each.startswith("_")
            # transaction.atomic wraps the function.
            if own and hasattr(function, "__wrapped__"):
                found.add(each)
    return found


def test_every_task_is_told_in_the_story():
    assert {"settlements.recompute", "jobs.run"} <= tasks_of_ours()
    assert tasks_of_ours() - told() == set(), "a task without this test"


def test_every_changing_service_is_told_in_the_story():
    assert "close_settlement" in services_that_change()
    assert services_that_change() - told() - WITHIN.keys() == set()
    assert set(WITHIN.values()) <= told()


@pytest.fixture
def files_here(tmp_path):
    with override_settings(MEDIA_ROOT=tmp_path):
        yield
    in_peace()
    logging.disable(logging.NOTSET)


def test_harassed_or_in_peace_the_story_ends_the_same(committed, files_here):
    known = list(telling.plainly(telling.world()))
    assert len(known) == len(STORY)
    empty_database()
    logging.disable(logging.ERROR)  # the pipeline says of what the aborts stop
    for place, (act, wrong) in enumerate(telling.harassed(telling.world(), known)):
        assert not wrong, f"act {place}, {act.act.name} on {act.act.on}: {wrong}"
