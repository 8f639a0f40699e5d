"""录入实验室样品: the report on one sample becomes a row that stays, and readings of origin 手工.

A correction is a further row. It changes only what it says otherwise: a value that the sample does
not say any more is judged invalid, never deleted (its verdict says why, the reading is seen and left
out); a reading that somebody changed since is left alone where the correction is of another value.
Months that are published stand: the recompute proposes the adjustment.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from basins.access import Act, viewer_of
from basins.clock import now
from basins.models import User
from monitoring.ingest.services.storing import LOCK
from monitoring.models import Indicator, Section, Verdict
from monitoring.screening.services.verdicts import (
    ReadingKey,
    VerdictRefused,
    examined,
    judge_reading,
    keep_reading,
)
from monitoring.standards.detection import MeasuredValue, show
from settlements.models import LabSample, LabValue
from settlements.moving.acts import NotAllowed, Refused
from settlements.moving.documents import Document, kept
from settlements.samples.changes import ORIGIN, Change, ValueChange, changes_of, said_by

FOLDER = "samples"
LONGEST = 500  # of a reason
LENGTHS = {
    "laboratory": ("检测单位", 100),
    "number": ("报告编号", 80),
    "method": ("检测方法、依据", 200),
}


class ReportRefused(Refused):
    """What is wrong with a report, by the name of its field (a value's: value-CODE), all at once."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__("".join(wrong.values()))
        self.wrong = dict(wrong)


@dataclass(frozen=True, slots=True)
class LabReport:
    """What a laboratory's report says of a sample; `values`: indicator code and result, in its unit."""

    laboratory: str
    number: str
    method: str
    values: tuple[tuple[str, MeasuredValue], ...]

    @property
    def by_code(self) -> dict[str, MeasuredValue]:
        return dict(self.values)

    @property
    def head(self) -> tuple[str, str, str]:
        return self.laboratory, self.number, self.method


# The same sample where it is there already, what becomes of each value, the reason.
Prepared = tuple[LabSample | None, list[ValueChange], str]


@transaction.atomic
def record_sample(
    *,
    section: Section,
    sampled_at: datetime,
    report: LabReport,
    evidence: Document,
    by: User,
    reason: str = "",
) -> LabSample:
    """Keep a sample's report with its file; its values become readings.

    `reason` is asked for where a reading that is there says otherwise, and goes into its verdict.
    The same again changes nothing. Raises NotAllowed, ReportRefused, Refused; OSError where the
    file cannot be written.
    """
    _permit(by)
    _hold(section)
    there, changes, said = prepared(
        section=section, sampled_at=sampled_at, report=report, evidence=evidence, reason=reason
    )
    if there is not None:
        return there
    sample = _kept(section, sampled_at, report, by, evidence=evidence)
    _use(sample, changes, by, said)
    return sample


@transaction.atomic
def correct_sample(
    *,
    sample: LabSample,
    report: LabReport,
    reason: str,
    by: User,
    evidence: Document | None = None,
) -> LabSample:
    """Keep what the report says now beside what the sample said, with the reason.

    Without values the whole sample is withdrawn; without a file the sample's own stays. The same
    correction again changes nothing. Raises NotAllowed, ReportRefused, Refused.
    """
    _permit(by)
    _hold(sample.section)
    sample = LabSample.objects.select_related("section").get(pk=sample.pk)
    later, changes, said = prepared_correction(
        sample=sample, report=report, evidence=evidence, reason=reason
    )
    if later is not None:
        return later
    made = _kept(
        sample.section, sample.sampled_at, report, by,
        evidence=evidence, corrects=sample, reason=said,
    )  # fmt: skip
    _use(made, changes, by, said)
    return made


def prepared(
    *,
    section: Section,
    sampled_at: datetime,
    report: LabReport,
    evidence: Document | None,
    reason: str,
) -> Prepared:
    """What recording would do. Raises ReportRefused, Refused exactly where it would."""
    examine_report(report)
    refuse_moment(section, sampled_at)
    if (there := _standing(section, sampled_at)) is not None:
        if _says(there, report, evidence):
            return there, [], ""
        raise Refused(f"{named(there)}已登记；要改动请更正那一份。")
    changes = changes_of(section=section, sampled_at=sampled_at, values=report.by_code)
    return None, changes, _reason(reason, needed=bool(corrected(changes)), of=changes)


def prepared_correction(
    *, sample: LabSample, report: LabReport, evidence: Document | None, reason: str
) -> Prepared:
    """What correcting would do. Raises ReportRefused, Refused exactly where it would."""
    examine_report(report, withdraws=True)
    said = _reason(reason, needed=True)
    if (later := sample.correction) is not None:
        if _says(later, report, evidence) and later.reason == said:
            return later, [], said
        raise Refused(f"{named(sample)}已经更正过；请更正最后的那一份。")
    if _says(sample, report, evidence):
        raise Refused("与登记的相同，没有要更正的。")
    changes = changes_of(
        section=sample.section, sampled_at=sample.sampled_at, values=report.by_code, corrects=sample
    )
    return None, changes, said


def examine_report(report: LabReport, *, withdraws: bool = False) -> None:
    """Raises ReportRefused for what no report says; `withdraws`: it may say no value at all."""
    wrong: dict[str, str] = {}
    for name, (title, longest) in LENGTHS.items():
        text = getattr(report, name)
        if not text.strip() or len(text) > longest:
            wrong[name] = f"请填写{title}（至多 {longest} 字）。"
    known = dict(Indicator.objects.values_list("code", "name"))
    for code, times in Counter(code for code, _ in report.values).items():
        if code not in known:
            wrong[f"value-{code}"] = f"没有指标 {code}。"
        elif times > 1:
            wrong[f"value-{code}"] = f"{known[code]}填了 {times} 次；请只留一个值。"
    for code, value in report.values:
        if f"value-{code}" not in wrong and (why := wrong_value(value, code)):
            wrong[f"value-{code}"] = f"{known[code]}：{why}"
    if not report.values and not withdraws:
        wrong["values"] = "请至少填写一个指标的结果。"
    if wrong:
        raise ReportRefused(wrong)


def wrong_value(value: MeasuredValue, indicator: str) -> str:
    """Why the value would not be kept as it is; '' where it would."""
    try:
        examined(value, indicator)
    except VerdictRefused as refused:
        return str(refused)
    return ""


def refuse_moment(section: Section, sampled_at: datetime) -> None:
    """Raises Refused for a time to come, and one at which the section was not in use."""
    if sampled_at > now():
        raise Refused("采样时间还没有到；请核对。", field="sampled_on")
    day = timezone.localdate(sampled_at)
    if not section.is_there(day):
        raise Refused(f"{section}断面自 {section.ended_on} 停用，{day} 没有样品；请核对断面和日期。",
                      field="section")  # fmt: skip
    if section.began_on is not None and day < section.began_on:
        raise Refused(f"{section}断面自 {section.began_on} 启用；此前的样品请登记在它的前身断面。",
                      field="section")  # fmt: skip


def corrected(changes: Iterable[ValueChange]) -> list[ValueChange]:
    """Readings that would be corrected: these ask for a reason."""
    return [change for change in changes if change.what is Change.CORRECTED]


def named(sample: LabSample) -> str:
    """A sample in messages."""
    return f"{sample.section} {timezone.localtime(sample.sampled_at):%Y-%m-%d %H:%M} 的样品"


def cause_of(sample: LabSample) -> str:
    """As verdicts name it."""
    return f"sample {sample.pk}"


def _kept(
    section: Section,
    sampled_at: datetime,
    report: LabReport,
    by: User,
    *,
    evidence: Document | None,
    corrects: LabSample | None = None,
    reason: str = "",
) -> LabSample:
    sample = LabSample(
        section=section, sampled_at=sampled_at, laboratory=report.laboratory,
        report_number=report.number, method=report.method, corrects=corrects, reason=reason,
        by=by, at=now(),
    )  # fmt: skip
    if evidence is not None:
        sample.file.name = kept(evidence, FOLDER)
        sample.name, sample.kind, sample.sha256 = evidence.name, evidence.kind, evidence.sha256
    else:
        assert corrects is not None
        sample.file.name = corrects.file.name
        sample.name, sample.kind, sample.sha256 = corrects.name, corrects.kind, corrects.sha256
    sample.save(force_insert=True)
    ids = dict(Indicator.objects.values_list("code", "pk"))
    LabValue.objects.bulk_create(
        LabValue(
            sample=sample, indicator_id=ids[code], value=value.value, below_limit=value.below_limit
        )
        for code, value in report.values
    )
    return sample


def _use(sample: LabSample, changes: Iterable[ValueChange], by: User, reason: str) -> None:
    """What the sample says becomes readings, in the order of the indicators."""
    section, cause = sample.section, cause_of(sample)
    for change in changes:
        key = ReadingKey(change.indicator.code, sample.sampled_at, ORIGIN)
        if change.what is Change.WITHDRAWN:
            judge_reading(
                section=section, key=key, outcome=Verdict.Outcome.INVALIDATED,
                reason=reason, by=by, cause=cause,
            )  # fmt: skip
        elif change.what in (Change.NEW, Change.CORRECTED) and change.said is not None:
            keep_reading(
                section=section, key=key, value=change.said, by=by, reason=reason, cause=cause
            )


def _standing(section: Section, sampled_at: datetime) -> LabSample | None:
    """The sample of that moment as it was last corrected."""
    found = LabSample.objects.filter(section=section, sampled_at=sampled_at)
    return found.select_related("section").filter(corrected_by__isnull=True).first()


def _says(sample: LabSample, report: LabReport, evidence: Document | None) -> bool:
    """Whether the sample says what the report says, by the same file where there is one."""
    return (
        (sample.laboratory, sample.report_number, sample.method) == report.head
        and (evidence is None or evidence.sha256 == sample.sha256)
        and said_by(sample) == report.by_code
    )


def _reason(reason: str, *, needed: bool, of: Iterable[ValueChange] = ()) -> str:
    said = " ".join(reason.split())
    if (needed and not said) or len(said) > LONGEST:
        raise Refused(f"{other_words(of)}请写明更正的理由（至多 {LONGEST} 字）。", field="reason")
    return said


def other_words(changes: Iterable[ValueChange]) -> str:
    """Which readings are there and say otherwise."""
    named = [
        f"{c.indicator.name} {show(c.before)}{f'（{c.flag_words}）' if c.flag_words else ''}"
        for c in corrected(changes)
        if c.before is not None
    ]
    return f"这一时间已有手工数据，与所填不同（现为 {'、'.join(named)}）；" if named else ""


def _hold(section: Section) -> None:
    """One sample or import of a section at a time: what is compared stays true until the commit."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [[section.pk % 64]])


def _permit(by: User) -> None:
    if not viewer_of(by).may(Act.REVIEW_DATA):
        raise NotAllowed(f"{by} 不能登记实验室样品。")
