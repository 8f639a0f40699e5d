"""`manage.py compare_official_class FILE`: our class beside the official one, row by row.

FILE is the layout in which the national automatic stations' readings are released, with
the official class in 水质类别. Its values are rounded for display, the official class is
made from unrounded ones, and sections in lakes are classed by the lake row of TP. Sections
known to lie in a lake are classed by that row here too; a row that differs is explained by
rounding or by a lake not known as one, or counted as unexplained. No database is needed.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from monitoring.standards.assessment import Assessed, NothingToAssess, assess, plain
from monitoring.standards.detection import MeasuredValue, NotAMeasurement, parse, show
from monitoring.standards.gb3838_2002 import (
    NAMES,
    WaterBody,
    WaterClass,
    class_of,
    limit,
    ph_range,
)
from monitoring.standards.water_bodies import assumed_water
from written.decoding import decode
from written.files import csv_records, likely_delimiter
from written.headings import normal, split
from written.text import MISSING, FileError, narrow

# Heading of the released file, without its unit → code.
COLUMNS = {
    "pH": "pH",
    "溶解氧": "DO",
    "高锰酸盐指数": "CODMn",
    "氨氮": "NH3-N",
    "总磷": "TP",
}
SECTION, TIME, OFFICIAL, PROVINCE = "断面名称", "监测时间", "水质类别", "省份"
SHOWN_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class OfficialRow:
    """A row with an official class; number is its line in the file, the heading being 1."""

    number: int
    section: str
    time: str
    official: WaterClass
    values: dict[str, MeasuredValue]
    body: WaterBody = WaterBody.RIVER


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A row whose river class on displayed values differs; classes as 1–6.

    computed is None, and deciding empty, where there was nothing to class.
    """

    row: int
    section: str
    time: str
    official: int
    computed: int | None
    deciding: tuple[str, ...]
    reason: str


