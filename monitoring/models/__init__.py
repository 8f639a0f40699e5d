"""What was measured: sections, readings, means, assessments."""

from monitoring.models.assessments import Assessment, DirtyMonth, MarkWorked, MonthlyMean
from monitoring.models.basis import AssessmentBasis
from monitoring.models.observations import Observation
from monitoring.models.readings import ImportBatch, MeasuredSeries, Origin, Reading, ReadingRevision
from monitoring.models.sections import Indicator, SamplingPlan, Section, Target
from monitoring.models.senders import SenderProfile
from monitoring.models.stations import (
    Command,
    DeadLetter,
    FactorMeaning,
    GatewayRun,
    QualityCheck,
    Station,
    StationFrame,
    StationValue,
)
from monitoring.models.tokens import AccessToken, AnsweredRequest
from monitoring.models.uploads import ReadingUpload
from monitoring.models.verdicts import Verdict

__all__ = [
    "AccessToken",
    "AnsweredRequest",
    "Assessment",
    "AssessmentBasis",
    "Command",
    "DeadLetter",
    "DirtyMonth",
    "FactorMeaning",
    "GatewayRun",
    "ImportBatch",
    "Indicator",
    "MarkWorked",
    "MeasuredSeries",
    "MonthlyMean",
    "Observation",
    "Origin",
    "QualityCheck",
    "Reading",
    "ReadingRevision",
    "ReadingUpload",
    "SamplingPlan",
    "Section",
    "SenderProfile",
    "Station",
    "StationFrame",
    "StationValue",
    "Target",
    "Verdict",
]
