"""Heading rows: which column holds what, and what stands in brackets behind its name.

Every column is known, or refused by its heading: a column nobody reads may say that the row is
void, or in which unit the amounts are.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .sheet import Row
from .text import FileError, shown

LOOKED_AT = 5  # rows from the top that may hold the headings
NAMED_AT_MOST = 10
REMARKS = ("备注", "说明", "备注说明", "序号", "no.", "remark", "remarks", "note", "notes")
_BRACKETS = str.maketrans("【】[]〔〕", "()()()")


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: where it is, its heading as written, what stood in brackets behind the name."""

    index: int
    text: str
    brackets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Headings:
    """The known columns by key, and how many columns the heading row has."""

    columns: Mapping[str, Heading]
    width: int

    def cells(self, row: Row) -> dict[str, str]:
        """The row's cells by key, outer blanks removed."""
        at = row.cells
        return {
            key: at[heading.index].strip() if heading.index < len(at) else ""
            for key, heading in self.columns.items()
        }

    def beyond(self, row: Row) -> str | None:
        """The first cell behind the last heading that is not blank: a cell too many."""
        return next((cell for cell in row.cells[self.width :] if cell.strip()), None)


def normal(text: str) -> str:
    """A heading or unit as it is compared: narrow, lower case, without blanks."""
    text = unicodedata.normalize("NFKC", text).lower()
    return "".join(text.replace("−", "-").translate(_BRACKETS).split())


def split(text: str) -> tuple[str, tuple[str, ...]]:
    """The name of a heading and what its brackets hold: 数值（万m³） is 数值 and 万m3."""
    name = normal(text)
    brackets: list[str] = []
    while name.endswith(")"):
        rest, opening, inner = name[:-1].rpartition("(")
        if not opening or not rest:
            break
        name = rest
        brackets.insert(0, inner)
    return name, tuple(brackets)


def find_headings(
    rows: list[Row], names: Mapping[str, Iterable[str]], needed: Iterable[str]
) -> tuple[Headings, int] | None:
    """The heading row among the first rows and how many rows end with it; None: there is none.

    `names`: the words for each key, the usual one first. Raises FileError naming every
    missing, unknown, repeated or blank heading.
    """
    words = {normal(word): key for key, all_ in names.items() for word in all_}
    for at, row in enumerate(rows[:LOOKED_AT]):
        found = [_key(cell, words) for cell in row.cells]
        if sum(key is not None for key, _ in found) >= 2:
            return _checked(row, found, rows[at + 1 :], names, needed), at + 1
    return None


def _key(cell: str, words: Mapping[str, str]) -> tuple[str | None, tuple[str, ...]]:
    if normal(cell) in words:
        return words[normal(cell)], ()
    name, brackets = split(cell)
    return words.get(name), brackets


def _checked(
    row: Row,
    found: list[tuple[str | None, tuple[str, ...]]],
    below: list[Row],
    names: Mapping[str, Iterable[str]],
    needed: Iterable[str],
) -> Headings:
    columns: dict[str, Heading] = {}
    unknown, repeated, blank = [], [], []
    cells = list(row.cells)
    while cells and not cells[-1].strip():
        cells.pop()
    for index, cell in enumerate(cells):
        key, brackets = found[index]
        if not cell.strip():
            if any(len(r.cells) > index and r.cells[index].strip() for r in below):
                blank.append(str(index + 1))
        elif key is None:
            if split(cell)[0] not in REMARKS:
                unknown.append(shown(cell))
        elif key in columns:
            repeated.append(f"“{shown(columns[key].text)}”与“{shown(cell)}”重复，请只保留一列。")
        else:
            columns[key] = Heading(index, shown(cell), brackets)
    usual = {key: next(iter(all_)) for key, all_ in names.items()}
    messages = []
    if missing := [usual[key] for key in needed if key not in columns]:
        messages.append(f"缺少列 {'、'.join(missing)}。")
    if unknown:
        more = f"等 {len(unknown)} 列" if len(unknown) > NAMED_AT_MOST else ""
        messages.append(
            f"不认识的列：{'、'.join(unknown[:NAMED_AT_MOST])}{more}（没有用的列请删去；"
            "作废的行请整行删去，文字请放在“备注”列）。"
        )
    if blank:
        messages.append(f"第 {'、'.join(blank)} 列没有标题却有内容（请补上标题，或删去该列）。")
    messages += repeated
    if messages:
        raise FileError(
            f"列标题不对（第 {row.number} 行）。{''.join(messages)}"
            f"列标题须是 {'、'.join(usual.values())}，可下载模板。"
        )
    return Headings(columns, len(cells))


def unit_in(heading: Heading) -> str:
    """What the brackets behind a heading hold, as one text; empty where there are none."""
    return "".join(re.sub(r"^单位:?", "", inner) for inner in heading.brackets)
