"""32 sessions × 1,000 mixed operations on one set of books.

    .venv/bin/python benchmarks/bank.py [SESSIONS] [OPERATIONS] [SEED]

In a database of its own. Says how many operations of each kind were done and refused, and
whatever broke: a read that did not sum to zero, a gap, a voucher booked twice, a broken check.
"""

import logging
import sys
import time

from bench import set_up

set_up()

from django.test.utils import setup_databases, teardown_databases  # noqa: E402

from tests.simulation import together  # noqa: E402
from tests.simulation.bank import Bank  # noqa: E402


def main() -> int:
    sessions, operations, seed = (
        int(given) for given in (*sys.argv[1:], *("32", "1000", "1")[len(sys.argv) - 1 :])
    )
    logging.disable(logging.ERROR)
    together.WAIT = 3600
    made = setup_databases(verbosity=0, interactive=False)
    try:
        bank = Bank.make()
        start = time.perf_counter()
        bank.run(sessions=sessions, operations=operations, seed=seed)
        seconds = time.perf_counter() - start
        for name in sorted(bank.done + bank.refused):
            print(f"{name:14} {bank.done[name]:6} done {bank.refused[name]:6} refused")
        print(f"{sessions} sessions × {operations}: {seconds:.0f} s")
        print("\n".join(bank.wrong) or "nothing broken")
        return 1 if bank.wrong else 0
    finally:
        teardown_databases(made, verbosity=0)


sys.exit(main())
