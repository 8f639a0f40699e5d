"""An export of readings as a job; its file lies under VAR_DIR/exports until it is old.

What the person may see is asked when it runs. The job may run again from the start.
"""

import hashlib
import time
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from basins.access import Viewer, viewer_of
from basins.clock import now
from basins.models import User
from basins.ranges import months_between
from basins.refusals import Refused
from basins.snapshot import one_snapshot
from jobs import services as jobs
from jobs.models import Job
from monitoring.export.samples import is_measured
from monitoring.export.workbook import (
    LAYOUTS,
    MOST_MONTHS,
    NothingToWrite,
    Wanted,
    write_workbook,
)
from monitoring.models import Section
from monitoring.visible import visible_sections

KIND = "monitoring.export_readings"
KEPT_DAYS = 30
ALL = ""


def sections_of(viewer: Viewer, scope: str) -> list[Section]:
    """Those of `scope` the viewer may see, by river and from its source.

    `scope`: ALL, `river:CODE` or `section:CODE`.
    """
    found = visible_sections(viewer).select_related("province", "river")
    kind, _, code = scope.partition(":")
    if kind == "river":
        found = found.filter(river__code=code)
    elif kind == "section":
        found = found.filter(code=code)
    return list(found)


def enter_export(
    *, layout: str, first: date, last: date, scope: str = ALL, by: User, wake: bool = True
) -> Job:
    """The job, or the live one that makes the same for this person. `first`, `last`: months.

    Raises Refused with what to choose instead.
    """
    if layout not in LAYOUTS:
        raise ValueError(layout)
    months = months_between(first, last)
    if not months:
        raise Refused("终止月份早于起始月份；请改选。", field="last")
    if len(months) > MOST_MONTHS:
        raise Refused(f"一次至多导出 {MOST_MONTHS} 个月；请分几次导出。", field="last")
    viewer = viewer_of(by)
    sections = sections_of(viewer, scope)
    if not sections:
        raise Refused("没有您能看到的断面；请改选。", field="scope")
    if not is_measured([section.pk for section in sections], months):
        raise NothingToWrite("所选断面在这些月份没有监测数据；请改选月份或断面。", field="first")
    parameters = {
        "user": by.pk, "layout": layout, "scope": scope,
        "first": f"{first:%Y-%m}", "last": f"{last:%Y-%m}",
    }  # fmt: skip
    key = hashlib.sha256(repr(sorted(parameters.items())).encode()).hexdigest()[:32]
    return jobs.enqueue(kind=KIND, key=key, parameters=parameters, by=by, wake=wake)


def exports_of(by: User) -> Any:
    """The person's own, newest first."""
    return Job.objects.filter(by=by, kind=KIND).order_by("-pk")


def file_of(job: Job, viewer: Viewer) -> Path | None:
    """The workbook of a finished export, while it is kept and its person may see all that is in it."""
    path = folder() / f"readings-{job.pk}.xlsx"
    if job.state != Job.State.DONE or not path.is_file() or is_withheld(job, viewer):
        return None
    return path


def is_withheld(job: Job, viewer: Viewer) -> bool:
    """Whether a section of a finished export is none of the viewer's any more; 1 SQL query."""
    inside = (job.result or {}).get("section_ids", [])
    return visible_sections(viewer).filter(pk__in=inside).count() < len(inside)


def name_of(job: Job) -> str:
    """What the file is called when it is sent on."""
    said = job.parameters
    span = said["first"] if said["first"] == said["last"] else f"{said['first']}至{said['last']}"
    return f"监测数据-{LAYOUTS[said['layout']]}-{span}.xlsx"


def folder() -> Path:
    return Path(settings.VAR_DIR) / "exports"


def about(by: str, at: datetime) -> tuple[tuple[str, str], ...]:
    """Who made the file, and when."""
    return (("导出", f"{by}，{timezone.localtime(at):%Y-%m-%d %H:%M}"),)


@jobs.handles(KIND, stepwise=True)  # it writes nothing, and reads all at one moment
def export(parameters: dict[str, Any], progress: jobs.Progress) -> dict[str, Any]:
    with one_snapshot():
        return _made(parameters, progress)


def _made(parameters: dict[str, Any], progress: jobs.Progress) -> dict[str, Any]:
    by = User.objects.get(pk=parameters["user"])
    first, last = (date.fromisoformat(f"{parameters[end]}-01") for end in ("first", "last"))
    wanted = Wanted(
        layout=parameters["layout"],
        months=tuple(months_between(first, last)),
        sections=tuple(sections_of(viewer_of(by), parameters["scope"])),
        about=about(str(by), now()),
    )
    folder().mkdir(parents=True, exist_ok=True)
    _forget_old(folder().glob("readings-*"))
    target = folder() / f"readings-{progress.job.pk}.xlsx"
    part = target.with_suffix(f".{uuid4().hex}.part")  # another worker may have taken over
    try:
        written = write_workbook(part, wanted, progress)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return {
        **written.to_json(),
        "section_ids": [section.pk for section in wanted.sections],
        "bytes": target.stat().st_size,
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
    }


def _forget_old(files: Iterable[Path]) -> None:
    oldest = time.time() - KEPT_DAYS * 86400
    for path in files:
        try:
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
        except FileNotFoundError:  # another export was quicker
            continue
