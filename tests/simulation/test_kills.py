"""Twenty SIGKILLs over web, worker, beat, backends and the database server of a site at work."""

import pytest

from tests.simulation.kills import VICTIMS, Killing
from tests.simulation.site import Site

pytestmark = pytest.mark.worker


def test_after_twenty_kills_nothing_is_lost_or_doubled(committed, tmp_path):
    scheme, ledger = Killing.prepared()
    with Site(tmp_path) as site:
        killing = Killing(site, scheme, ledger)
        killing.run(20)
    assert site.killed.total() == 20
    assert set(site.killed) == set(VICTIMS)
    assert len(killing.acknowledged) == 20
