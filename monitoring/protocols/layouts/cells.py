"""From the text of one cell to what it means; a CellError says what is wrong and the remedy."""

import re
import unicodedata
from decimal import Decimal

from monitoring.protocols.hj212 import is_kept_flag
from written.numbers import NotANumber, WrittenResult, read_result
from written.text import MISSING, CellError, narrow, shown

from .indicators import WrittenIndicator
from .rows import Value

DECIMALS, WHOLE_DIGITS = 8, 12  # numeric(20, 8)
GAP_CODES = frozenset(Decimal(code) for code in ("-99", "-999", "-9999"))

# A value like those that instruments and systems fill in (999.9, 9999): kept, but in no mean
# until a person has judged it.
DOUBTED = "Q"
_FILL_FROM = {"mg/L": Decimal(999), "NTU": Decimal(999), "μS/cm": Decimal(9999)}

STATION_STATES = {"正常": "N", "维护": "M", "不具备运行条件": "D", "停站": "F"}
FLAGS = {
    "N": "正常",
    "F": "停运",
    "M": "维护",
    "S": "手工录入",
    "D": "故障",
    "C": "校准",
    "T": "超上限",
    "B": "通讯故障",
    "L": "低于下限",
    "P": "电源故障",
    "Z": "缺水样",
    # Ours, as exports have them: a person judged it invalid; nobody has judged it yet.
    "V": "审核无效",
    DOUBTED: "存疑",
}
QUALITY_CONTROL = frozenset({"SC", "CZ", "CS"})
_FLAG_WORDS = STATION_STATES | {word: flag for flag, word in FLAGS.items()} | {"停站": "F"}

ORIGINS = {
    "自动": "automatic",
    "自动监测": "automatic",
    "automatic": "automatic",
    "手工": "manual",
    "手工监测": "manual",
    "人工": "manual",
    "manual": "manual",
    "联合": "joint",
    "联合监测": "joint",
    "joint": "joint",
    "留样": "reserve",
    "reserve": "reserve",
}
_NUMERALS = ("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ")
# NFKC turns Ⅳ into IV.
_CLASSES = dict(zip(("I", "II", "III", "IV", "V", "劣V"), _NUMERALS, strict=True)) | dict(
    zip("123456", _NUMERALS, strict=True)
)

_OWN_FLAG = re.compile(r"(.+)\(([A-Za-z]|[0-9A-Za-z]{2,4})\)")
_COMMA = "逗号用法不明；小数点请用“.”，不要写千位逗号。"


def read_value(
    text: str,
    indicator: WrittenIndicator,
    *,
    decimal_comma: bool = False,
    doubts: bool = True,
) -> Value | None:
    """The value in the indicator's unit; None when missing.

    Taken: full-width digits, spaces, thousands (1,234.5), 7.19E+06, `0.025L`, `<0.025`,
    `0.31(M)`, `0.31(2F)`; 999.9 and the like with the flag DOUBTED. `decimal_comma`: the file parts its
    cells by semicolons, so a comma may be the decimal point: refused, not guessed. `doubts` False:
    someone has reviewed the values, 999.9 is one of them. Raises CellError.
    """
    cell = narrow(text)
    if cell in MISSING:
        return None
    flag = None
    own = _OWN_FLAG.fullmatch(cell)
    if own and (len(own[2]) == 1 or is_kept_flag(own[2])):
        cell = own[1].strip()
        flag = read_flag(own[2].upper() if len(own[2]) == 1 else own[2])
    found = _result(cell, decimal_comma=decimal_comma)
    if found.below and not indicator.has_detection_limit:
        raise CellError(f"{indicator.title}没有检出限；请填测得的数值，缺测请填“--”。")
    if found.number in GAP_CODES:
        raise CellError(f"{found.number} 是仪器的缺测代码，不是测值；缺测请填“--”。")
    _refuse_impossible(found.number, indicator)
    if doubts and flag is None and not found.below and is_fill(found.number, indicator):
        flag = DOUBTED
    return Value(indicator.code, found.number, found.below, flag)


def is_fill(number: Decimal, indicator: WrittenIndicator) -> bool:
    """Whether the value is all nines and as large as no river's: 999, 999.9, 9999, 99999.99."""
    least = _FILL_FROM.get(indicator.unit)
    if least is None or number < least:
        return False
    return set(f"{number.normalize():f}") <= {"9", "."}


