"""What a sample would change, told before it is sent: readings, classes, and the yuan of each result.

Of the two trials there are it takes that of imports (settlements.accruals.services.imports): that one
computes aside, locks nothing and says of every result that would be another what was paid before and
after, published or not, next year's too. The dry run of decisions does the act and takes it back: it
holds marks and agreements meanwhile and names proposals, not amounts of what is open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from monitoring.ingest.services.trial import MonthChange
from monitoring.models import Section
from monitoring.standards.detection import MeasuredValue
from settlements.accruals.services.imports import AmountChange, try_readings_with_amounts
from settlements.models import LabSample
from settlements.samples.changes import Change, ValueChange, changes_of, tried


@dataclass(frozen=True, slots=True)
class SamplePreview:
    """`months`: whose readings would be others; `amounts`: results that would be others."""

    changes: tuple[ValueChange, ...]
    months: tuple[MonthChange, ...]
    amounts: tuple[AmountChange, ...]

    @property
    def published(self) -> int:
        """Results that stand; adjustments would be proposed."""
        return sum(amount.published for amount in self.amounts)

    def count(self, what: Change) -> int:
        return sum(change.what is what for change in self.changes)


def preview_sample(
    *,
    section: Section,
    sampled_at: datetime,
    values: Mapping[str, MeasuredValue],
    corrects: LabSample | None = None,
) -> SamplePreview:
    """As `record_sample` or `correct_sample` now would leave things; nothing is stored."""
    changes = changes_of(section=section, sampled_at=sampled_at, values=values, corrects=corrects)
    found = try_readings_with_amounts(tried(section, sampled_at, changes))
    return SamplePreview(tuple(changes), tuple(found.trial.months), tuple(found.amounts))
