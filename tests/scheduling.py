"""Which tests go to which worker, and when: the longest first, so that the last end together.

Tests of a file share their worlds and stay together; but a simulation or a property rests on
nothing that another test made, and each goes to whichever worker is free. The tests of the
browser are one lot: a server, a browser.
"""

from xdist.scheduler import LoadFileScheduling

APART = (
    "tests/simulation/",
    "tests/settlements/rules/test_properties",
)
TOGETHER = ("tests/e2e/",)
# In this order, before all others. What waits much stands beside what computes much.
LONGEST = (
    "tests/simulation/test_repeated_acts", "tests/simulation/test_kills",
    "tests/simulation/test_bank", "tests/simulation/test_full_disk",
    "tests/simulation/test_simulation", "tests/simulation/test_workflow_walks", "tests/e2e/",
    "tests/first_day/", "tests/config/test_demo", "tests/simulation/", "tests/dashboard/demo/test_seed_demo",
    "tests/config/test_embedded_postgres", "tests/settlements/checks/",
)  # fmt: skip


def lot(nodeid: str) -> str:
    """What is never divided between workers."""
    for folder in TOGETHER:
        if nodeid.startswith(folder):
            return folder
    return nodeid if nodeid.startswith(APART) else nodeid.split("::", 1)[0]


def turn(nodeid: str) -> int:
    """Its place among the longest; all others come after them."""
    places = (n for n, start in enumerate(LONGEST) if nodeid.startswith(start))
    return next(places, len(LONGEST))


class LongestFirst(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return lot(nodeid)
