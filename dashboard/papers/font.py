"""The font of the PDFs, and which characters it has.

Noto Sans CJK SC (SIL Open Font License) from the wheel noto-cjk-sans-otc; nothing is taken from
the system. Its `cmap` is read here (OpenType 1.9, 'cmap' format 12): a character that it lacks
would be printed as an empty box, so it is printed as its code point instead.
"""

import importlib.util
import struct
from bisect import bisect_right
from functools import cache
from pathlib import Path

FAMILY = "Noto Sans CJK SC"


@cache
def font_folder() -> Path:
    """Where the font file lies. Raises FileNotFoundError if its package is not installed."""
    spec = importlib.util.find_spec("noto_cjk_sans_otc")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "The font package noto-cjk-sans-otc is not installed: install requirements.lock."
        )
    return Path(spec.origin).parent


def marked(text: str) -> str:
    """The text with every character the font lacks written as 〔U+2A6D6〕."""
    return "".join(c if _has(ord(c)) or c in "\n\t" else f"〔U+{ord(c):04X}〕" for c in text)


def _has(point: int) -> bool:
    starts, ends = _ranges()
    at = bisect_right(starts, point) - 1
    return at >= 0 and point <= ends[at]


@cache
def _ranges() -> tuple[list[int], list[int]]:
    """First and last code points the SC face has, in order."""
    with (font_folder() / "NotoSansCJK-Regular.ttc").open("rb") as file:

        def read(offset: int, form: str) -> tuple:
            file.seek(offset)
            return struct.unpack(form, file.read(struct.calcsize(form)))

        (faces,) = read(8, ">I")
        for number in range(faces):
            (face,) = read(12 + 4 * number, ">I")
            (tables,) = read(face + 4, ">H")
            found = {}
            for table in range(tables):
                tag, _, offset, length = read(face + 12 + 16 * table, ">4sIII")
                found[tag] = offset, length
            file.seek(found[b"name"][0])
            if FAMILY.encode("utf-16-be") not in file.read(found[b"name"][1]):
                continue
            cmap = found[b"cmap"][0]
            for entry in range(read(cmap + 2, ">H")[0]):
                platform, encoding, offset = read(cmap + 4 + 8 * entry, ">HHI")
                if (platform, encoding) == (3, 10):
                    (groups,) = read(cmap + offset + 12, ">I")
                    file.seek(cmap + offset + 16)
                    rows = list(struct.iter_unpack(">III", file.read(12 * groups)))
                    return [row[0] for row in rows], [row[1] for row in rows]
    raise ValueError(f"The font file has no face {FAMILY} with a Unicode cmap.")
