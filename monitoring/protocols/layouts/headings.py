"""From the heading row to columns: what each column holds, in which layout.

Headings are compared without spaces and case, full-width forms made narrow; brackets behind
the name hold a unit (氨氮(mg/L)), a code (溶解氧(DO)) or a way of counting (以N计). What a sender's
mapping says of a heading counts before what the name says.
"""

import re
from dataclasses import dataclass

from written.headings import normal, split
from written.text import FileError, shown

from .. import hj525
from .indicators import INDICATORS, WrittenIndicator
from .ways import IGNORE, USUAL, Taken, Way

NATIONAL = "national"
WIDE = "wide"
LONG = "long"
LOOKED_AT = 10  # rows from the top that may hold the headings

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
        "监测日",
        "采样日",
        "日",
        "time",
        "sampled_at",
        "sample_time",
        "sampling_time",
        "datetime",
        "date",
        "day",
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
    ),
    # Of a long table, where each row is one value.
    "indicator": (
        "指标",
        "监测指标",
        "指标名称",
        "项目",
        "监测项目",
        "项目名称",
        "监测因子",
        "因子",
        "参数",
        "indicator",
        "parameter",
    ),
    "value": (
        "数值",
        "监测值",
        "测值",
        "浓度",
        "监测浓度",
        "结果",
        "监测结果",
        "检测结果",
        "测定值",
        "value",
        "result",
    ),
    "unit": ("单位", "计量单位", "unit"),
    # Numbers of rows, what an error sheet puts behind the file's own columns, and the month that a
    # table of means has in place of times.
    "unread": ("序号", "no.", "行号", "字段", "填写的值", "原因与改法", "月份", "month"),
}
_OF_LONG = frozenset({"indicator", "value", "unit"})
_OF_MEANS = frozenset({"月份", "month"})
_DAYS = frozenset({"监测日期", "采样日期", "日期", "date", "监测日", "采样日", "日", "day"})
_CLOCKS = frozenset({"监测时间", "采样时间", "时间", "time", "sample_time", "sampling_time"})
# Words for a field where a column is named after what it was taken for.
FIELD_WORDS = {
    "province": "省份",
    "basin": "流域",
    "name": "断面名称",
    "code": "断面编码",
    "time": "采样时间",
    "clock": "采样时间（钟点）",
    "official_class": "水质类别",
    "flag": "数据标识",
    "origin": "来源",
    "ignored": "备注",
    "indicator": "指标",
    "value": "数值",
    "unit": "单位",
    IGNORE: "不读",
}
# What brackets may hold besides the unit: the way of counting, the row of the standard's table.
_COUNTED_AS = re.compile(r"以.*计|n|p|湖、?库|湖泊、水库|河流")
_UTC = re.compile(r"(utc|gmt)([+-]0{1,2}(:?00)?)?")
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
    LONG: "每行一个数值的表格应有：断面名称（或断面编码）、采样时间、指标、数值；"
    "可有单位、省份、来源、数据标识、备注",
}
# Units that people write, ours or not: what may stand in a row of units below the headings.
_FOREIGN_UNITS = ("μg/L", "ug/L", "ng/L", "g/L", "微克/升", "mg/m3", "%", "万个/L", "mS/cm", "MPN/100mL",
                  "℃", "°C", "个", "FNU", "mg/kg")  # fmt: skip
_FOREIGN_IN_TITLE = re.compile(r"(μg|ug|ng|微克)\s*[/·每]\s*(l|升)|微克每升")


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


class HeadingsUnclear(FileError):
    """The headings are not all known; a mapping may say what they mean."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a sheet that are read, and the headings of those that are not."""

    layout: str
    read: tuple[HeadedColumn, ...]
    unread: tuple[str, ...]
    width: int  # up to the last heading

    def taken(self) -> dict[str, str]:
        """Heading → what it was taken for: an indicator's code, a field, `remark`."""
        return {shown(c.heading): "remark" if c.field == "ignored" else c.role for c in self.read}


def recognised(cells: list[str], way: Way = USUAL) -> int:
    """How many of the cells are headings we know: tells the right delimiter, and the heading row."""
    return sum(_column(i, cell, way) is not None for i, cell in enumerate(cells))


def heading_row(rows: list[list[str]], way: Way = USUAL) -> int:
    """Which of the first rows holds most headings we know; the first where none holds two."""
    known = [recognised(cells, way) for cells in rows[:LOOKED_AT]]
    most = max(known, default=0)
    return known.index(most) if most >= 2 else 0


