"""From the heading row to columns: what each column holds, in which layout.

Headings are compared without spaces and case, full-width forms made narrow; brackets behind
the name hold a unit (氨氮(mg/L)), a code (溶解氧(DO)) or a way of counting (以N计).
"""

import re
from dataclasses import dataclass

from written.headings import normal
from written.text import FileError, shown

from .. import hj525
from .indicators import INDICATORS

NATIONAL = "national"
WIDE = "wide"

_FIELDS = {
    "province": ("省份", "省", "省市", "province"),
    "basin": ("流域", "basin"),
    "name": (
        "断面名称",
        "断面",
        "监测断面",
        "站点名称",
        "站点",
        "站名",
        "点位名称",
        "点位",
        "section",
        "section_name",
        "name",
        "station",
        "station_name",
    ),
    "code": (
        "断面编码",
        "断面代码",
        "断面编号",
        "站点编码",
        "站点编号",
        "点位编码",
        "section_code",
        "code",
        "station_code",
    ),
    "time": (
        "监测时间",
        "采样时间",
        "监测日期",
        "采样日期",
        "时间",
        "日期",
        "time",
        "sampled_at",
        "sample_time",
        "sampling_time",
        "datetime",
        "date",
    ),
    "official_class": ("水质类别", "water_class", "class"),
    "flag": ("站点情况", "数据标识", "数据标记", "标识", "flag"),
    "origin": ("来源", "数据来源", "origin"),
    "ignored": (
        "备注",
        "说明",
        "备注说明",
        "remark",
        "remarks",
        "note",
        "notes",
        "comment",
        "序号",
        "no.",
    ),
}
# What brackets may hold besides the unit: the way of counting, the row of the standard's table.
_COUNTED_AS = re.compile(r"以.*计|n|p|湖、?库|湖泊、水库|河流")
_BEIJING = re.compile(r"(utc|gmt)\+0?8(:?00)?")
_NATIONAL_PARAMETERS = (
    "WT",
    "pH",
    "DO",
    "EC",
    "TURB",
    "CODMn",
    "NH3-N",
    "TP",
    "TN",
)
_NATIONAL_COLUMNS = {
    "province": "省份",
    "name": "断面名称",
    "time": "监测时间",
    "flag": "站点情况",
} | {code: INDICATORS[code].title for code in _NATIONAL_PARAMETERS}
_NAMED_AT_MOST = 10
LONGEST_HEADING = 60

EXPECTED = {
    NATIONAL: "国家站发布格式应有：省份、流域、断面名称、监测时间、水质类别、"
    "水温至总氮九项、叶绿素α、藻密度、站点情况",
    WIDE: "每行一个样品的表格应有：断面名称（或断面编码）、采样时间，"
    "以及至少一项指标（如 氨氮(mg/L)）；可有省份、来源、数据标识、水质类别、备注",
}


@dataclass(frozen=True, slots=True)
class HeadedColumn:
    """`field`: a key of the table above, or 'value' with the indicator's code."""

    index: int
    heading: str
    field: str
    indicator: str | None = None

    @property
    def role(self) -> str:
        return self.indicator or self.field


@dataclass(frozen=True, slots=True)
class _Wrong:
    heading: str
    message: str


def recognised(cells: list[str]) -> int:
    """How many of the cells are headings we know: tells the right delimiter."""
    return sum(isinstance(_column(i, cell), HeadedColumn) for i, cell in enumerate(cells))


def read_headings(cells: list[str]) -> tuple[str, tuple[HeadedColumn, ...]]:
    """The layout and the columns of a heading row; blank headings at its end are no columns.

    Raises FileError naming every missing, unknown, repeated or wrongly scaled column.
    """
    cells = list(cells)
    while cells and not cells[-1].strip():
        cells.pop()
    found = [_column(index, cell) for index, cell in enumerate(cells)]
    columns = tuple(column for column in found if isinstance(column, HeadedColumn))
    layout = _layout(columns)
    problems = [item for item in found if isinstance(item, _Wrong)]
    blank = [str(i + 1) for i, cell in enumerate(cells) if not cell.strip()]
    unknown = [
        shown(cell.strip())
        for cell, item in zip(cells, found, strict=True)
        if item is None and cell.strip()
    ]
    messages = [f"列“{shown(wrong.heading)}”{wrong.message}" for wrong in problems]
    # A column in the wrong unit is there: don't call it missing as well.
    wrong_roles = {_role_of(wrong.heading) for wrong in problems}
    if missing := [name for role, name in _missing(layout, columns) if role not in wrong_roles]:
        messages.append(f"缺少列：{_some(missing)}。")
    if unknown:
        messages.append(
            f"不认识的列：{_some(unknown)}（请改为规定的名称；不是监测数据的列请删去，"
            "文字说明请放在“备注”列）。"
        )
    if blank:
        messages.append(f"第 {_some(blank)} 列没有标题（请补上标题，或删去该列）。")
    messages += _repeated(columns)
    if messages:
        raise FileError(f"列标题不对。{''.join(messages)}{EXPECTED[layout]}。")
    return layout, columns


