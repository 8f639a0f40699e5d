"""Numbers in addresses and hidden fields: ASCII digits, or nothing.

int() takes "１２", "1_000" and a megabyte of digits; an address never means those.
"""


def whole(text: str | None, longest: int) -> int | None:
    """The number that `text` writes in at most `longest` ASCII digits; None for anything else."""
    if not text or len(text) > longest or not (text.isascii() and text.isdigit()):
        return None
    return int(text)
