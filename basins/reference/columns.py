"""The columns of a kind: what a cell means, and how a value is written. Cells in, values out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from written.days import read_day
from written.numbers import read_number
from written.text import MISSING, CellError, name_key, narrow, shown

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """`read`: a cell that is not blank → its value, CellError with the remedy. `of`: the value is the
    code of a thing of that lookup, written by code or by name. `choices`: value → word; read as
    the word or the value, where `read` does not know more.

    A blank cell is None; `needed` ones are refused. `names`: other words for the heading.
    """

    key: str
    title: str
    example: str = ""
    read: Callable[[str], Any] | None = None
    says: Callable[[Any], str] = str
    needed: bool = False
    of: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()
    help: str = ""
    width: int = 14

    def value(self, cell: str, lookups: "Mapping[str, Lookup]") -> Any:
        """What the cell means. Raises CellError."""
        if narrow(cell) in MISSING:
            if self.needed:
                raise CellError(f"缺少；请填{self.wanted}。")
            return None
        if self.of:
            return lookups[self.of].code(cell)
        if self.read is None:
            return _choice(cell, self.choices)
        return self.read(cell)

    def text(self, value: Any, lookups: "Mapping[str, Lookup]") -> str:
        """The value as a file and a history have it; blank for None."""
        if value is None:
            return ""
        if self.of:
            return lookups[self.of].name(value)
        if self.choices:
            return dict(self.choices).get(value, str(value))
        return self.says(value)

    @property
    def wanted(self) -> str:
        """Words for what belongs into the cell."""
        if self.choices:
            return "、".join(word for _, word in self.choices) + " 之一"
        return f"，如 {self.example}" if self.example else self.title


@dataclass(frozen=True, slots=True)
class Lookup:
    """Things that cells name: code → name. A name that two have is to be given by code."""

    what: str
    names: Mapping[str, str]

    def code(self, cell: str) -> str:
        """The code meant. Raises CellError with the nearest one."""
        wanted = name_key(cell)
        codes = {name_key(code): code for code in self.names}
        if wanted in codes:
            return codes[wanted]
        named = [code for code, name in self.names.items() if name_key(name) == wanted]
        if len(named) == 1:
            return named[0]
        if named:
            raise CellError(
                f"有 {len(named)} 个{self.what}叫“{shown(cell)}”；请填代码 {'、'.join(named[:4])}。"
            )
        close = get_close_matches(narrow(cell), [*self.names, *self.names.values()], 1)
        meant = f"是否为“{close[0]}”？" if close else ""
        raise CellError(f"没有{self.what}“{shown(cell)}”；{meant}请填已登记的名称或代码。")

    def name(self, code: str) -> str:
        """What a file says for it, so that it reads back as the same: its name, else its code."""
        name = self.names.get(code, code)
        alone = sum(name_key(other) == name_key(name) for other in self.names.values()) == 1
        taken = name_key(name) in {name_key(c) for c in self.names if c != code}
        return name if alone and not taken else code


def text(longest: int) -> Callable[[str], str]:
    """A line of at most that many characters."""

    def read(cell: str) -> str:
        line = " ".join(cell.split())
        if len(line) > longest:
            raise CellError(f"长 {len(line)} 字，最多 {longest} 字；请改短。")
        return line

    return read


def code(longest: int) -> Callable[[str], str]:
    """Letters, digits, - _ . and Chinese characters; no blanks: it stands in addresses."""

    def read(cell: str) -> str:
        word = narrow(cell)
        if len(word) > longest:
            raise CellError(f"长 {len(word)} 位，最多 {longest} 位；请改短。")
        if not all(c.isalnum() or c in "-_." for c in word) or word in (".", ".."):
            raise CellError(
                f"“{shown(cell)}”不能作编码；请只用字母、数字、汉字、“-”、“_”和“.”，不含空格。"
            )
        return word

    return read


def number(
    least: Decimal | int, most: Decimal | int, places: int, unit: str = ""
) -> Callable[[str], Decimal]:
    """A Decimal within both bounds, of at most so many decimals; its unit may stand behind it."""

    def read(cell: str) -> Decimal:
        found = read_number(cell)
        if found.rest and found.rest.lower() != narrow(unit).lower():
            can = f"只写数字或加“{unit}”" if unit else "只写数字"
            raise CellError(f"“{shown(cell)}”里的“{shown(found.rest, 12)}”看不懂；请{can}。")
        value = found.number
        if not least <= value <= most:
            raise CellError(f"“{shown(cell)}”不在 {least} 至 {most} 之间；请核对。")
        if value != round(value, places):
            raise CellError(f"“{shown(cell)}”的小数多于 {places} 位；请舍入后再填。")
        return round(value, places)

    return read


def whole(least: int, most: int) -> Callable[[str], int]:
    """A whole number within both bounds."""
    of_number = number(least, most, 0)
    return lambda cell: int(of_number(cell))


def day(cell: str) -> date:
    """A day, written as people write it. Raises CellError."""
    return read_day(cell)


def plain_number(value: Decimal) -> str:
    """Without noughts at the end: 12.5, 120."""
    return f"{value.normalize():f}"


def _choice(cell: str, choices: tuple[tuple[str, str], ...]) -> str:
    wanted = name_key(cell)
    for value, word in choices:
        # 省（直辖市） may be written 省; the code itself counts as well.
        if wanted in (name_key(word), name_key(value), name_key(word).partition("(")[0]):
            return value
    words = "、".join(word for _, word in choices)
    raise CellError(f"“{shown(cell)}”不认识；请填 {words} 之一。")
