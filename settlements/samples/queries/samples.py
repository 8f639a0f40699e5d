"""Samples for their pages: the list, one with its corrections, and those behind readings."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from basins.access import Act, Viewer
from basins.links import Link, to
from basins.ranges import month_start, year_start
from monitoring.assessment.services.assessment import month_bounds
from monitoring.models import Indicator, Reading, Section, Verdict
from monitoring.protocols.layouts import INDICATORS
from monitoring.standards.detection import MeasuredValue, show
from settlements.models import LabSample, TermSection
from settlements.samples.changes import ORIGIN, Change, ValueChange, changes_of, said_by
from settlements.shown.visible import visible_accruals, visible_samples


@dataclass(frozen=True, slots=True)
class ReadingNow:
    """What became of a value's reading where it is another one now, and why, as far as is known."""

    value: MeasuredValue | None
    flag: str
    why: str


@dataclass(frozen=True, slots=True)
class ValueLine:
    """What the sample says of an indicator; `now`: None where the reading says the same."""

    indicator: Indicator
    said: MeasuredValue
    now: ReadingNow | None


@dataclass(frozen=True, slots=True)
class Version:
    """The sample as it was typed in once, with what was said otherwise before, in words."""

    sample: LabSample
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SamplePage:
    """`versions`: oldest first; `standing`: the last one, which alone may be corrected."""

    sample: LabSample
    lines: tuple[ValueLine, ...]
    versions: tuple[Version, ...]
    months: tuple[tuple[str, Link], ...]  # results that the sample's month is part of

    @property
    def standing(self) -> LabSample:
        return self.versions[-1].sample

    @property
    def stands(self) -> bool:
        return self.sample.pk == self.standing.pk


def may_see(viewer: Viewer) -> bool:
    """Who sees drafts: all of them, or those of one's own agreements."""
    return viewer.may(Act.SEE_DRAFTS)


def names(viewer: Viewer) -> bool:
    """Whether the viewer is told who of the bureau typed it in."""
    return viewer.sees_all(Act.SEE_DRAFTS)


def listed(viewer: Viewer, *, section: str = "", month: date | None = None) -> QuerySet[LabSample]:
    """Samples the viewer sees, the newest first, each with `number` of values and whether it was
    `corrected`."""
    found = visible_samples(viewer).select_related("section", "by", "corrects")
    if section:
        found = found.filter(section__code=section)
    if month is not None:
        start, end = month_bounds(month)
        found = found.filter(sampled_at__gte=start, sampled_at__lt=end)
    later = LabSample.objects.filter(corrects=OuterRef("pk"))
    counted = found.annotate(number=Count("values"), corrected=Exists(later))
    return counted.order_by("-sampled_at", "-pk")


def sections_of_samples(viewer: Viewer) -> list[tuple[str, str]]:
    """Sections with a sample the viewer sees, as choices."""
    found = Section.objects.filter(pk__in=visible_samples(viewer).order_by().values("section"))
    return list(found.order_by("name").values_list("code", "name"))


def sections_sampled() -> list[tuple[str, str]]:
    """Sections that a term rests on, in force or past, as choices: code and name with its river."""
    own = TermSection.objects.filter(
        Q(section=OuterRef("pk")) | Q(inflow=OuterRef("pk")) | Q(reference=OuterRef("pk"))
    )
    found = Section.objects.filter(Exists(own)).select_related("river").order_by("name")
    return [(s.code, f"{s.name}（{s.river.name}）" if s.river else s.name) for s in found]


def indicators_reported() -> list[Indicator]:
    """What a report may say, in its order."""
    return [i for i in Indicator.objects.order_by("order") if i.code in INDICATORS]


def sample(viewer: Viewer, pk: int) -> LabSample | None:
    return (
        visible_samples(viewer)
        .select_related("section__river", "by", "corrects", "corrected_by")
        .filter(pk=pk)
        .first()
    )


def sample_page(viewer: Viewer, pk: int) -> SamplePage | None:
    """The sample with what became of its values; None for what the viewer does not see."""
    found = sample(viewer, pk)
    if found is None:
        return None
    versions = _versions(found)
    return SamplePage(
        sample=found,
        lines=_lines(found, stands=found.pk == versions[-1].sample.pk),
        versions=versions,
        months=_months(viewer, found),
    )


