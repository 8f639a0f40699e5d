"""SIGKILLs over web, worker, beat, backends and the database server of a site at work."""

from pathlib import Path

import pytest

from tests.simulation.kills import VICTIMS, Killing
from tests.simulation.site import Site

pytestmark = pytest.mark.worker


def survives(kills: int, folder: Path) -> None:
    """Nothing is lost or doubled after that many; each kind of process was among them."""
    scheme, ledger = Killing.prepared()
    with Site(folder) as site:
        killing = Killing(site, scheme, ledger)
        killing.run(kills)
    assert site.killed.total() == kills
    assert set(site.killed) == set(VICTIMS)
    assert len(killing.acknowledged) == kills


def test_after_eight_kills_nothing_is_lost_or_doubled(committed, tmp_path):
    survives(8, tmp_path)


@pytest.mark.long
def test_after_sixty_kills_nothing_is_lost_or_doubled(committed, tmp_path):
    survives(60, tmp_path)