class Command(BaseCommand):
    help = "把国家站发布文件中的官方水质类别与按显示值计算的类别逐行比较，并说明差异的原因。"
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("file", nargs="?", type=Path, metavar="文件", help="国家站发布的 CSV")
        parser.add_argument(
            "--year", nargs="?", const="", help="文件中的时间没有年份时使用，如 2021"
        )
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, file, year, **options):
        if file is None:
            raise CommandError("没有给出文件；请写 manage.py compare_official_class 文件.csv。")
        if year is not None and not re.fullmatch(r"20\d\d", year, re.ASCII):
            raise CommandError(f"--year：“{year}”不是年份；请填四位年份，如 2021。")
        result = compare(read_rows(file, year))
        if options["json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(summary(result)))


def compare(rows: list[OfficialRow]) -> dict:
    """Counts by outcome, and every row that doesn't agree."""
    counts = dict.fromkeys(
        ("classed", "agree", "explained_rounding", "explained_lake", "unexplained"), 0
    )
    disagreements = []
    for row in rows:
        outcome, computed, reason = judge(row)
        counts["classed"] += 1
        counts[outcome] += 1
        if outcome != "agree":
            disagreements.append(
                Disagreement(
                    row=row.number,
                    section=row.section,
                    time=row.time,
                    official=int(row.official),
                    computed=int(computed.water_class) if computed else None,
                    deciding=computed.deciding if computed else (),
                    reason=reason,
                )
            )
    return {**counts, "disagreements": [asdict(each) for each in disagreements]}


def judge(row: OfficialRow) -> tuple[str, Assessed | None, str]:
    """(outcome, our assessment by the row's own table, why it differs in Chinese)."""
    values = {code: measured.counted for code, measured in row.values.items()}
    try:
        ours = assess(values, row.body)
    except NothingToAssess:
        return "unexplained", None, "该行没有可参评的数值，官方类别无从核对。"
    if ours.water_class == row.official:
        return "agree", ours, ""
    if moved := reached_by_rounding(row, row.body):
        return "explained_rounding", ours, f"显示值经过修约：{moved}。"
    if assess(values, WaterBody.LAKE).water_class == row.official:
        return "explained_lake", ours, f"按湖、库总磷限值为{row.official.label}。"
    if moved := reached_by_rounding(row, WaterBody.LAKE):
        return "explained_lake", ours, f"按湖、库总磷限值，且显示值经过修约：{moved}。"
    return (
        "unexplained",
        ours,
        f"按显示值为{ours.water_class.label}，修约与湖、库总磷限值都不能解释。",
    )


def reached_by_rounding(row: OfficialRow, body: WaterBody) -> str:
    """How true values that display as these give the official class; empty if none do.

    The official class is reached if every item can be as good, and one can be exactly it.
    """
    reachable = {code: classes_within(code, value, body) for code, value in row.values.items()}
    if any(min(classes) > row.official for classes in reachable.values()):
        return ""
    if not any(row.official in classes for classes in reachable.values()):
        return ""
    # Items displayed worse than the official class have moved for certain; if there are
    # none, one of those that can be in it has.
    must = [
        code
        for code, value in row.values.items()
        if class_of(code, value.counted, body) > row.official
    ]
    may = [code for code, classes in reachable.items() if row.official in classes]
    moved = [
        f"{NAMES[code]} {show(row.values[code])}(真值在 {plain(low)}–{plain(high)})"
        for code in must or may
        for low, high in (interval(row.values[code]),)
    ]
    return "、".join(moved)


def interval(measured: MeasuredValue) -> tuple[Decimal, Decimal]:
    """What the true value can be: half a unit of the last displayed decimal either way,
    ends included; below a detection limit anything from nothing to the limit."""
    if measured.below_limit:
        return Decimal(0), measured.value
    decimals = len(format(measured.value, "f").partition(".")[2])
    half = Decimal("0.5").scaleb(-decimals)
    return max(measured.value - half, Decimal(0)), measured.value + half


def classes_within(code: str, measured: MeasuredValue, body: WaterBody) -> set[WaterClass]:
    """Every class a true value that displays as this one can have."""
    low, high = interval(measured)
    borders = ph_range() if code == "pH" else [limit(code, c, body) for c in list(WaterClass)[:5]]
    points = sorted({low, high, *(border for border in borders if low < border < high)})
    # Between two borders the class is one, so the middle stands for all of it.
    middles = [(one + other) / 2 for one, other in pairwise(points)]
    return {class_of(code, point, body) for point in (*points, *middles)}


def read_rows(path: Path, year: str | None) -> list[OfficialRow]:
    """Rows with an official class. Raises CommandError, naming line, column and remedy."""
    try:
        text, _ = decode(read_bytes(path))
        records = csv_records(text, likely_delimiter(text))
        _, first = next(records)
        heading = [split(cell)[0] for cell in first]
        missing = [
            name for name in (SECTION, TIME, OFFICIAL, *COLUMNS) if normal(name) not in heading
        ]
        if missing:
            raise CommandError(
                f"文件 {path} 缺少列：{'、'.join(missing)}；请用国家站发布的版式，首行为列名。"
            )
        return list(rows_of(records, heading, year))
    except FileError as error:
        raise CommandError(f"文件 {path}：{error}") from error


def rows_of(
    records: Iterable[tuple[int, list[str]]], heading: list[str], year: str | None
) -> Iterator[OfficialRow]:
    for number, cells in records:
        if len(cells) != len(heading):
            raise CommandError(
                f"第 {number} 行有 {len(cells)} 列，首行有 {len(heading)} 列；请补齐或删除该行。"
            )
        row = dict(zip(heading, (cell.strip() for cell in cells), strict=True))
        # What import_readings takes for missing is missing here as well.
        if narrow(row[OFFICIAL]) in MISSING:
            continue
        try:
            official = WaterClass.parse(row[OFFICIAL])
        except ValueError as fault:
            raise CommandError(f"第 {number} 行 {OFFICIAL}：{fault}") from fault
        time = row[TIME]
        yield OfficialRow(
            number=number,
            section=row[SECTION],
            time=f"{year}-{time}" if year and re.match(r"\d\d-\d\d", time) else time,
            official=official,
            body=assumed_water(row.get(PROVINCE), row[SECTION]).body,
            values={
                code: read_value(row[normal(name)], name, number)
                for name, code in COLUMNS.items()
                if narrow(row[normal(name)]) not in MISSING
            },
        )


def read_value(written: str, name: str, line: int) -> MeasuredValue:
    try:
        measured = parse(written)
    except NotAMeasurement as fault:
        raise CommandError(f"第 {line} 行 {name}：{fault}缺测请填“--”。") from fault
    if measured.value < 0:
        raise CommandError(f"第 {line} 行 {name}：{written} 不能为负；缺测请填“--”。")
    return measured


def read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        why = "不存在" if isinstance(error, FileNotFoundError) else "不能读取"
        raise CommandError(f"文件 {path} {why}；请核对路径和读取权限。") from error


def summary(result: dict) -> list[str]:
    """The comparison in Chinese for people; at most SHOWN_AT_MOST rows."""
    classed, agree = result["classed"], result["agree"]
    share = f"，一致率 {Decimal(agree * 100) / classed:.2f}%" if classed else ""
    lines = [
        f"有官方类别的行：{classed}",
        f"一致：{agree}{share}",
        f"不一致，显示值修约可解释：{result['explained_rounding']}",
        f"不一致，湖、库总磷限值可解释：{result['explained_lake']}",
        f"不一致，未能解释：{result['unexplained']}",
    ]
    for each in result["disagreements"][:SHOWN_AT_MOST]:
        computed = WaterClass(each["computed"]).label if each["computed"] else "无法定类"
        deciding = "、".join(NAMES[code] for code in each["deciding"])
        lines.append(
            f"  第 {each['row']} 行 {each['section']} {each['time']}："
            f"官方 {WaterClass(each['official']).label}，计算 {computed}"
            f"{f'({deciding})' if deciding else ''}。{each['reason']}"
        )
    left = len(result["disagreements"]) - SHOWN_AT_MOST
    if left > 0:
        lines.append(f"  其余 {left} 行请用 --json 查看。")
    return lines