def _layout(columns: tuple[HeadedColumn, ...]) -> str:
    """National if its own columns are there, even when some other of it is missing."""
    roles = {column.role for column in columns}
    if "origin" in roles:
        return WIDE
    released = any(normal(column.heading) == "站点情况" for column in columns)
    return NATIONAL if released or {"province", "basin", "official_class"} <= roles else WIDE


def _missing(layout: str, columns: tuple[HeadedColumn, ...]) -> list[tuple[str, str]]:
    roles = {column.role for column in columns}
    if layout == NATIONAL:
        return [(role, name) for role, name in _NATIONAL_COLUMNS.items() if role not in roles]
    missing = []
    if not roles & {"name", "code"}:
        missing.append(("name", "断面名称（或断面编码）"))
    if "time" not in roles:
        missing.append(("time", "采样时间"))
    if not any(column.indicator for column in columns):
        missing.append(("value", "监测指标（至少一项）"))
    return missing


def _repeated(columns: tuple[HeadedColumn, ...]) -> list[str]:
    seen: dict[str, HeadedColumn] = {}
    messages = []
    for column in columns:
        if column.field == "ignored":
            continue
        first = seen.setdefault(column.role, column)
        if first is not column:
            messages.append(
                f"第 {first.index + 1} 列“{shown(first.heading)}”与第 {column.index + 1} 列"
                f"“{shown(column.heading)}”重复，请只保留一列。"
            )
    return messages


def _split(heading: str) -> tuple[tuple[str, str | None] | None, list[str]]:
    """(field, indicator) of a heading, None if unknown, and what stood in brackets behind it."""
    name = normal(heading) if len(heading) <= LONGEST_HEADING else ""
    brackets: list[str] = []
    while name not in _ROLES:
        if not name.endswith(")"):
            return None, brackets
        name, opening, inner = name[:-1].rpartition("(")
        if not opening or not name:
            return None, brackets
        brackets.append(inner)
    return _ROLES[name], brackets


def _role_of(heading: str) -> str | None:
    role, _ = _split(heading)
    return role and (role[1] or role[0])


def _column(index: int, cell: str) -> HeadedColumn | _Wrong | None:
    heading = cell.strip()
    role, brackets = _split(heading)
    if role is None:
        return None
    field, code = role
    if code is None:
        if field == "time" and any(
            re.search("utc|gmt", b) and not _BEIJING.fullmatch(b) for b in brackets
        ):
            return _Wrong(
                heading,
                "应为北京时间；请换算为北京时间，或在每个时间后写明时区"
                "（如 2023-01-05T00:00:00Z）并去掉标题中的时区。",
            )
        return HeadedColumn(index, heading, field)
    indicator = INDICATORS[code]
    units = {normal(unit) for unit in indicator.units}
    for inner in (part for bracket in brackets for part in _parts(bracket, units)):
        if inner in units or _ROLES.get(inner) == role or _COUNTED_AS.fullmatch(inner):
            continue
        return _Wrong(
            heading,
            f"的单位是“{inner}”，{indicator.title}应以"
            f"“{indicator.unit}”填报；请换算数值并改标题，系统不自动换算。",
        )
    return HeadedColumn(index, heading, field, code)


def _parts(inner: str, units: set[str]) -> list[str]:
    """What a bracket holds, one by one: mg/L，以N计."""
    return [inner] if inner in units else [part for part in re.split("[,;]", inner) if part]


def _some(names: list[str]) -> str:
    more = f"等 {len(names)} 列" if len(names) > _NAMED_AT_MOST else ""
    return "、".join(names[:_NAMED_AT_MOST]) + more


def _roles() -> dict[str, tuple[str, str | None]]:
    roles: dict[str, tuple[str, str | None]] = {}
    for field, names in _FIELDS.items():
        roles |= {normal(name): (field, None) for name in names}
    for code, indicator in INDICATORS.items():
        for name in (code, indicator.title, *indicator.names):
            roles[normal(name)] = ("value", code)
    for factor, code in hj525.INDICATOR_OF.items():
        roles[factor] = ("value", code)
    return roles


_ROLES = _roles()
