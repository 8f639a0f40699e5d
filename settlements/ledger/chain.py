"""The head of the journal's hash chain, as notices and statements print it."""

from dataclasses import dataclass

from settlements.ledger.services.ledger import NO_HASH
from settlements.models import JournalEntry


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: the last entry's 凭证号 and hash, how many entries there are."""

    entry: str
    hash: str
    entries: int

    @property
    def short(self) -> str:
        """The first 16 digits in fours, as printed on paper and typed again."""
        return " ".join(self.hash[at : at + 4] for at in range(0, 16, 4))


def head() -> Head:
    """What is printed on notices and statements: 2 SQL queries."""
    last = JournalEntry.objects.order_by("-year", "-number").first()
    if last is None:
        return Head("", NO_HASH, 0)
    return Head(last.label, last.hash, JournalEntry.objects.count())
