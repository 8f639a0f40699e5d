"""Ten minutes of stations and programs sending while gateway, worker, web and database are killed by turns.

    .venv/bin/python benchmarks/faults.py [SECONDS] [SEED]

The installation is one of its own in a temporary folder, as `make demo` starts it; only processes it
started are
killed, each by its number. Afterwards every answered reading is there exactly once, and every month is what a
computation from nothing gives; else it fails.
"""

import socket
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.demo_process import Demo
from tests.faulty import Faulty


def main() -> int:
    seconds, seed = (int(n) for n in (*sys.argv[1:], *("600", "1")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        demo = Demo(Path(folder) / "var", port, durable=True, SWEEP_SECONDS="5")
        faulty = Faulty(demo, seed=seed)
        since = time.perf_counter()
        try:
            faulty.start()
            faulty.run(seconds=seconds, every=5)
            found = faulty.check()
        finally:
            for process in demo.processes():
                process.kill()
            if demo.process is not None:
                demo.process.wait()
    answered = sum(map(len, faulty.answered.values()))
    print(", ".join(f"{n} × {name}" for name, n in sorted(faulty.killed.items())))
    print(
        f"{answered} readings answered of {faulty.sent['frames']} frames and"
        f" {faulty.sent['requests']} requests in {time.perf_counter() - since:.0f} s;"
        f" {found['means']} means: nothing lost, nothing doubled, every month right"
    )
    return 0


sys.exit(main())