def _result(cell: str, *, decimal_comma: bool) -> WrittenResult:
    if decimal_comma and "," in cell:
        raise CellError(_COMMA)
    try:
        return read_result(cell)
    except NotANumber as wrong:
        if wrong.why == NotANumber.COMMA:
            raise CellError(_COMMA) from wrong
        if wrong.why in (NotANumber.MARK, NotANumber.TWO):
            raise
        raise CellError(
            "不是数；请只填数字（单位写在列标题里），缺测请填“--”，未检出请填“0.025L”或“<0.025”。"
        ) from wrong


def impossible(number: Decimal, indicator: WrittenIndicator) -> str:
    """Why no water has that value of the indicator, in Chinese; '' where some may."""
    if indicator.least <= number <= indicator.most:
        return ""
    if indicator.code == "pH":
        return "pH 应在 0–14 之间"
    if number > indicator.most:
        return f"{indicator.title}不可能高于 {indicator.most:f} {indicator.unit}"
    if indicator.least < 0:
        return f"{indicator.title}不可能低于 {indicator.least} {indicator.unit}"
    return f"{'浓度' if indicator.unit == 'mg/L' else indicator.title}不能为负"


def _refuse_impossible(number: Decimal, indicator: WrittenIndicator) -> None:
    if number < 0 <= indicator.least and indicator.has_detection_limit:
        raise CellError(f"{impossible(number, indicator)}；仪器故障请填“--”，未检出请填“<0.025”。")
    if why := impossible(number, indicator):
        raise CellError(f"{why}；请核对小数点和单位，仪器故障请填“--”。")
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    significant = "".join(map(str, digits)).rstrip("0")
    decimals = len(significant) - len(digits) - exponent if significant else 0
    if decimals > DECIMALS or number.adjusted() >= WHOLE_DIGITS:
        raise CellError(
            f"位数太多；整数最多 {WHOLE_DIGITS} 位、小数最多 {DECIMALS} 位，"
            "请按方法规定的位数修约后填报。"
        )


def read_station_state(text: str) -> str:
    """The HJ 212 flag of a station's state in the national release.

    停站 is F (stopped). S is not used for it: S is a value typed by hand, which may count.
    """
    state = narrow(text)
    if state not in STATION_STATES:
        raise CellError(f"不认识的站点情况；只能是：{'、'.join(STATION_STATES)}。")
    return STATION_STATES[state]


def read_flag(text: str) -> str:
    """The flag of a sample: an HJ 212 letter or its Chinese word; an empty cell is N."""
    cell = narrow(text)
    if cell in MISSING:
        return "N"
    if cell.upper() in QUALITY_CONTROL:
        raise CellError("这是质控数据（标样、零点、跨度核查），不能作为监测数据导入；请删去该行。")
    # HJ 1404 gives lower-case letters other meanings, so case counts.
    if cell in FLAGS:
        return cell
    if is_kept_flag(cell):  # of a station, with the version of its standard
        return cell
    if cell in _FLAG_WORDS:
        return _FLAG_WORDS[cell]
    names = "、".join(f"{flag} {word}" for flag, word in FLAGS.items())
    raise CellError(f"不认识的数据标识；只能是：{names}。")


def read_origin(text: str, *, default: str) -> str:
    cell = narrow(text).lower()
    if cell in MISSING:
        return default
    if cell not in ORIGINS:
        raise CellError("不认识的来源；只能是：自动、手工、联合、留样。")
    return ORIGINS[cell]


def read_official_class(text: str) -> str | None:
    cell = narrow(text).upper().removesuffix("类")
    if cell in MISSING:
        return None
    if cell not in _CLASSES:
        raise CellError("不认识的水质类别；只能是：Ⅰ、Ⅱ、Ⅲ、Ⅳ、Ⅴ、劣Ⅴ，没有请填“*”。")
    return _CLASSES[cell]


def read_name(text: str, *, longest: int = 100) -> str | None:
    """A name or code as written, outer spaces removed; None when missing."""
    name = text.strip()
    if narrow(name) in MISSING:
        return None
    if len(name) > longest:
        raise CellError(f"名称超过 {longest} 个字；请核对是否错列（{shown(name)[:12]}…）。")
    if "\ufffd" in name or any(unicodedata.category(c)[0] == "C" for c in name):
        raise CellError("名称含有乱码或控制字符；请在源文件中更正，并以 UTF-8 重新导出。")
    return name
