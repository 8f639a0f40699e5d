"""What was measured: sections, readings, means, assessments."""

from monitoring.models.assessments import Assessment, DirtyMonth, MonthlyMean
from monitoring.models.readings import ImportBatch, Origin, Reading, ReadingRevision
from monitoring.models.sections import Indicator, SamplingPlan, Section, Target

__all__ = [
    "Assessment",
    "DirtyMonth",
    "ImportBatch",
    "Indicator",
    "MonthlyMean",
    "Origin",
    "Reading",
    "ReadingRevision",
    "SamplingPlan",
    "Section",
    "Target",
]
