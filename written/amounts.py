"""Amounts of money as they are written: 1,234.56, ￥500万元, 1.2亿元, 100万元/月."""

import re
from decimal import Decimal

from .numbers import NotANumber, read_number
from .text import CellError, narrow, plain, shown
from .units import yuan_in

LARGEST = Decimal(10) ** 12  # yuan
_PER = re.compile(r"/(月|年|次|档|级|日)")
_SIGN = re.compile(r"^([+-]?)\s*(?:¥|RMB|CNY)\s*", re.IGNORECASE)


def read_yuan(text: str, *, unit: str = "", units: tuple[str, ...] = ()) -> Decimal:
    """Yuan, to the fen. Raises CellError with the remedy.

    `unit`: what the field's own figures are in, which may be repeated behind the number
    (元/月). `units`: those of a file's heading and column; all units written must be one.
    """
    found = read_number(_without_sign(text))
    rest = found.rest
    scales = [_scale(text, rest, unit)] if rest else []
    for given in units:
        scale = yuan_in(given)
        if scale is None:
            raise CellError(f"单位“{shown(given)}”不是金额的单位；请写 元 或 万元。")
        scales.append(scale)
    if len(set(scales)) > 1:
        said = "、".join(dict.fromkeys([*([rest] if rest else []), *units]))
        raise CellError(f"“{shown(text)}”的单位说法不一（{said}）；请只写一处。")
    scale = scales[0] if scales else Decimal(1)
    exponent = found.number.as_tuple().exponent
    if scale == 1 and isinstance(exponent, int) and exponent < -2:
        raise CellError(f"金额“{shown(text)}”多于两位小数，不是整分；请精确到分，如 1234.56。")
    amount = found.number * scale
    if abs(amount) >= LARGEST:
        raise CellError(f"“{shown(text)}”超过一万亿元；请查单位是否写错。")
    if amount != round(amount, 2):
        raise CellError(f"“{shown(text)}”不是整分；金额请精确到分。")
    return round(amount, 2) + Decimal("0.00")


def _without_sign(text: str) -> str:
    """Without the sign of the yuan before the number; a text too long is left to be refused."""
    return _SIGN.sub(r"\1", narrow(text)) if text and len(text) < 100 else text


def _scale(text: str, rest: str, unit: str) -> Decimal:
    known = plain(unit)
    if rest == known and known:
        return Decimal(1)
    bare = _PER.sub("", rest)
    for word in (rest, bare):
        if (scale := yuan_in(word)) is not None:
            return scale
    # 万 before the field's own unit: 100万元/吨 where amounts are in 元/吨.
    if known.startswith("元") and rest.endswith(known):
        scale = yuan_in(rest.removesuffix(known) + "元")
        if scale is not None:
            return scale
    raise NotANumber(
        NotANumber.UNIT,
        f"“{shown(text)}”里的“{shown(rest, 12)}”看不懂；金额请填如 500万元 或 5,000,000。",
    )
