"""What every benchmark starts with: an installation of its own under var/bench."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def set_up() -> None:
    """Django on an embedded database of the benchmarks' own, migrated."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("VAR_DIR", str(ROOT / "var" / "bench"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from django.core.management import call_command

    from config.embedded.default import acquire_if_embedded

    acquire_if_embedded()
    call_command("migrate", verbosity=0)


class Stopwatch:
    seconds = 0.0


@contextmanager
def timed() -> Iterator[Stopwatch]:
    watch, start = Stopwatch(), time.perf_counter()
    yield watch
    watch.seconds = time.perf_counter() - start


def told(what: str, *, limit: float, ours: float, ratio: float, unit: str = "s") -> None:
    """One line of a benchmark: the limit of the same run, ours, and the ratio that is aimed at.

    With `--json` on the command line as one object.
    """
    if "--json" in sys.argv:
        print(json.dumps({"what": what, "limit": limit, "ours": ours, "ratio": round(ratio, 4)}))
    else:
        print(f"{what}: {ours:.3f} {unit}, limit {limit:.3f} {unit}, ratio {ratio:.2f}")


def number(default: int) -> int:
    """The number on the command line, if there is one."""
    return next((int(text) for text in sys.argv[1:] if text.isdigit()), default)
