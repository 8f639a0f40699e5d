"""Money: Decimal yuan to the fen, from entry to show.

One sign in the whole ledger: positive means the jurisdiction is owed more. Nothing
here is ever a float. Rounding to the fen is half to even, as GB/T 8170 has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from math import floor

from monitoring.standards.exact import Number, exact, total
from monitoring.standards.rounding import round_to_places

ZERO = Decimal("0.00")
FEN = Decimal("0.01")
WAN = Decimal(10000)
MINUS = "\N{MINUS SIGN}"

# Wider than any amount: quantize refuses what would not fit.
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)

_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")
_WAN = re.compile(r"(?P<number>.+?)\s*万元?")


class MoneyError(ValueError):
    """An amount that is not a whole number of fen, or not a number at all."""


def yuan(amount: str | int | Decimal) -> Decimal:
    """The amount in yuan as a Decimal with two decimals.

    Takes text ("1,000,000" or "-0.50"), int or Decimal. Raises MoneyError for a float, for
    text with a third decimal (even a zero: "1.000" may be meant as a thousand), for a Decimal
    that is not whole fen, and for what is no number.
    """
    if isinstance(amount, str):
        value = _parse(amount)
        if -_exponent(value) > 2:
            raise MoneyError(f"金额“{amount}”多于两位小数；请精确到分，如 1234.56。")
    elif isinstance(amount, int) and not isinstance(amount, bool):
        value = Decimal(amount)
    elif isinstance(amount, Decimal):
        value = amount
    else:
        raise MoneyError(
            f"金额 {amount!r} 的类型 {type(amount).__name__} 不可用；"
            "请给文本、整数或 Decimal，不用浮点数。"
        )
    if not value.is_finite():
        raise MoneyError(f"金额“{amount}”不是有限的数；请填元为单位的数字。")
    fen = to_fen(value)
    if fen != value:
        raise MoneyError(f"金额 {amount} 元不是整分；请先按约定取整到分。")
    return fen


def from_wan(text: str | int | Decimal) -> Decimal:
    """Yuan from an amount in 万元: "500万元", "9,691.8 万元", "878.3" or Decimal("878.3").

    Raises MoneyError for a float, for what is no number, and below the fen.
    """
    if not isinstance(text, str):
        if isinstance(text, bool) or not isinstance(text, int | Decimal):
            raise MoneyError(f"万元金额 {text!r} 的类型不可用；请给文本、整数或 Decimal。")
        return yuan(Decimal(text) * WAN)
    match = _WAN.fullmatch(text.strip())
    return yuan(_parse(match["number"] if match else text) * WAN)


def to_fen(amount: Number) -> Decimal:
    """The computed amount (yuan) rounded to the fen, half to even (GB/T 8170)."""
    if isinstance(amount, Fraction):
        return round_to_places(amount, 2)
    return _WIDE.plus(_WIDE.quantize(amount, FEN))  # plus: no -0.00


def format_wan(amount: Number) -> str:
    """Yuan as 万元 with two decimals, thousands separated, a true minus: "−1,234.56"."""
    return _shown_wan(amount)


def format_yuan(amount: Number) -> str:
    """Yuan to the fen, thousands separated, a true minus: "1,000,000.00"."""
    return _shown(amount)


def split(amount: Decimal, shares: Sequence[Number]) -> tuple[Decimal, ...]:
    """The amount (yuan) divided by the shares, to the fen, adding up to it exactly.

    Largest remainder: each part is cut down to whole fen, the fen left over go to the
    largest remainders, the earlier part first where two are equal. Shares are weights, they
    need not add up to 1. Raises MoneyError for no share, a negative one, or all zero.
    """
    if not shares or any(share < 0 for share in shares) or not any(shares):
        raise MoneyError(f"份额 {list(map(str, shares))} 不可用；须不为负，且至少一份大于零。")
    whole = yuan(amount)
    if whole < 0:
        return tuple(-part for part in split(-whole, shares))
    in_fen, whole_share = exact(whole) * 100, total(shares)
    parts = [in_fen * exact(share) / whole_share for share in shares]
    fen = [floor(part) for part in parts]
    # Stable: equal remainders keep the order of the shares.
    order = sorted(range(len(shares)), key=lambda i: fen[i] - parts[i])
    for i in order[: int(in_fen) - sum(fen)]:
        fen[i] += 1
    return tuple(yuan(FEN * each) for each in fen)


def split_by_name(amount: Decimal, shares: Mapping[str, Number]) -> dict[str, Decimal]:
    """As `split`, for named shares; equal remainders go by the order of the mapping."""
    return dict(zip(shares, split(amount, list(shares.values())), strict=True))


def _parse(text: str) -> Decimal:
    plain = text.strip().replace(MINUS, "-").replace("，", ",")
    if not _NUMBER.fullmatch(plain):
        raise MoneyError(f"“{text}”不是金额；请填数字，如 1,000,000 或 1234.56。")
    return Decimal(plain.replace(",", ""))


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


@lru_cache(maxsize=1 << 14)  # rates and their multiples come again and again
def _shown_wan(amount: Number) -> str:
    return _shown(exact(amount) / 10000)


@lru_cache(maxsize=1 << 14)
def _shown(amount: Number) -> str:
    return f"{to_fen(amount):,.2f}".replace("-", MINUS)
