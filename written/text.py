"""The text of a cell or field made narrow, without turning a mark into a digit.

NFKC makes １ a 1 and ㎎ mg, but it makes ① and ² digits as well: "1.0①" would be 1.01. A mark
(circled, raised or lowered, in brackets) stays what it is unless it stands behind a letter, as
in m³ and mg·L⁻¹; what then reads the text refuses it.
"""

import re
import unicodedata
from functools import lru_cache

# What stands in a cell where nothing was measured.
MISSING = frozenset({"", "*", "-", "--", "---", "—", "——", "/"})

_VOID = frozenset(
    {"作废", "已作废", "无效", "此行作废", "注销", "已注销", "删除", "取消", "已取消"}
)

_MARKED = ("<super>", "<sub>", "<circle>", "<fraction>")
_MINUSES = str.maketrans({"−": "-", "⁻": "-", "₋": "-"})
_POWER = re.compile(r"\s*[×xX*·]\s*10(?:\^([+-]?\d{1,3})|([⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}))", re.ASCII)


class CellError(ValueError):
    """A cell or field that cannot be taken; the message is Chinese and holds the remedy."""


class FileError(ValueError):
    """The file as a whole cannot be read; the message (Chinese) says why and the remedy."""


@lru_cache(maxsize=4096)
def is_mark(character: str) -> bool:
    """Whether a character is a note's mark that NFKC would make a letter or digit of the text."""
    if character.isascii():
        return False
    decomposed = unicodedata.decomposition(character)
    if decomposed.startswith(_MARKED):
        return True
    plain = unicodedata.normalize("NFKC", character)
    return decomposed.startswith("<compat>") and any(c in "0123456789" for c in plain)


def narrow(text: str) -> str:
    """Full-width forms made narrow, minus signs made one, outer blanks removed; marks stay."""
    if text.isascii():
        return text.strip()
    parts: list[str] = []
    after_letter = False
    for character in text:
        if not is_mark(character):
            part = unicodedata.normalize("NFKC", character)
            after_letter = part[-1:].isalpha()
        else:  # m³, L⁻¹, NH₃: behind a letter it belongs to a unit or a name
            part = unicodedata.normalize("NFKC", character) if after_letter else character
        parts.append(part)
    # Letters and their accents may stand apart, so once more over what holds no mark.
    whole = "".join(parts)
    if not any(map(is_mark, whole)):
        whole = unicodedata.normalize("NFKC", whole)
    return whole.translate(_MINUSES).strip()


def marks_of(text: str) -> str:
    """The marks of a text that stand behind no letter, in order: "①" of "1.0①"."""
    return "".join(character for character in narrow(text) if is_mark(character))


def with_exponents(text: str) -> str:
    """`1.25×10⁷` as 1.25E7, the one raised figure behind a digit that is a number's own."""
    return _POWER.sub(lambda found: "E" + _exponent(found[1] or found[2]), text)


def _exponent(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("−", "-")


def plain(text: str) -> str:
    """Narrow and without any blank: for words and units, not for numbers (3 5 is no 35)."""
    return "".join(narrow(text).split())


def name_key(text: str) -> str:
    """A name or code as it is compared: 甲断面（左） and 甲断面 (左) are one."""
    brackets = str.maketrans("【】[]〔〕〈〉", "()()()()")
    return plain(text).translate(brackets).casefold()


def is_void(note: str) -> bool:
    """Whether a remark says that its row is not to count."""
    return plain(note) in _VOID


def safe(text: str) -> str:
    """A text for a file that a spreadsheet will not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def shown(text: str, longest: int = 60) -> str:
    """A cell short enough for a message, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[:longest] + "…"
