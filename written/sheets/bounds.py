"""What a workbook may cost the process that reads it; more than that and it is refused.

The usual bounds are for what people fill in by hand. A year of readings of a city is a hundred
times as much: its readers ask for the large ones, one such workbook at a time.
"""

from typing import NamedTuple


class Bounds(NamedTuple):
    """`unpacked`, `memory`: bytes; `cells`: of a sheet's rectangle from A1 to the last cell that
    holds anything; `characters`: of all cells together; `processor`, `clock`: seconds."""

    unpacked: int
    cells: int
    characters: int
    memory: int
    processor: int
    clock: int


_MB = 1024 * 1024
BOUNDS = {
    "usual": Bounds(64 * _MB, 2_000_000, 20_000_000, 768 * _MB, 20, 30),
    # 200,000 samples of twenty-five columns.
    "large": Bounds(400 * _MB, 6_000_000, 60_000_000, 2560 * _MB, 180, 300),
}
