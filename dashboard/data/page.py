"""What the pages of uploads and batches show: states and counts in words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from jobs.models import Job
from monitoring.models import ImportBatch, ReadingUpload
from monitoring.protocols.layouts import FIELD_WORDS, INDICATORS

LAYOUTS = {
    "national": "国家站发布版式",
    "wide": "一行一个样品",
    "long": "一行一个数值",
    "mixed": "多种版式",
    "hj212": "HJ 212 报文",
}
COUNTED = {
    "rows": "行",
    "stored": "入库",
    "duplicate": "重复",
    "correction": "更正",
    "empty": "空行",
    "rejected": "拒收",
}
SHOWN = 50  # lines of a table on a page


def layout_words(layout: str) -> str:
    return LAYOUTS.get(layout, layout)


def taken_words(taken: str) -> str:
    """What a heading was taken for: an indicator with its unit, or a field."""
    if taken in INDICATORS:
        indicator = INDICATORS[taken]
        return f"{indicator.title}（{indicator.unit}）"
    return FIELD_WORDS.get("ignored" if taken == "remark" else taken, taken)


def counts_line(counts: dict[str, int]) -> str:
    """All that is not nothing: 200 行：入库 180，重复 15，拒收 5."""
    said = [
        f"{word} {counts[name]:,}"
        for name, word in COUNTED.items()
        if name != "rows" and counts.get(name)
    ]
    return f"{counts.get('rows', 0):,} 行" + (f"：{'，'.join(said)}" if said else "")


@dataclass(frozen=True, slots=True)
class UploadState:
    """Where an upload stands: `kind` of its badge as the workflow's states have it."""

    label: str
    kind: str


def state_of(upload: ReadingUpload) -> UploadState:
    job = upload.importing or upload.trial
    if job is None or not upload.stored:
        return UploadState("已放弃", "none")
    if job.state in Job.LIVE:
        return UploadState("正在导入" if upload.importing else "正在试算", "open")
    if upload.importing and job.state == Job.State.DONE:
        return UploadState("已导入", "final")
    if job.state == Job.State.DONE and job.result and "unclear" in job.result:
        return UploadState("待对应列", "waiting")
    if job.state == Job.State.DONE:
        return UploadState("待导入", "waiting")
    return UploadState("没有完成" if job.state == Job.State.FAILED else "已取消", "none")


@dataclass(frozen=True)
class UploadPage:
    """An upload as its page shows it; `job`: what runs, or ran last."""

    upload: ReadingUpload
    job: Job
    same: ImportBatch | None
    has_errors: bool
    tried: dict[str, Any] = field(default_factory=dict)  # the trial's result
    unclear: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(
        cls, upload: ReadingUpload, same: ImportBatch | None, *, has_errors: bool
    ) -> "UploadPage":
        job = upload.importing or upload.trial
        assert job is not None
        trial = upload.trial
        result = (trial.result or {}) if trial and trial.state == Job.State.DONE else {}
        if "unclear" in result:
            return cls(upload, job, same, has_errors, unclear=unknown_headings(result))
        return cls(upload, job, same, has_errors, tried=result)

    @property
    def live(self) -> bool:
        return self.job.state in Job.LIVE

    @property
    def importing(self) -> bool:
        return self.upload.importing is not None

    @property
    def batch(self) -> int | None:
        """The batch that the import made."""
        if self.importing and self.job.state == Job.State.DONE and self.job.result:
            return self.job.result["batch"]
        return None

    @property
    def given_up(self) -> bool:
        return not self.upload.stored

    @property
    def problem(self) -> str:
        """Why the headings are not clear, sheet by sheet."""
        trial = self.upload.trial
        return str(trial.result.get("unclear", "")) if trial and trial.result else ""

    @property
    def may_import(self) -> bool:
        return bool(self.tried) and not self.live and self.batch is None and not self.given_up

    @property
    def usable(self) -> int:
        """Rows that an import would take."""
        return self.tried.get("rows", 0) - self.tried.get("rejected", 0)

    @property
    def changes(self) -> bool:
        """Whether an import would store or correct anything."""
        return bool(self.tried.get("stored", 0) + self.tried.get("correction", 0))

    @property
    def headline(self) -> str:
        return counts_line(self.tried)

    @property
    def layout(self) -> str:
        return layout_words(self.tried.get("layout", ""))

    @property
    def sheets(self) -> list[dict[str, Any]]:
        return sheet_lines(self.tried.get("sheets", []))

    @property
    def mapping(self) -> list[tuple[str, str]]:
        return [(h, taken_words(t)) for h, t in self.tried.get("mapping", {}).items()]

    @property
    def unread(self) -> str:
        return "、".join(self.tried.get("unread_columns", []))

    @property
    def rejects(self) -> list[dict[str, Any]]:
        return self.tried.get("rejects", [])[:SHOWN]

    @property
    def months(self) -> list[dict[str, Any]]:
        return [
            {**m, "month": date.fromisoformat(f"{m['month']}-01")}
            for m in self.tried.get("months", [])[:SHOWN]
        ]

    @property
    def amounts(self) -> list[dict[str, Any]]:
        return self.tried.get("amounts", [])[:SHOWN]

    @property
    def last_month(self) -> date | None:
        """The last of the months that the file changes, of those kept."""
        months = [m["month"] for m in self.tried.get("months", [])]
        return date.fromisoformat(f"{max(months)}-01") if months else None


def unknown_headings(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The headings nobody knows, or not as they are written, each once whatever its sheets; all of
    them where each is known, and one is missing or two mean the same."""
    wrong = [sheet for sheet in result["seen"] if sheet["problem"]]
    every = {h["heading"]: h for sheet in reversed(wrong) for h in reversed(sheet["headings"])}
    ordered = list(reversed(every.values()))
    return [seen for seen in ordered if not seen["taken"]] or ordered


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A batch in the history."""

    batch: ImportBatch
    counts: str
    layout: str
    readings: int


def batch_lines(batches: Iterable[ImportBatch]) -> list[BatchLine]:
    return [
        BatchLine(b, counts_line(b.counts), layout_words(b.layout), b.counts.get("readings", 0))
        for b in batches
    ]


def sheet_lines(sheets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each sheet's counts, its layout in words."""
    return [{**sheet, "layout": layout_words(sheet["layout"])} for sheet in sheets]


def batch_facts(batch: ImportBatch) -> list[dict[str, str]]:
    """Facts under a batch's heading; what is not known is left out."""
    sampled = (
        f"{day(batch.first_sampled)} 至 {day(batch.last_sampled)}"
        if batch.first_sampled and batch.last_sampled
        else ""
    )
    reviewed = f"{batch.reviewed_by}，{batch.reviewed_document}" if batch.reviewed_by else ""
    facts = [
        {"label": "版式", "text": layout_words(batch.layout)},
        {"label": "采样", "text": sampled},
        {"label": "报送单位", "text": batch.sender},
        {"label": "已审核", "text": reviewed},
    ]
    return [fact for fact in facts if fact["text"]]


def day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d}"
