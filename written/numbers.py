"""Numbers as they are written: 1,234.5, １２．５万m³, 1 234, 5E-05, 1.25×10⁷, 0.025L.

One number a cell. Thousands are parted by commas or single blanks, in groups of three; two
numbers, a mark behind a number and a comma anywhere else are refused, never guessed.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from .text import CellError, marks_of, narrow, shown, with_exponents

LONGEST = 60  # characters
FARTHEST = 30  # decimal places before or behind the point
_NUMBER = re.compile(
    r"([+-]?)\s*"
    r"((?:[1-9]\d{0,2}(?:(?P<by>[, ])\d{3})(?:(?P=by)\d{3})*(?!\d)|\d+)(?:\.\d*)?|\.\d+)"
    r"([Ee][+-]?\d+)?(?P<gap>\s*)(?P<rest>.*)",
    re.ASCII | re.DOTALL,
)
_POINT = re.compile(r"(?<=\d)。(?=\d)")


class NotANumber(CellError):
    """No number, or one that cannot be read without guessing; `why` says which."""

    MARK, TWO, COMMA, LONG, FAR, UNIT, NONE = "mark", "two", "comma", "long", "far", "unit", "none"

    def __init__(self, why: str, message: str) -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True, slots=True)
class WrittenNumber:
    """The number and what stands behind it, narrow and without blanks (万m3)."""

    number: Decimal
    rest: str


@dataclass(frozen=True, slots=True)
class WrittenResult:
    """A laboratory's result: with `below`, `number` is the detection limit (未检出)."""

    number: Decimal
    below: bool


def read_number(text: str) -> WrittenNumber:
    """The one number of a text and the unit behind it. Raises NotANumber with the remedy."""
    if len(text) > LONGEST:
        raise NotANumber(
            NotANumber.LONG, f"“{shown(text, 12)}”太长；请只填一个数，如 1000、1,000 或 0.5。"
        )
    if marks := marks_of(with_exponents(text)):
        raise NotANumber(
            NotANumber.MARK,
            f"“{shown(text)}”带有注记“{marks}”，注记不是数字；请删去注记，文字请写在备注或说明里。",
        )
    written = _POINT.sub(".", narrow(with_exponents(text)))
    if len(written.splitlines()) > 1:
        raise _two(text)
    found = _NUMBER.fullmatch(written)
    if not found:
        raise NotANumber(NotANumber.NONE, f"“{shown(text)}”不是数字；请填如 1000、1,000 或 0.5。")
    rest = found["rest"]
    if rest[:1].isdigit() or (rest[:1] in (".", ",") and found["gap"]):
        raise _two(text)
    if rest.startswith((".", ",")):
        raise NotANumber(
            NotANumber.COMMA,
            f"“{shown(text)}”的逗号或小数点位置不对；请填如 1,000 或 1000.5。",
        )
    far = NotANumber(
        NotANumber.FAR, f"“{shown(text)}”太大或太小，超出可用的范围；请核对单位和指数。"
    )
    if found[4] and len(found[4]) > len("E+123"):
        raise far
    digits = found[1] + found[2].replace(",", "").replace(" ", "") + (found[4] or "")
    number = Decimal(digits)
    if number and abs(number.adjusted()) > FARTHEST:
        raise far
    return WrittenNumber(number, "".join(rest.split()))


def read_result(text: str) -> WrittenResult:
    """0.31, 0.025L, <0.025: L or < says that nothing was detected at that limit.

    Raises NotANumber, also for a unit behind the number; CellError for a limit that is none.
    """
    written = narrow(text) if len(text) <= LONGEST else text
    less = written.startswith("<")
    found = read_number(written[1:] if less else text)
    marked = found.rest in ("L", "l")
    if found.rest and not marked:
        raise NotANumber(
            NotANumber.UNIT,
            f"“{shown(text)}”里的“{shown(found.rest, 12)}”看不懂；请只填数字，"
            "未检出请填检出限加 L，如“0.025L”，或“<0.025”。",
        )
    below = less or marked
    if below and found.number <= 0:
        raise CellError(f"“{shown(text)}”的检出限须大于 0；未检出请填“0.025L”或“<0.025”。")
    return WrittenResult(found.number, below)


def _two(text: str) -> NotANumber:
    return NotANumber(
        NotANumber.TWO,
        f"“{shown(text)}”不止一个数；一格请只填一个数，千位可用逗号或空格，每三位一组（1,234）。",
    )
