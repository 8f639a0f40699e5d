"""Cells of files: texts that a spreadsheet will not take for formulas, rows line by line."""


def safe(text: str) -> str:
    """A text that a spreadsheet will not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


class EachLine:
    """A file for csv.writer that hands each line back."""

    def write(self, text: str) -> str:
        return text
