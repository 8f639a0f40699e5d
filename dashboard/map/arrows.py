"""Arrows of who pays whom: from the payer, across the border section, to the receiver."""

from dataclasses import dataclass
from decimal import Decimal
from math import hypot

from dashboard.map.projection import Point

REACH = 44.0  # units from the section to either end
APART = 15.0  # between arrows at one section
WIDE_FROM = Decimal(1_000_000)  # yuan
HEAD = {False: (9.0, 3.6), True: (11.0, 5.0)}  # length, half width


@dataclass(frozen=True, slots=True)
class Arrow:
    line: str
    head: str
    wide: bool
    start: Point
    end: Point
    middle: Point


def arrow(payer: Point, section: Point, payee: Point, yuan: Decimal, place: int = 0) -> Arrow:
    """The arrow of one payment. `place`: which of several at the section, from 0."""
    wide = yuan >= WIDE_FROM
    start, end = _towards(section, payer), _towards(section, payee)
    across = _unit((end[0] - start[0], end[1] - start[1]))
    # Bent to one side of the section's symbol, further for each arrow more.
    bend = 13.0 + APART * place
    middle = section[0] - across[1] * bend, section[1] + across[0] * bend
    control = (
        2 * middle[0] - (start[0] + end[0]) / 2,
        2 * middle[1] - (start[1] + end[1]) / 2,
    )
    length, half = HEAD[wide]
    direction = _unit((end[0] - control[0], end[1] - control[1]))
    base = end[0] - direction[0] * length, end[1] - direction[1] * length
    side = -direction[1] * half, direction[0] * half
    return Arrow(
        line=f"M{_xy(start)}Q{_xy(control)} {_xy(base)}",
        head=f"M{_xy(end)}L{_xy((base[0] + side[0], base[1] + side[1]))}"
        f"L{_xy((base[0] - side[0], base[1] - side[1]))}z",
        wide=wide,
        start=start,
        end=end,
        middle=middle,
    )


def opposite(section: Point, other: Point) -> Point:
    """Where a party without a place on the map (the treasury) stands: across the section."""
    x, y = _unit((section[0] - other[0], section[1] - other[1]))
    return section[0] + x * REACH, section[1] + y * REACH


def _towards(section: Point, place: Point) -> Point:
    dx, dy = place[0] - section[0], place[1] - section[1]
    x, y = _unit((dx, dy))
    far = min(REACH, max(24.0, hypot(dx, dy)))
    return section[0] + x * far, section[1] + y * far


def _unit(vector: Point) -> Point:
    length = hypot(*vector)
    return (vector[0] / length, vector[1] / length) if length else (1.0, 0.0)


def _xy(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
