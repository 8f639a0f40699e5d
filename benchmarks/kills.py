"""500 SIGKILLs over web, worker, beat, database backends and the postmaster of a site at work.

    .venv/bin/python benchmarks/kills.py [KILLS] [SEED]

The site is one of its own in a temporary folder: its PostgreSQL listens on a socket there, its
web on the loopback. Only processes it started are killed, each by its number. After each kill
the books balance, what was acknowledged is there, nothing is there twice.
"""

import logging
import sys
import tempfile
import time
from pathlib import Path

from bench import set_up

set_up()

from django.test.utils import setup_databases, teardown_databases  # noqa: E402

from tests.simulation.kills import Killing  # noqa: E402
from tests.simulation.site import Site  # noqa: E402


def main() -> int:
    kills, seed = (int(n) for n in (*sys.argv[1:], *("500", "1")[len(sys.argv) - 1 :]))
    logging.disable(logging.ERROR)
    made = setup_databases(verbosity=0, interactive=False)
    start = time.perf_counter()
    try:
        scheme, ledger = Killing.prepared()
        with tempfile.TemporaryDirectory() as folder, Site(Path(folder)) as site:
            killing = Killing(site, scheme, ledger, seed=seed)
            try:
                killing.run(kills)
            finally:
                print(", ".join(f"{n} × {name}" for name, n in site.killed.most_common()))
    finally:
        teardown_databases(made, verbosity=0)
    print(f"{kills} kills in {time.perf_counter() - start:.0f} s: nothing lost, nothing doubled")
    return 0


sys.exit(main())
