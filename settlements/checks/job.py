"""The checks as a job: one at a time, its result kept until the next one."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from basins.access import Act, Viewer, viewer_of
from basins.models import User
from jobs import services as jobs
from jobs.models import Job
from settlements.checks.base import Check
from settlements.checks.registry import CHECKS, run_checks
from settlements.moving.acts import NotAllowed

KIND = "settlements.checks"
KEY = "books"


@dataclass(frozen=True, slots=True)
class CheckReport:
    """One check as a page shows it."""

    check: Check
    ok: bool
    found: list[str]


def may_check(viewer: Viewer) -> bool:
    """Bureau, treasury and auditor: who sees the whole ledger and answers for money or audit."""
    return viewer.sees_all(Act.SEE_LEDGER) and (
        viewer.may(Act.RECORD_PAYMENT) or viewer.may(Act.SEE_AUDIT)
    )


def start_checks(*, by: User, wake: bool = True) -> Job:
    """Enter the job, or find the live one. Raises NotAllowed."""
    if not may_check(viewer_of(by)):
        raise NotAllowed(f"{by} 不能运行检查。")
    return jobs.enqueue(kind=KIND, key=KEY, parameters={}, by=by, wake=wake)


def newest() -> Job | None:
    """The job last entered, whatever became of it."""
    return Job.objects.filter(kind=KIND).select_related("by").order_by("-pk").first()


def last_done() -> Job | None:
    return (
        Job.objects.filter(kind=KIND, state=Job.State.DONE)
        .select_related("by")
        .order_by("-pk")
        .first()
    )


def lines_of(job: Job) -> list[CheckReport]:
    """A finished job's result, in the order of the checks there are now."""
    kept = {each["name"]: each for each in (job.result or {}).get("checks", [])}
    return [
        CheckReport(check, kept[check.name]["ok"], kept[check.name]["found"])
        for check in CHECKS
        if check.name in kept
    ]


@jobs.handles(KIND, stepwise=True)  # it writes nothing, and reads in a transaction of its own
def check_books(parameters: dict, progress: Callable[..., None]) -> dict[str, Any]:
    start = monotonic()
    results = run_checks(progress)
    progress(len(CHECKS), len(CHECKS), "完成")
    return {
        "checks": [result.to_json() for result in results],
        "seconds": round(monotonic() - start, 1),
    }