def holds_readings(cells: list[str], way: Way = USUAL) -> bool:
    """Whether a row is, or means to be, the headings of readings: whose, and when or what.

    Monthly means, which have a month and no time, are none.
    """
    found = [_column(i, cell, way) for i, cell in enumerate(cells)]
    fields = {c.field if isinstance(c, HeadedColumn) else "value" for c in found if c is not None}
    if "time" not in fields and any(_split_name(cell) in _OF_MEANS for cell in cells):
        return False
    return bool(fields & {"name", "code"}) and bool(fields & {"time", "value"})


def refuse_foreign_title(above: list[list[str]]) -> None:
    """A title that says another unit for the whole table is not overlooked. Raises FileError."""
    for cell in (cell for row in above for cell in row if cell.strip()):
        if _FOREIGN_IN_TITLE.search(normal(cell)):
            raise FileError(
                f"列标题上面写着“{shown(cell)}”；系统不自动换算，请换算后在每列标题里写明单位。"
            )


def is_unit_row(cells: list[str], columns: Columns) -> bool:
    """Whether the row below the headings holds the units of the columns and nothing else."""
    units = 0
    for column in columns.read:
        text = normal(cells[column.index]) if column.index < len(cells) else ""
        text = text.strip("()").removeprefix("单位").lstrip(":")
        if not text:
            continue
        if column.indicator is None or (text not in _UNITS and not text.endswith("/l")):
            if text not in ("-", "/"):
                return False
        else:
            units += 1
    return units > 0


def with_units(columns: Columns, cells: list[str]) -> None:
    """Raises FileError for a unit in the row below the headings that is not the indicator's."""
    wrong = []
    for column in columns.read:
        if column.indicator is None or column.index >= len(cells):
            continue
        inner = normal(cells[column.index]).strip("()").removeprefix("单位").lstrip(":")
        indicator = INDICATORS[column.indicator]
        if inner and inner not in {normal(unit) for unit in indicator.units}:
            wrong.append(f"列“{shown(column.heading)}”{_wrong_unit(inner, indicator)}")
    if wrong:
        raise FileError(f"列标题下面的单位不对。{''.join(wrong)}")


def read_headings(cells: list[str], way: Way = USUAL) -> Columns:
    """The layout and the columns of a heading row; blank headings at its end are no columns.

    Raises HeadingsUnclear naming every missing, unknown, repeated or wrongly scaled column.
    """
    cells = list(cells)
    while cells and not cells[-1].strip():
        cells.pop()
    found = [_column(index, cell, way) for index, cell in enumerate(cells)]
    layout = _layout(tuple(c for c in found if isinstance(c, HeadedColumn)))
    if layout != LONG:  # there a column 项目 or 单位 is one that nobody knows
        found = [
            None
            if isinstance(c, HeadedColumn) and c.indicator is None and c.field in _OF_LONG
            else c
            for c in found
        ]
    columns = _with_clock(tuple(column for column in found if isinstance(column, HeadedColumn)))
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
        if "采样时间" in missing and any(_split_name(cell) in _OF_MEANS for cell in cells):
            messages.append("月均值由系统从监测数据计算，不能导入；请上传监测数据。")
    if unknown:
        messages.append(
            f"不认识的列：{_some(unknown)}（请改为规定的名称；不是监测数据的列请删去，"
            "文字说明请放在“备注”列）。"
        )
    if blank:
        messages.append(f"第 {_some(blank)} 列没有标题（请补上标题，或删去该列）。")
    messages += _repeated(columns)
    if messages:
        raise HeadingsUnclear(f"列标题不对。{''.join(messages)}{EXPECTED[layout]}。")
    return Columns(
        layout,
        tuple(c for c in columns if c.field not in ("unread", IGNORE)),
        tuple(shown(c.heading) for c in columns if c.field in ("unread", IGNORE)),
        len(cells),
    )


def seen(cells: list[str], way: Way = USUAL) -> list[tuple[str, str, str]]:
    """Each heading, what it is taken for ('' where nobody knows), and what is wrong with it."""
    answer = []
    for index, cell in enumerate(cells):
        if not cell.strip():
            continue
        column = _column(index, cell, way)
        if isinstance(column, HeadedColumn):
            answer.append((cell.strip(), column.role, ""))
        else:
            answer.append((cell.strip(), "", column.message if column else ""))
    return answer


def role_named(name: str) -> tuple[str, str | None] | None:
    """The field, or 'value' with the indicator's code, of a name: a heading we know, or a key."""
    if name in _FIELDS:
        return name, None
    return _ROLES.get(normal(name))


def indicator_named(text: str) -> tuple[WrittenIndicator, str] | None:
    """The indicator of a cell of a long table, and what stands in brackets behind it."""
    role, brackets = _split(text)
    if role is None or role[1] is None:
        return None
    return INDICATORS[role[1]], ",".join(brackets)


