"""What every benchmark starts with: an installation of its own under var/bench."""

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
