"""死信: what could not be taken, kept once with its reason and counted when it comes again."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from psycopg2.extras import execute_values

from monitoring.models import DeadLetter
from monitoring.stations.services.arrivals import Arrived

Reason = DeadLetter.Reason


@dataclass(frozen=True, slots=True)
class Letter:
    """Why a packet (or one factor of it) was not taken. `words`: Chinese, for people."""

    of: Arrived
    reason: str
    words: str
    station: int | None = None
    factor: str = ""
    written: str = ""

    @property
    def digest(self) -> str:
        said = f"{self.reason}|{self.factor}|{self.written}|".encode()
        return hashlib.sha256(said + self.of.digest).hexdigest()

    def row(self) -> tuple:
        packet = self.of.packet
        return (
            self.reason, packet.mn[:40], self.station, packet.qn[:40], packet.cn[:10],
            self.factor[:40], self.written[:100], self.words[:300], self.of.raw,
            self.of.password_digest, self.digest,
        )  # fmt: skip


def keep_letters(letters: Iterable[Letter]) -> int:
    """Store them; one that was there (open or decided) only counts. How many are new."""
    rows = {letter.digest: letter.row() for letter in letters}
    if not rows:
        return 0
    with connection.cursor() as cursor:
        found = execute_values(cursor.cursor, KEEP, list(rows.values()), fetch=True)
    return sum(new for (new,) in found)


KEEP = """
INSERT INTO monitoring_deadletter (reason, mn, station_id, qn, cn, factor, written, words, raw,
    password_digest, digest) VALUES %s
ON CONFLICT (digest) DO UPDATE SET times = monitoring_deadletter.times + 1, last_at = now()
RETURNING (xmax = 0)::integer
"""
