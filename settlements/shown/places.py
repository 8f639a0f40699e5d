"""Jurisdictions as the money names them."""

from dataclasses import dataclass

from basins.models import Jurisdiction


@dataclass(frozen=True, slots=True)
class Place:
    """A jurisdiction as the money names it."""

    code: str
    name: str
    short_name: str
    level: str

    @classmethod
    def of(cls, j: Jurisdiction) -> "Place":
        return cls(j.code, j.name, j.short_name, j.level)

    @property
    def is_district(self) -> bool:
        return self.level == Jurisdiction.Level.DISTRICT
