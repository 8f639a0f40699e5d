"""Number formats of cells: what a cell shows besides the number that it keeps.

A cell that shows 96.5% keeps 0.965, and one that shows 1250万m³ may keep 1250: what is shown is
what its writer meant. A format that scales (#,##0,) is left alone: it keeps the whole number.
"""

import re
from typing import NamedTuple

PERCENTS = (9, 10)  # built in: 0% and 0.00%
_SECTION = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')
_LITERAL = re.compile(r'"([^"]*)"|[\\!](.)|_.|\*.|\[[^\]]*\]|(.)', re.DOTALL)
_SCALED = re.compile(r"[0#?],+(?![0#?])")
_PLACES = frozenset("0#?.,eE+-/ ")


class CellFormat(NamedTuple):
    """`percent`: a hundredth is meant by 1 %; `unit`: words shown behind the number."""

    percent: bool = False
    unit: str = ""


PLAIN = CellFormat()
FAULTY = CellFormat(unit="#错误值")  # a formula that has no value: #REF!, #DIV/0!


def formats_of(number: int, code: str) -> CellFormat:
    """What the format of that number (built in) or code shows besides the figures."""
    if number in PERCENTS and not code:
        return CellFormat(percent=True)
    if not code or code == "@":
        return PLAIN
    figures, unit, seen = "", "", False
    for found in _LITERAL.finditer(_SECTION.split(code.replace("General", "0"))[0]):
        quoted, escaped, bare = found.groups()
        if bare is not None and (bare in _PLACES or bare == "%" or bare.isascii()):
            figures += bare
            seen = seen or bare in "0#?"
        elif seen:
            unit += quoted or escaped or bare or ""
    if "%" in figures:
        return CellFormat(percent=True)
    dated = any(c in "ymdhsYMDHS" for c in figures)
    if dated or _SCALED.search(figures) or not any(c.isalpha() for c in unit):
        return PLAIN
    return CellFormat(unit="".join(unit.split()))
