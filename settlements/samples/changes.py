"""What a sample means for the readings there are: new, the same, corrected, withdrawn, or left.

The check step and the act ask here alike, so that what was checked is what is kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitoring.ingest.services.trial import TriedReading
from monitoring.models import Indicator, Origin, Reading, Section
from monitoring.screening.services.verdicts import INVALID, VALID
from monitoring.standards.detection import MeasuredValue
from settlements.models import LabSample

ORIGIN = Origin.MANUAL.value


class Change(StrEnum):
    NEW = "new"  # no reading was there
    SAME = "same"
    CORRECTED = "corrected"  # the reading there says otherwise, or is not valid
    WITHDRAWN = "withdrawn"  # the sample does not say it any more: judged invalid
    # The reading was changed since the sample was kept, by somebody else; the correction is of
    # another value.
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One indicator; `said`: by the sample, None: nothing any more; `stored`: the reading now."""

    indicator: Indicator
    what: Change
    said: MeasuredValue | None
    stored: Reading | None

    @property
    def before(self) -> MeasuredValue | None:
        """What the reading says now, as it is shown."""
        if self.stored is None:
            return None
        return self.indicator.reported(self.stored.value, self.stored.below_limit)

    @property
    def shown(self) -> MeasuredValue | None:
        """What is said, as it is shown."""
        if self.said is None:
            return None
        return self.indicator.reported(self.said.value, self.said.below_limit)

    @property
    def flag_words(self) -> str:
        """Of a reading that is not valid, why."""
        if self.stored is None or self.stored.flag == VALID:
            return ""
        return Reading.flag_words(self.stored.flag)


def changes_of(
    *,
    section: Section,
    sampled_at: datetime,
    values: Mapping[str, MeasuredValue],
    corrects: LabSample | None = None,
) -> list[ValueChange]:
    """In the order of the indicators: 2 SQL queries, 3 for a correction."""
    stored = {
        r.indicator_id: r
        for r in Reading.objects.filter(section=section, sampled_at=sampled_at, origin=ORIGIN)
    }
    earlier = said_by(corrects) if corrects is not None else {}
    indicators = Indicator.objects.filter(code__in={*values, *earlier}).order_by("order")
    return [
        _change(i, stored.get(i.pk), values.get(i.code), earlier.get(i.code)) for i in indicators
    ]


def said_by(sample: LabSample) -> dict[str, MeasuredValue]:
    """Indicator code → what the sample says: 1 SQL query."""
    return {
        v.indicator.code: MeasuredValue(v.value, v.below_limit)
        for v in sample.values.select_related("indicator")
    }


def tried(
    section: Section, sampled_at: datetime, changes: Iterable[ValueChange]
) -> list[TriedReading]:
    """The readings that would be others, as they would be."""
    return [
        TriedReading(
            section_id=section.pk,
            indicator_id=change.indicator.pk,
            sampled_at=sampled_at,
            origin=ORIGIN,
            value=found.value,
            below_limit=found.below_limit,
            flag=INVALID if change.what is Change.WITHDRAWN else VALID,
        )
        for change in changes
        if (found := _changed(change)) is not None
    ]


def _change(
    indicator: Indicator,
    stored: Reading | None,
    said: MeasuredValue | None,
    earlier: MeasuredValue | None,
) -> ValueChange:
    now = MeasuredValue(stored.value, stored.below_limit) if stored is not None else None
    valid = stored is not None and stored.flag == VALID
    if said is None:
        what = Change.WITHDRAWN if valid and now == earlier else Change.LEFT
    elif stored is None:
        what = Change.NEW
    elif valid and now == said:
        what = Change.SAME
    else:
        what = Change.LEFT if said == earlier else Change.CORRECTED
    return ValueChange(indicator, what, said, stored)


def _changed(change: ValueChange) -> MeasuredValue | None:
    """The value of the reading afterwards; None where nothing changes."""
    if change.what in (Change.NEW, Change.CORRECTED):
        return change.said
    if change.what is Change.WITHDRAWN and change.stored is not None:
        return MeasuredValue(change.stored.value, change.stored.below_limit)
    return None
