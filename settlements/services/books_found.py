"""What a check of the books finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Broken:
    """One thing wrong: the entry (凭证号, or the year of an agreement) and what, in Chinese."""

    entry: str
    problem: str
