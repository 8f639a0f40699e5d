"""A trial import as a job: for the command and for the upload page, with progress, to be cancelled."""

from pathlib import Path
from typing import Any

from basins.words import period_words
from jobs import services as jobs
from monitoring.ingest.services.import_job import TRIAL, Told, read_whole, result_of, write_errors
from monitoring.ingest.services.trial import MonthChange
from monitoring.protocols.layouts import HeadingsUnclear, Way, seen_sheets
from settlements.accruals.services.imports import AmountChange, try_import_with_amounts

SHOWN = 1000  # months and amounts that are kept; all are counted


@jobs.handles(TRIAL)
def run_trial(parameters: dict, progress) -> dict:
    """What the import of the file would do, as the import's own result has it, with the months,
    classes and amounts that would change; or, where it `asks`, the headings nobody knows."""
    path = Path(parameters["path"])
    told = Told.of_json(parameters)
    way = told.way.way()
    raw = read_whole(path, parameters["filename"])
    progress(0, 0, "打开文件")
    try:
        tried = try_import_with_amounts(
            raw=raw,
            filename=parameters["filename"],
            year=told.year,
            create_sections=told.create_sections,
            progress=progress,
            way=way.after_review() if told.reviewed else way,
        )
    except HeadingsUnclear as unclear:
        if not parameters.get("asks"):
            raise
        return {"unclear": str(unclear), "seen": _seen(raw, way)}
    trial = tried.trial
    return {
        **result_of(trial.report),
        "dry_run": True,
        "changed_months": len(trial.months),
        "changed_classes": sum(m.before != m.after for m in trial.months),
        "changed_amounts": len(tried.amounts),
        "months": [_month(change) for change in trial.months[:SHOWN]],
        "amounts": [_amount(change) for change in tried.amounts[:SHOWN]],
        "errors_file": write_errors(trial.report, parameters.get("errors")),
    }


def _seen(raw: bytes, way: Way) -> list[dict[str, Any]]:
    """Each sheet with its headings: what each is taken for, and what is wrong with it."""
    return [
        {
            "sheet": sheet.name,
            "problem": sheet.problem,
            "headings": [
                {"heading": heading, "taken": taken, "wrong": wrong}
                for heading, taken, wrong in sheet.headings
            ],
        }
        for sheet in seen_sheets(raw, way)
    ]


def _month(change: MonthChange) -> dict[str, Any]:
    return {
        "section": change.section,
        "month": f"{change.month:%Y-%m}",
        "new": change.new,
        "corrected": change.corrected,
        "class_before": change.before,
        "class_after": change.after,
    }


def _amount(change: AmountChange) -> dict[str, Any]:
    return {
        "agreement": change.agreement,
        "section": change.section,
        "period": period_words(change.period, change.yearly),
        "published": change.published,
        "before": change.before,
        "after": change.after,
        "yuan_before": str(change.yuan_before),
        "yuan_after": str(change.yuan_after),
    }
