"""Samples written in the layouts that are read: `row_reader` gives back what was written.

In the national release stands what it has room for, automatic values of its eleven indicators; all
else is written wide, one row a sample. A value carries its own flag (0.31(M), 0.31(2F)) where the row's does
not say it, and where a reader would doubt what nobody doubts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from written.moments import BEIJING

from .cells import FLAGS, STATION_STATES, is_fill
from .headings import NATIONAL
from .indicators import INDICATORS
from .rows import SectionRef, Value

NATIONAL_CODES = (
    "WT", "pH", "DO", "EC", "TURB", "CODMn", "NH3-N", "TP", "TN", "Chla", "algae",
)  # fmt: skip
NOT_MEASURED = "--"
# The release has an asterisk where a station has no such instrument.
NO_INSTRUMENT = "*"
REMARK = "备注"
DIGITS = 15  # that a spreadsheet keeps of a number
# Beijing time is written; months are those of Asia/Shanghai, which had summer time in these years.
_SUMMERS = range(1986, 1992)
MEANS_MONTH = "月份"
_STATES = {flag: word for word, flag in STATION_STATES.items()}
ORIGIN_WORDS = {"automatic": "自动", "manual": "手工", "joint": "联合", "reserve": "留样"}

Cell = str | Decimal


@dataclass(frozen=True, slots=True)
class Sample:
    """The values of one section, time (aware) and origin, each with its own flag.

    `water_class`: Ⅰ … 劣Ⅴ as a release has it, or empty; `remark` goes where a remark may stand.
    """

    section: SectionRef
    sampled_at: datetime
    origin: str
    values: tuple[Value, ...]
    water_class: str = ""
    remark: str = ""

    def of(self, codes: Iterable[str]) -> "Sample":
        """The same with the values of some indicators only."""
        wanted = frozenset(codes)
        kept = tuple(value for value in self.values if value.indicator in wanted)
        return Sample(
            self.section, self.sampled_at, self.origin, kept, self.water_class, self.remark
        )


def heading(code: str) -> str:
    """氨氮(mg/L)."""
    indicator = INDICATORS[code]
    return f"{indicator.title}({indicator.unit})"


def headings(layout: str, codes: Sequence[str], *, remarks: bool) -> list[str]:
    """The heading row; `codes`: the indicators of a wide table, in their order."""
    last = [REMARK] if remarks else []
    if layout == NATIONAL:
        front = ["省份", "流域", "断面名称", "监测时间", "水质类别"]
        return [*front, *map(heading, NATIONAL_CODES), "站点情况", *last]
    front = ["省份", "断面名称", "断面编码", "采样时间", "来源", "数据标识"]
    return [*front, *map(heading, codes), *last]


def national_cells(sample: Sample, *, remarks: bool = False) -> list[Cell]:
    """A row of the release; its time has no year, which the sheet's name must say."""
    flag = _flag_of(sample.values, _STATES)
    measured = {value.indicator: _value(value, flag) for value in sample.values}
    absent = {"Chla": NO_INSTRUMENT, "algae": NO_INSTRUMENT}
    return [
        sample.section.province or NO_INSTRUMENT,
        sample.section.basin or NO_INSTRUMENT,
        sample.section.name,
        _time(sample.sampled_at)[0 if sample.sampled_at.year in _SUMMERS else 5 :],
        sample.water_class or NO_INSTRUMENT,
        *(measured.get(code, absent.get(code, NOT_MEASURED)) for code in NATIONAL_CODES),
        _STATES[flag],
        *([sample.remark] if remarks else []),
    ]


def wide_cells(sample: Sample, codes: Sequence[str], *, remarks: bool = False) -> list[Cell]:
    """A row of the plain table; an indicator that was not measured has an empty cell."""
    flag = _flag_of(sample.values, FLAGS)
    measured = {value.indicator: _value(value, flag) for value in sample.values}
    if homeless := measured.keys() - set(codes):
        raise ValueError(f"no column for {homeless}")
    return [
        sample.section.province or "",
        sample.section.name,
        sample.section.code or "",
        _time(sample.sampled_at),
        ORIGIN_WORDS[sample.origin],
        FLAGS[flag],
        *(measured.get(code, "") for code in codes),
        *([sample.remark] if remarks else []),
    ]


def _flag_of(values: tuple[Value, ...], words: dict[str, str]) -> str:
    """The row's flag: the one all values have, if the layout has a word for it."""
    flags = {value.flag or "N" for value in values}
    return flags.pop() if len(flags) == 1 and flags <= words.keys() else "N"


def _value(value: Value, of_row: str) -> Cell:
    """A number as a number; text where a sign says more: 0.025L, 0.31(M), 999.9(N)."""
    flag = value.flag or "N"
    # A reader doubts what looks like a fill, or does not where somebody reviewed the file.
    doubtful = not value.below_limit and is_fill(value.value, INDICATORS[value.indicator])
    plain = flag == of_row and not doubtful
    if plain and not value.below_limit and len(value.value.as_tuple().digits) <= DIGITS:
        return value.value
    text = f"{value.value:f}{'L' if value.below_limit else ''}"
    return text if plain else f"{text}({flag})"


def _time(moment: datetime) -> str:
    """2021-04-01 04:00 in Beijing time; seconds where there are any."""
    local = moment.astimezone(BEIJING).replace(tzinfo=None)
    if local.microsecond:
        return local.isoformat(" ")
    return local.isoformat(" ", "seconds" if local.second else "minutes")
