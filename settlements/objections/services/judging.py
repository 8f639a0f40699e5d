"""审核 of a single reading by the bureau, with what it rests on and what it would change."""

from django.core.files.base import File
from django.db import transaction

from basins.clock import now
from basins.models import User
from monitoring.models import Section, Verdict
from monitoring.screening.services.verdicts import ReadingKey, VerdictRefused, judge_reading
from monitoring.standards.detection import MeasuredValue
from settlements.models import VerdictEvidence
from settlements.moving.documents import checked, kept


class EvidenceMissing(VerdictRefused):
    """A correction without the file it rests on."""


@transaction.atomic
def judge_with_evidence(
    *,
    section: Section,
    key: ReadingKey,
    outcome: str,
    reason: str,
    by: User,
    value: MeasuredValue | None = None,
    evidence: File | None = None,
) -> Verdict:
    """Judge a reading; a correction comes with its evidence, other judgements may.

    Raises VerdictRefused, EvidenceMissing for a correction without; DocumentRefused for a file
    that is no document; OSError where it cannot be written.
    """
    if outcome == Verdict.Outcome.CORRECTED and evidence is None:
        raise EvidenceMissing("更正数值须附证据（原始记录、复测报告或来函）；请选择文件。")
    found = checked(evidence) if evidence is not None else None
    verdict = judge_reading(
        section=section, key=key, outcome=outcome, value=value, reason=reason, by=by
    )
    if found is not None and not VerdictEvidence.objects.filter(verdict=verdict).exists():
        VerdictEvidence.objects.create(
            verdict=verdict,
            file=kept(found, "verdicts"),
            name=found.name,
            kind=found.kind,
            sha256=found.sha256,
            by=by,
            at=now(),
        )
    return verdict