def samples_of_month(viewer: Viewer, sections: Iterable[str], month: date) -> list[LabSample]:
    """Those that stand, of the sections with these codes, oldest first: 1 SQL query."""
    start, end = month_bounds(month)
    found = visible_samples(viewer).filter(
        section__code__in=set(sections),
        sampled_at__gte=start,
        sampled_at__lt=end,
        corrected_by__isnull=True,
    )
    return list(found.select_related("section").order_by("sampled_at", "pk"))


def _lines(sample: LabSample, *, stands: bool) -> tuple[ValueLine, ...]:
    if not stands:  # what became of its values is told of the last one
        return tuple(
            ValueLine(v.indicator, v.result, None)
            for v in sample.values.select_related("indicator")
        )
    changes = changes_of(
        section=sample.section, sampled_at=sample.sampled_at, values=said_by(sample)
    )
    verdicts = {
        v.indicator_id: v
        for v in Verdict.objects.filter(
            section=sample.section, sampled_at=sample.sampled_at, origin=ORIGIN
        ).order_by("pk")
    }
    return tuple(
        ValueLine(c.indicator, c.shown, _now(c, verdicts.get(c.indicator.pk)))
        for c in changes
        if c.shown is not None
    )


def _now(change: ValueChange, verdict: Verdict | None) -> ReadingNow | None:
    if change.what is Change.SAME:
        return None
    if change.stored is None:
        return ReadingNow(None, "", "这一数据已不在")
    stored = change.stored
    judged = verdict is not None and (stored.value, stored.below_limit, stored.flag) == (
        verdict.value_after, verdict.below_after, verdict.flag_after,
    )  # fmt: skip
    why = f"审核为{verdict.get_outcome_display()}：{verdict.reason}" if judged and verdict else ""
    if not why and stored.batch_id is not None:
        why = f"由导入批次 {stored.batch_id} 更正"
    return ReadingNow(change.before, Reading.flag_words(stored.flag), why)


def _versions(sample: LabSample) -> tuple[Version, ...]:
    """All that were typed in of this section and moment, each beside the one it corrects."""
    rows = (
        LabSample.objects.filter(section=sample.section_id, sampled_at=sample.sampled_at)
        .select_related("section", "by")
        .prefetch_related("values__indicator")
        .order_by("pk")
    )
    versions: list[Version] = []
    for row in rows:
        before = versions[-1].sample if versions else None
        versions.append(Version(row, _differences(before, row) if before else ()))
    return tuple(versions)


def _differences(before: LabSample, after: LabSample) -> tuple[str, ...]:
    said = [
        f"{title} {was} → {now}"
        for title, was, now in (
            ("检测单位", before.laboratory, after.laboratory),
            ("报告编号", before.report_number, after.report_number),
            ("检测方法、依据", before.method, after.method),
        )
        if was != now
    ]
    if before.sha256 != after.sha256:
        said.append(f"监测报告换为“{after.name}”")
    old, new = ({v.indicator: v for v in each.values.all()} for each in (before, after))
    for indicator in sorted({*old, *new}, key=lambda i: i.order):
        was, now = (
            show(values[indicator].result) if indicator in values else "" for values in (old, new)
        )
        if was != now:
            said.append(f"{indicator.name} {was or '（没有）'} → {now or '（撤回）'}")
    return tuple(said)


def _months(viewer: Viewer, sample: LabSample) -> tuple[tuple[str, Link], ...]:
    month = month_start(timezone.localdate(sample.sampled_at))
    found = (
        visible_accruals(viewer)
        .filter(
            Q(period=month, yearly=False) | Q(period=year_start(month.year), yearly=True),
            Q(term_section__section=sample.section_id) | Q(term_section__inflow=sample.section_id),
        )
        .order_by("term__agreement__code", "period")
        .values_list("term__agreement__title", "term__agreement__code", "period", "yearly")
        .distinct()
    )
    return tuple(
        (f"{title} {period.year}年", to("settlement", code, period.year))
        if yearly
        else (f"{title} {month.year}年{month.month}月",
              to("settlement-month", code, month.year, month.month))
        for title, code, period, yearly in found
    )  # fmt: skip
