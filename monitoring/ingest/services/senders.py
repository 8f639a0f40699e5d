"""How a sender of readings writes: taken from what is remembered, remembered once it worked."""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from monitoring.models import SenderProfile
from monitoring.protocols.layouts import Way, read_mapping
from written.headings import normal
from written.text import FileError

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class SenderWay:
    """As it is stored. `mapping`: heading → field, indicator or `ignore`, or {"as": …, "unit": …}."""

    mapping: dict[str, Any] = field(default_factory=dict)
    time_format: str = ""
    zone: str = "Asia/Shanghai"

    def way(self) -> Way:
        """Raises FileError for a mapping, format or zone there is not."""
        return Way(read_mapping(self.mapping), self.time_format, self.zone)


def way_of(
    sender: str,
    *,
    mapping: dict[str, Any] | None = None,
    time_format: str | None = None,
    zone: str | None = None,
) -> SenderWay:
    """What is remembered of the sender, with what is said now in its place: 1 SQL query."""
    if len(sender) > LONGEST_NAME:
        raise FileError(f"报送单位的名称超过 {LONGEST_NAME} 字；请写简称。")
    known = SenderProfile.objects.filter(name=sender).first() if sender else None
    before = SenderWay(known.mapping, known.time_format, known.zone) if known else SenderWay()
    if mapping is not None and not isinstance(mapping, dict):
        read_mapping(mapping)  # says what it should be
    said = mapping or {}
    again = {normal(heading) for heading in said}
    kept = {h: meant for h, meant in before.mapping.items() if normal(h) not in again}
    return SenderWay(
        {**kept, **said},
        before.time_format if time_format is None else time_format,
        before.zone if zone is None else zone,
    )


@transaction.atomic
def remember_sender(*, sender: str, way: SenderWay, by=None) -> SenderProfile:
    """Keep the way for the sender's next file; nothing is written where it is the one known."""
    known = SenderProfile.objects.select_for_update().filter(name=sender).first()
    if known is None:
        return SenderProfile.objects.create(
            name=sender,
            mapping=way.mapping,
            time_format=way.time_format,
            zone=way.zone,
            saved_by=by,
        )
    if SenderWay(known.mapping, known.time_format, known.zone) != way:
        known.mapping, known.time_format, known.zone = way.mapping, way.time_format, way.zone
        known.saved_by = by
        known.save()
    return known
