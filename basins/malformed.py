"""Stored content that is not what it should be: what reading it raises.

A check, or a page of what was kept, catches these and names the row; anything else is a fault of the
program and is not caught.
"""

MALFORMED = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)


def words_of(error: Exception) -> str:
    """The error in one short line, for the finding that names the row."""
    text = " ".join(str(error).split()).rstrip("。；") or type(error).__name__
    if isinstance(error, KeyError):
        text = f"缺少 {text}"
    elif isinstance(error, ArithmeticError):
        text = "有一处不是数"
    return text if len(text) <= 120 else f"{text[:119]}…"
