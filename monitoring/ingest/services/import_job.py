"""The import of a file as a job: the same work from the command line and the upload page."""

import csv
import io
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import transaction

from basins.models import User
from jobs import services as jobs
from jobs.models import Job
from monitoring.ingest.services.error_sheet import error_sheet
from monitoring.ingest.services.ingest import ImportReport, Reviewed, import_readings
from monitoring.ingest.services.senders import SenderWay, remember_sender
from monitoring.protocols.layouts import RowError
from written.text import FileError, safe

KIND = "monitoring.import_readings"
# What would change, amounts too: its handler stands where amounts are known, and is named here only.
TRIAL = "settlements.try_import"
# A person reads a page of these; all of them are in the rejects file.
SHOWN_REJECTS = 1000


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a file besides the file: as parameters of its job.

    `way`: how its sender writes, complete (senders.way_of); it is remembered under `sender` once
    the import is done. `reviewed`: readings reviewed elsewhere.
    """

    year: int | None = None
    create_sections: bool = False
    sender: str = ""
    way: SenderWay = field(default_factory=SenderWay)
    reviewed: Reviewed | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, said: dict[str, Any]) -> "Told":
        reviewed = said.get("reviewed")
        return cls(
            year=said.get("year"),
            create_sections=said.get("create_sections", False),
            sender=said.get("sender", ""),
            way=SenderWay(**said.get("way", {})),
            reviewed=Reviewed(**reviewed) if reviewed else None,
        )


def enter_import(
    *,
    path: Path,
    year: int | None = None,
    create_sections: bool = False,
    rejects: Path | None = None,
    key: str = "",
    by=None,
    wake: bool = True,
    told: Told | None = None,
    filename: str = "",
    errors: Path | None = None,
    done_with: bool = False,
) -> Job:
    """The job that imports the file at `path`; entered once per `key` while it lives.

    `filename`: what it is called, where it is kept under another name. `errors`: where its error
    sheet goes, its suffix behind it. `done_with`: the file is taken away once it is imported.
    """
    told = told or Told(year=year, create_sections=create_sections)
    return jobs.enqueue(
        kind=KIND,
        key=key or uuid4().hex,
        parameters={
            "path": str(path.resolve()),
            "filename": filename or path.name,
            **told.to_json(),
            "by": by.pk if by is not None else None,
            "rejects": str(rejects.resolve()) if rejects else None,
            "errors": str(errors.resolve()) if errors else None,
            "done_with": done_with,
        },
        by=by,
        wake=wake,
    )


def enter_trial(
    *,
    path: Path,
    told: Told,
    errors: Path | None = None,
    key: str = "",
    by=None,
    wake: bool = True,
    filename: str = "",
    asks: bool = False,
) -> Job:
    """The job that tells what the import would change; nothing is stored. `errors`: where the
    error sheet goes, its suffix behind it, if there is anything to correct. `asks`: headings that
    are not all known end it with what they were taken for, not with an error."""
    return jobs.enqueue(
        kind=TRIAL,
        key=key or uuid4().hex,
        parameters={
            "path": str(path.resolve()),
            "filename": filename or path.name,
            **told.to_json(),
            "errors": str(errors.resolve()) if errors else None,
            "asks": asks,
        },
        by=by,
        wake=wake,
    )


@jobs.handles(KIND)
def run_import(parameters: dict, progress) -> dict:
    """Import the file the parameters name; the result is counts, sections and rejects."""
    path = Path(parameters["path"])
    filename = parameters.get("filename") or path.name
    raw = read_whole(path, filename)
    rejects = Path(parameters["rejects"]) if parameters["rejects"] else None
    if rejects and rejects.exists() and rejects.samefile(path):
        raise FileError(f"{path.name}:拒收文件不能就是导入的文件;请另写一个文件名。")
    told = Told.of_json(parameters)
    by = User.objects.filter(pk=parameters.get("by")).first() if parameters.get("by") else None
    report = import_readings(
        raw=raw,
        filename=filename,
        year=told.year,
        create_sections=told.create_sections,
        progress=progress,
        way=told.way.way(),
        sender=told.sender,
        reviewed=told.reviewed,
        by=by,
    )
    if told.sender:
        remember_sender(sender=told.sender, way=told.way, by=by)
    if rejects:
        try:
            rejects.write_bytes(rejects_file(report, rejects.suffix))
        except OSError as error:
            raise FileError(
                f"{rejects}:写不了拒收文件({error.strerror}),什么也没有导入;请换一个文件名。"
            ) from error
    result = {**result_of(report), "errors_file": write_errors(report, parameters.get("errors"))}
    if parameters.get("done_with"):
        transaction.on_commit(lambda: path.unlink(missing_ok=True))
    return result


def write_errors(report: ImportReport, stem: str | None) -> str | None:
    """The name of the error sheet, written at `stem` with its suffix; None where nothing was
    rejected: what lay there is of an earlier try and goes."""
    if stem is None:
        return None
    for suffix in (".xlsx", ".csv"):
        Path(stem + suffix).unlink(missing_ok=True)
    if not report.rejects:
        return None
    content, suffix = error_sheet(report)
    file = Path(stem + suffix)
    file.write_bytes(content)
    return file.name


def read_whole(path: Path, filename: str) -> bytes:
    """The bytes of the file. Raises FileError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(f"{filename}:读不到文件({error.strerror});请检查路径和权限。") from error


def result_of(report: ImportReport) -> dict[str, Any]:
    """The report as the command prints it and a job keeps it."""
    return {
        **report.counts(),
        "layout": report.layout,
        "batch": report.batch_id,
        "sheets": [sheet.to_json() for sheet in report.sheets],
        "mapping": report.mapping,
        "unread_columns": list(report.unread),
        "unknown_sections": report.unknown_sections,
        "created_sections": report.created_sections,
        "assumed_waters": report.assumed_waters,
        "doubted": [_said(error) for error in report.doubted[:SHOWN_REJECTS]],
        "rejects": [
            _said(error) for rejected in report.rejects[:SHOWN_REJECTS] for error in rejected.errors
        ],
    }


def _said(error: RowError) -> dict[str, Any]:
    said = {
        "row": error.row, "field": error.field, "value": error.value, "reason": error.message
    }  # fmt: skip
    return {**said, "sheet": error.sheet} if error.sheet else said


def rejects_file(report: ImportReport, suffix: str) -> bytes:
    """The rejected rows: a CSV with a line an error, or where the file ends in .xlsx the error
    sheet in the layout of the upload, to be corrected and handed in again.

    Raises FileError for .xlsx where a CSV was imported.
    """
    if suffix.lower() != ".xlsx":
        return rejects_csv(report)
    content, kind = error_sheet(report)
    if kind != ".xlsx":
        raise FileError("导入的是 CSV，拒收文件也请用 .csv；什么也没有导入。")
    return content


def rejects_csv(report: ImportReport) -> bytes:
    """The rejected rows as CSV that Excel opens in Chinese: one line an error, row untouched.

    Of a workbook the sheet is named where it has several.

    A cell that Excel would take for a formula is given a leading apostrophe.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    several = ["工作表"] if len(report.sheets) > 1 else []
    writer.writerow([*several, "行号", "字段", "填写的值", "原因与改法", *report.columns])
    for rejected in report.rejects:
        for error in rejected.errors:
            sheet = [error.sheet] if several else []
            cells = [
                *sheet,
                str(error.row),
                error.field,
                error.value,
                error.message,
                *rejected.text,
            ]
            writer.writerow(map(safe, cells))
    return out.getvalue().encode("utf-8-sig")
