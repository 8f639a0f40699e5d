"""How one sender writes: what its headings mean, how its times are written and in which zone.

The mapping itself is read in mapping.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from written.headings import normal
from written.moments import FORMS, ZONES
from written.text import FileError, shown

IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a heading is said to mean: a field, or an indicator; `field` IGNORE: it is not read.

    `unit`: that of its values, where the heading names none.
    """

    field: str
    indicator: str | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """A sender's way. `columns`: by the heading as it is compared (written.headings.normal).

    `time_format`: one of written.moments.FORMS; `zone`: one of ZONES, for times that name none.
    `reviewed`: the readings were reviewed elsewhere, so that none is put in doubt here.
    """

    columns: Mapping[str, Taken] = field(default_factory=dict)
    time_format: str = ""
    zone: str = "Asia/Shanghai"
    reviewed: bool = False

    def __post_init__(self) -> None:
        if self.time_format not in FORMS:
            known = "、".join(filter(None, FORMS))
            raise FileError(
                f"不认识的时间格式“{shown(self.time_format)}”；只能是：{known}，或不写。"
            )
        if self.zone not in ZONES:
            raise FileError(f"不认识的时区“{shown(self.zone)}”；只能是：{'、'.join(ZONES)}。")

    def after_review(self) -> "Way":
        """The same of readings that were reviewed elsewhere."""
        return replace(self, reviewed=True)

    def taken(self, heading: str) -> Taken | None:
        return self.columns.get(normal(heading)) if self.columns else None

    def ignores(self, name: str) -> bool:
        """Whether a sheet of that name, or an indicator of a long table, is not to be read."""
        taken = self.taken(name)
        return taken is not None and taken.field == IGNORE


USUAL = Way()
