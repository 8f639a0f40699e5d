"""`manage.py classify NH3-N=1.2 DO=5.4`: the class of one set of values, without a database."""

import json
from decimal import Decimal

from django.core.management.base import BaseCommand, CommandError

from monitoring.standards.assessment import Assessed, Exceedance, NothingToAssess, assess, plain
from monitoring.standards.detection import MeasuredValue, NotAMeasurement, parse, show
from monitoring.standards.gb3838_2002 import (
    CODE,
    NAMES,
    UNITS,
    UnknownIndicator,
    WaterBody,
    WaterClass,
    find_indicator,
)

EXAMPLE = "如 manage.py classify NH3-N=1.2 TP=0.21 DO=5.4 pH=7.9"
HIGHEST_PH = Decimal("14")


class Command(BaseCommand):
    help = f"按 {CODE} 用单因子评价法给一组测值定类，{EXAMPLE}。未检出写作 0.025L。"
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("values", nargs="*", metavar="指标=数值", help=EXAMPLE)
        parser.add_argument("--lake", action="store_true", help="湖、库：总磷用湖库限值")
        parser.add_argument(
            "--target", nargs="?", default="III", const="", help="超标倍数所对照的类别，默认 III"
        )
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, values, lake, target, **options):
        measured = read_values(values)
        reference = read_target(target)
        body = WaterBody.LAKE if lake else WaterBody.RIVER
        try:
            found = assess({code: m.counted for code, m in measured.items()}, body, reference)
        except NothingToAssess as nothing:
            raise CommandError(str(nothing)) from nothing
        if options["json"]:
            self.stdout.write(json.dumps(as_json(found), ensure_ascii=False))
        else:
            self.stdout.write("\n".join(summary(found, measured)))


def read_values(arguments: list[str]) -> dict[str, MeasuredValue]:
    """The measured values by indicator code. Raises CommandError with every fault at once."""
    if not arguments:
        raise CommandError(f"没有给出测值；请写 指标=数值，{EXAMPLE}。")
    measured: dict[str, MeasuredValue] = {}
    faults = []
    for argument in arguments:
        try:
            code, value = read_value(argument)
            if code in measured:
                raise ValueError(f"{NAMES[code]}({code})：给了不止一个数值；请只留一个。")
            measured[code] = value
        except (ValueError, UnknownIndicator) as fault:
            faults.append(str(fault))
    if faults:
        raise CommandError(" ".join(faults))
    return measured


def read_value(argument: str) -> tuple[str, MeasuredValue]:
    """One `指标=数值`. Raises ValueError or UnknownIndicator, naming the field."""
    name, equals, written = argument.partition("=")
    if not equals:
        raise ValueError(f"“{argument}”缺少等号；请写 指标=数值，如 NH3-N=1.2。")
    code = find_indicator(name)
    where = place(code)
    try:
        measured = parse(written)
    except NotAMeasurement as fault:
        raise ValueError(f"{where}：{fault}") from fault
    if code == "pH":
        if measured.below_limit:
            raise ValueError(f"{where}：pH 没有检出限；请填 0 至 14 之间的数值。")
        if not 0 <= measured.value <= HIGHEST_PH:
            raise ValueError(f"{where}：{written} 不在 0 至 14 之间；请核对后填写，如 7.9。")
    elif measured.value < 0 and code != "WT":
        raise ValueError(f"{where}：{written} 不能为负；未检出请填检出限加 L，如 0.025L。")
    return code, measured


def place(code: str) -> str:
    """How a message names the field: 氨氮(NH3-N)."""
    return code if code == NAMES[code] else f"{NAMES[code]}({code})"


def read_target(text: str) -> WaterClass:
    try:
        target = WaterClass.parse(text)
    except ValueError as fault:
        raise CommandError(f"--target：{fault}") from fault
    if target == WaterClass.INFERIOR_V:
        raise CommandError("--target：劣Ⅴ类没有标准限值，不能作目标；请填 I 至 V。")
    return target


def as_json(found: Assessed) -> dict:
    return {
        "class": int(found.water_class),
        "grade": found.grade,
        "deciding": list(found.deciding),
        "exceedances": [
            {
                "indicator": each.indicator,
                "multiple": None if each.multiple is None else plain(each.multiple),
                "reference": each.reference.name,
            }
            for each in found.exceedances
        ],
        "main_pollutants": list(found.main_pollutants),
    }


def summary(found: Assessed, measured: dict[str, MeasuredValue]) -> list[str]:
    """The same in Chinese for people, a line for each statement."""
    table = "湖、库" if found.water_body is WaterBody.LAKE else "河流"
    lines = [
        f"水质类别：{found.water_class.label}({found.grade})，依据 {CODE} 表 1({table})",
        f"定类指标：{names(found.deciding)}",
        f"超标情况(对照 {found.reference.label})：{exceedances(found.exceedances)}",
        f"主要污染指标：{found.main_pollutants_text or '无'}",
        "参评指标：",
    ]
    for item in found.items:
        unit = "" if item.indicator == "pH" else f" {UNITS[item.indicator]}"
        shown = measured[item.indicator]
        half = f"(按检出限一半 {plain(shown.counted)} 参评)" if shown.below_limit else ""
        lines.append(
            f"  {NAMES[item.indicator]} {show(shown)}{unit}{half}：{item.water_class.label}"
        )
    if found.not_assessed:
        lines.append(f"未参评：{names(found.not_assessed)}(不参与定类)")
    return lines


def exceedances(found: tuple[Exceedance, ...]) -> str:
    """氨氮(0.2)、…, the number in brackets the multiple, or the value of pH and DO."""
    return "、".join(each.text for each in found) or "无"


def names(codes: tuple[str, ...]) -> str:
    return "、".join(NAMES[code] for code in codes)
