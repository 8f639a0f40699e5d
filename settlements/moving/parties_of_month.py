"""Which parties a month of an agreement has: who confirms it, who may object."""

from datetime import date

from basins.ranges import next_month
from settlements.models import Party
from settlements.moving.notify import signatories


def is_party_in(party: Party, month: date) -> bool:
    """Whether it was a party on any day of the month."""
    joined = party.since is None or party.since < next_month(month)
    return joined and (party.until is None or party.until > month)


def confirming(agreement_id: int, month: date) -> list[Party]:
    """The parties whose confirmation makes the month confirmed: 1 SQL query."""
    return [p for p in signatories(agreement=agreement_id) if is_party_in(p, month)]