def unit_problem(inner: str, indicator: WrittenIndicator) -> str | None:
    """Why what stands in brackets, or as a unit, cannot stand behind the indicator; None: it can."""
    units = {normal(unit) for unit in indicator.units}
    for part in _parts(normal(inner), units):
        if part in units or _ROLES.get(part) == ("value", indicator.code):
            continue
        if not _COUNTED_AS.fullmatch(part):
            return _wrong_unit(part, indicator)
    return None


def _wrong_unit(inner: str, indicator: WrittenIndicator) -> str:
    return (
        f"的单位是“{inner}”，{indicator.title}应以“{indicator.unit}”填报；"
        "请换算数值并改标题，系统不自动换算。"
    )


def _with_clock(columns: tuple[HeadedColumn, ...]) -> tuple[HeadedColumn, ...]:
    """A day and its hour in two columns: 监测日期 and 监测时间."""
    times = [column for column in columns if column.field == "time"]
    if len(times) != 2:
        return columns
    days = [c for c in times if _split_name(c.heading) in _DAYS]
    clocks = [c for c in times if _split_name(c.heading) in _CLOCKS]
    if len(days) != 1 or len(clocks) != 1:
        return columns
    hour = HeadedColumn(clocks[0].index, clocks[0].heading, "clock")
    return tuple(hour if c is clocks[0] else c for c in columns)


def _split_name(heading: str) -> str:
    return normal(heading).partition("(")[0]


def _layout(columns: tuple[HeadedColumn, ...]) -> str:
    """National if its own columns are there, even when some other of it is missing."""
    roles = {column.role for column in columns}
    if {"indicator", "value"} <= roles and not any(column.indicator for column in columns):
        return LONG
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
    if layout != LONG and not any(column.indicator for column in columns):
        missing.append(("value", "监测指标（至少一项）"))
    return missing


def _repeated(columns: tuple[HeadedColumn, ...]) -> list[str]:
    seen: dict[str, HeadedColumn] = {}
    messages = []
    for column in columns:
        if column.field in ("ignored", "unread", IGNORE):
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


def _column(index: int, cell: str, way: Way) -> HeadedColumn | _Wrong | None:
    heading = cell.strip()
    if heading and (taken := way.taken(heading)) is not None:
        return _mapped(index, heading, taken, way)
    role, brackets = _split(heading)
    if role is None:
        return None
    return _checked(index, heading, role, brackets, way)


def _mapped(index: int, heading: str, taken: Taken, way: Way) -> HeadedColumn | _Wrong:
    """What the sender's mapping says; the unit must be known, from the heading or from it."""
    if taken.field == IGNORE:
        return HeadedColumn(index, heading, IGNORE)
    own = _split(heading)
    brackets = own[1] if own[0] == (taken.field, taken.indicator) else list(split(heading)[1])
    if taken.indicator is None:
        return _checked(index, heading, (taken.field, None), brackets, way)
    indicator = INDICATORS[taken.indicator]
    units = {normal(unit) for unit in indicator.units}
    if taken.unit:
        brackets = [*brackets, normal(taken.unit)]
    elif (
        own[0] is None
        and "" not in units
        and not units & {part for bracket in brackets for part in _parts(bracket, units)}
    ):
        return _Wrong(
            heading,
            f"没有写明单位；请在对应关系里写上单位（{indicator.title}应为 {indicator.unit}）。",
        )
    return _checked(index, heading, ("value", taken.indicator), brackets, way)


def _checked(
    index: int, heading: str, role: tuple[str, str | None], brackets: list[str], way: Way
) -> HeadedColumn | _Wrong:
    field, code = role
    if code is None:
        told = [b for b in brackets if re.search("utc|gmt", b)]
        in_utc = way.zone == "UTC"
        if field == "time" and any(
            not (_UTC if in_utc else _BEIJING).fullmatch(bracket) for bracket in told
        ):
            return _Wrong(
                heading,
                "与指定的时区 UTC 不符；请核对时区。"
                if in_utc
                else "应为北京时间；请换算为北京时间，或在每个时间后写明时区"
                "（如 2023-01-05T00:00:00Z）并去掉标题中的时区，或指明时区为 UTC。",
            )
        return HeadedColumn(index, heading, field)
    for inner in brackets:
        if (wrong := unit_problem(inner, INDICATORS[code])) is not None:
            return _Wrong(heading, wrong)
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
_UNITS = {
    normal(unit)
    for unit in (*_FOREIGN_UNITS, *(u for each in INDICATORS.values() for u in each.units))
} - {""}
