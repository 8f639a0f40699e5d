"""What a sample would change, told before it is sent: readings, classes, and the yuan of each result.

Of the two trials there are it takes that of imports (settlements.accruals.services.imports): that one
computes aside, locks nothing and says of every result that would be another what was paid before and
after, published or not, next year's too. The dry run of decisions does the act and takes it back: it
holds marks and agreements meanwhile and names proposals, not amounts of what is open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitoring.ingest.services.trial import MonthChange
from monitoring.models import Origin, Section
from settlements.accruals.services.imports import AmountChange, try_readings_with_amounts
from settlements.models import LabSample
from settlements.moving.documents import Document
from settlements.samples.changes import Change, ValueChange, tried
from settlements.samples.services.samples import LabReport, prepared, prepared_correction


@dataclass(frozen=True, slots=True)
class SamplePreview:
    """`there`: the same was kept already. `months`: whose readings would be others; `amounts`:
    results that would be others. `unused`: indicators whose mean stands on other readings (自动,
    联合), so that these count for nothing."""

    there: LabSample | None = None
    changes: tuple[ValueChange, ...] = ()
    months: tuple[MonthChange, ...] = ()
    amounts: tuple[AmountChange, ...] = ()
    unused: tuple[str, ...] = ()

    @property
    def published(self) -> int:
        """Results that stand; adjustments would be proposed."""
        return sum(amount.published for amount in self.amounts)


def preview_sample(
    *,
    section: Section,
    sampled_at: datetime,
    report: LabReport,
    evidence: Document | None,
    reason: str = "",
) -> SamplePreview:
    """As `record_sample` now would leave things; nothing is stored. Raises what it would, but for
    the person."""
    there, changes, _ = prepared(
        section=section, sampled_at=sampled_at, report=report, evidence=evidence, reason=reason
    )
    return _previewed(there, section, sampled_at, changes)


def preview_correction(
    *, sample: LabSample, report: LabReport, reason: str, evidence: Document | None = None
) -> SamplePreview:
    """As `correct_sample` now would leave things; the same."""
    later, changes, _ = prepared_correction(
        sample=sample, report=report, evidence=evidence, reason=reason
    )
    return _previewed(later, sample.section, sample.sampled_at, changes)


def _previewed(
    there: LabSample | None, section: Section, sampled_at: datetime, changes: Sequence[ValueChange]
) -> SamplePreview:
    if there is not None:
        return SamplePreview(there)
    found = try_readings_with_amounts(tried(section, sampled_at, changes))
    origins = {
        code: mean.origin
        for key in found.trial.changed
        for code, mean in found.trial.means[key].items()
    }
    return SamplePreview(
        changes=tuple(changes),
        months=tuple(found.trial.months),
        amounts=tuple(found.amounts),
        unused=tuple(
            change.indicator.name
            for change in changes
            if change.what in (Change.NEW, Change.CORRECTED)
            and origins.get(change.indicator.code) != Origin.MANUAL
        ),
    )
