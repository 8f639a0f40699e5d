"""Jurisdictions as the money names them."""

from dataclasses import dataclass, field
from datetime import date

from basins.models import Jurisdiction
from basins.reference.kinds.districts import short


@dataclass(frozen=True, slots=True)
class Place:
    """A jurisdiction as the money names it; the same one under whatever name."""

    code: str
    name: str = field(compare=False)
    short_name: str = field(compare=False)
    level: str = field(compare=False)

    @classmethod
    def of(cls, j: Jurisdiction, on: date | None = None) -> "Place":
        """By its name of today, or of the day `on`: a month keeps the names it had."""
        name = j.name if on is None else j.name_on(on)
        return cls(j.code, name, j.short_name if name == j.name else short(name), j.level)

    @staticmethod
    def columns(path: str) -> list[str]:
        """What `of` reads, of the jurisdiction at the end of a path: for QuerySet.only."""
        return [
            f"{path}__{name}" for name in ("code", "name", "short_name", "level", "former_names")
        ]

    @property
    def is_district(self) -> bool:
        return self.level == Jurisdiction.Level.DISTRICT
