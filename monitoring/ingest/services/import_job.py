"""The import of a file as a job: the same work from the command line and the upload page."""

import csv
import io
from pathlib import Path
from uuid import uuid4

from jobs import services as jobs
from jobs.models import Job
from monitoring.ingest.services.ingest import ImportReport, import_readings
from written.text import FileError, safe

KIND = "monitoring.import_readings"
# A person reads a page of these; all of them are in the rejects file.
SHOWN_REJECTS = 1000


def enter_import(
    *,
    path: Path,
    year: int | None,
    create_sections: bool,
    rejects: Path | None = None,
    key: str = "",
    by=None,
    wake: bool = True,
) -> Job:
    """The job that imports the file at `path`; entered once per `key` while it lives."""
    return jobs.enqueue(
        kind=KIND,
        key=key or uuid4().hex,
        parameters={
            "path": str(path.resolve()),
            "year": year,
            "create_sections": create_sections,
            "rejects": str(rejects.resolve()) if rejects else None,
        },
        by=by,
        wake=wake,
    )


@jobs.handles(KIND)
def run_import(parameters: dict, progress) -> dict:
    """Import the file the parameters name; the result is counts, sections and rejects."""
    path = Path(parameters["path"])
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path.name}:读不到文件({error.strerror});请检查路径和权限。") from error
    rejects = Path(parameters["rejects"]) if parameters["rejects"] else None
    if rejects and rejects.exists() and rejects.samefile(path):
        raise FileError(f"{path.name}:拒收文件不能就是导入的文件;请另写一个文件名。")
    report = import_readings(
        raw=raw,
        filename=path.name,
        year=parameters["year"],
        create_sections=parameters["create_sections"],
        progress=progress,
    )
    if rejects:
        try:
            rejects.write_bytes(rejects_csv(report))
        except OSError as error:
            raise FileError(
                f"{rejects}:写不了拒收文件({error.strerror}),什么也没有导入;请换一个文件名。"
            ) from error
    return {
        **report.counts(),
        "layout": report.layout,
        "batch": report.batch_id,
        "unknown_sections": report.unknown_sections,
        "created_sections": report.created_sections,
        "assumed_waters": report.assumed_waters,
        "doubted": [
            {"row": e.row, "field": e.field, "value": e.value, "reason": e.message}
            for e in report.doubted[:SHOWN_REJECTS]
        ],
        "rejects": [
            {"row": e.row, "field": e.field, "value": e.value, "reason": e.message}
            for rejected in report.rejects[:SHOWN_REJECTS]
            for e in rejected.errors
        ],
    }


def rejects_csv(report: ImportReport) -> bytes:
    """The rejected rows as CSV that Excel opens in Chinese: one line an error, row untouched.

    A cell that Excel would take for a formula is given a leading apostrophe.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["行号", "字段", "填写的值", "原因与改法", *report.columns])
    for rejected in report.rejects:
        for error in rejected.errors:
            cells = [str(error.row), error.field, error.value, error.message, *rejected.text]
            writer.writerow(map(safe, cells))
    return out.getvalue().encode("utf-8-sig")
