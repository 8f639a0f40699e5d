"""Recording 指标值: figures that no reading gives. All rows of a call or none.

A value that differs from the live one supersedes it; the old row stays with who corrected it
when. The database marks the months the figure feeds.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from basins.models import Jurisdiction, User
from basins.ranges import today
from monitoring.models import Observation, Section
from monitoring.observations.services.observation_file import (
    Owners,
    Typed,
    Understood,
    WrongFigure,
    read_whole,
    understood,
)
from written.text import name_key


class ObservationsRefused(ValueError):
    """Rows that are not taken in; `wrong` names row, field and remedy. Nothing was stored."""

    def __init__(self, wrong: Iterable[WrongFigure]) -> None:
        self.wrong = list(wrong)
        super().__init__("\n".join(map(str, self.wrong)))


@dataclass(slots=True)
class Recorded:
    """What became of the rows: new figures, corrections, and those that were so already."""

    rows: int = 0
    new: int = 0
    corrected: int = 0
    same: int = 0
    dry_run: bool = False
    wrong: list[WrongFigure] = field(default_factory=list)
    unread_sheets: list[str] = field(default_factory=list)
    doubtful: list[int] = field(default_factory=list)  # rows with a value like a fill value

    def to_json(self) -> dict:
        return asdict(self)


def owners() -> Owners:
    """Sections and jurisdictions by code and by name: 2 SQL queries."""
    return Owners(_by_words(Section), _by_words(Jurisdiction))


def _by_words(model: type[Section] | type[Jurisdiction]) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = defaultdict(set)
    codes: dict[str, tuple[int, ...]] = {}
    for pk, code, name in model._default_manager.values_list("pk", "code", "name"):
        codes |= {name_key(code): (pk,), code: (pk,)}
        for word in {name, name_key(name)}:  # also under full-width brackets and blanks
            found[word].add(pk)
    return {name: tuple(sorted(ids)) for name, ids in found.items()} | codes


def understand(typed: Iterable[Typed]) -> tuple[list[Understood], list[WrongFigure]]:
    """What rows as written mean, and everything wrong with the others."""
    return understood(typed, owners(), today())


def import_observations(
    *, raw: bytes, filename: str, by: User | None, dry_run: bool = False
) -> Recorded:
    """Record a CSV or XLSX file; with `dry_run` only say what would become of it.

    Raises FileError for a file that cannot be read, ObservationsRefused where any row is
    wrong; then nothing is stored.
    """
    file = read_whole(raw, filename)
    rows, wrong = understand(file.rows)
    if wrong:
        raise ObservationsRefused(wrong)
    done = record_observations(rows=rows, by=by, dry_run=dry_run)
    done.unread_sheets = list(file.unread)
    return done


@transaction.atomic
def record_observations(
    *, rows: Iterable[Understood], by: User | None, dry_run: bool = False
) -> Recorded:
    """Store the figures; one with the value that is live already is left as it is."""
    rows = list(rows)
    doubtful = [row.row for row in rows if row.like_a_fill]
    done = Recorded(rows=len(rows), dry_run=dry_run, doubtful=doubtful)
    with connection.cursor() as cursor:  # what was compared stays true until the commit
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('monitoring_observations'))")
    live = live_figures(rows)
    fresh, superseded = [], []
    for row in rows:
        before = live.get(row.key)
        if before is not None and before.value == row.value:
            done.same += 1
            continue
        if before is None:
            done.new += 1
        else:
            done.corrected += 1
            superseded.append(before.pk)
        fresh.append(_stored(row, by))
    if not dry_run:
        Observation.objects.filter(pk__in=superseded).update(superseded_at=Now(), superseded_by=by)
        Observation.objects.bulk_create(fresh, batch_size=500)
    return done


def live_figures(rows: Iterable[Understood]) -> dict[tuple, Observation]:
    """The live figures of the rows' keys: 1 SQL query."""
    rows = list(rows)
    found = Observation.objects.filter(
        Q(section__in={r.section_id for r in rows if r.section_id})
        | Q(jurisdiction__in={r.jurisdiction_id for r in rows if r.jurisdiction_id}),
        superseded_at__isnull=True,
        name__in={r.figure.name for r in rows},
        period__in={r.period for r in rows},
    )
    return {(o.section_id, o.jurisdiction_id, o.name, o.period, o.yearly): o for o in found}


def _stored(row: Understood, by: User | None) -> Observation:
    return Observation(
        section_id=row.section_id,
        jurisdiction_id=row.jurisdiction_id,
        name=row.figure.name,
        period=row.period,
        yearly=row.yearly,
        value=row.value,
        unit=row.figure.unit,
        source=row.source,
        recorded_by=by,
    )
