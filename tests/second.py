"""Acts of two persons of the bureau: one asks, the other does it."""

from settlements.models import Adjustment, FuseTrip
from settlements.years.services.adjustments import (
    decline_adjustment,
    dismiss_adjustment,
    drop_fuse,
    propose_drop,
    propose_release,
    release_fuse,
)


def dismiss(adjustment: Adjustment, people, reason: str, rulings: str = "") -> Adjustment:
    decline_adjustment(adjustment=adjustment, by=people.bureau, reason=reason, rulings=rulings)
    return dismiss_adjustment(adjustment=adjustment, by=people.bureau2)


def release(trip: FuseTrip, people, reason: str) -> FuseTrip:
    propose_release(trip=trip, by=people.bureau, reason=reason)
    return release_fuse(trip=trip, by=people.bureau2)


def drop(trip: FuseTrip, people, reason: str) -> FuseTrip:
    propose_drop(trip=trip, by=people.bureau, reason=reason)
    return drop_fuse(trip=trip, by=people.bureau2)
