"""证据: files of an objection, kept under MEDIA_ROOT by their hash."""

from django.core.files.base import File

from basins.clock import now
from basins.models import Jurisdiction, User
from settlements.models import Evidence, Objection
from settlements.moving.documents import DocumentRefused, checked, kept
from settlements.objections.kinds import BY_CODE, EvidenceItem


def missing_evidence(objection: Objection) -> list[EvidenceItem]:
    """Items of the kind that must be there and are not: 1 SQL query."""
    have = set(objection.evidence.values_list("item", flat=True))
    return [item for item in BY_CODE[objection.kind].required if item.key not in have]


def keep_file(
    objection: Objection, item: str, file: File, own: Jurisdiction | None, by: User
) -> Evidence:
    """In a transaction that holds the objection. What the side handed in for the item already is
    the file there is; for another item, or by the other side, it is one of its own.

    Raises DocumentRefused.
    """
    rules = BY_CODE[objection.kind]
    if rules.item(item) is None:
        raise DocumentRefused(f"“{rules.title}”没有这一证据项；请从清单中选择。")
    found = checked(file)
    same = objection.evidence.filter(item=item, sha256=found.sha256, jurisdiction=own)
    if known := same.first():
        return known
    evidence = Evidence(
        objection=objection,
        item=item,
        name=found.name,
        kind=found.kind,
        size=len(found.content),
        sha256=found.sha256,
        jurisdiction=own,
        by=by,
        at=now(),
    )
    evidence.file.name = kept(found, "evidence")
    evidence.save()
    return evidence
