"""Where names stand: each takes the first place near its point that covers nothing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dashboard.map.projection import Point

CHARACTER = 12.0  # width of a Chinese character in units
DIGIT = 7.5
LINE = 14.0
SQUARE = 32.0  # of the grid by which boxes find their neighbours
# Tried in this order: on the point, then farther and farther away.
OFFSETS = [
    (0, 0), (0, -14), (0, 14), (-22, 0), (22, 0), (-20, -16), (20, -16), (-20, 16), (20, 16),
    (0, -28), (0, 28), (-40, 0), (40, 0), (-34, -26), (34, -26), (-34, 26), (34, 26),
    (0, -42), (0, 42), (-56, -10), (56, -10), (-56, 12), (56, 12),
]  # fmt: skip


Square = tuple[int, int]  # column and row


@dataclass(frozen=True, slots=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, x: float, y: float, width: float, height: float) -> "Box":
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    def overlap(self, other: "Box") -> float:
        """Area both cover."""
        width = (self.right if self.right < other.right else other.right) - (
            self.left if self.left > other.left else other.left
        )
        if width <= 0:
            return 0.0
        height = (self.bottom if self.bottom < other.bottom else other.bottom) - (
            self.top if self.top > other.top else other.top
        )
        return width * height if height > 0 else 0.0


def text_width(text: str) -> float:
    return sum(CHARACTER if ord(c) > 0x2E7F else DIGIT for c in text)


@dataclass
class Labels:
    """Places taken so far, found by the squares of a grid that they touch."""

    frame: Box
    taken: list[Box] = field(default_factory=list)
    _touching: dict[Square, list[int]] = field(default_factory=lambda: defaultdict(list))

    def block(self, boxes: Iterable[Box]) -> None:
        for box in boxes:
            for square in _squares(box):
                self._touching[square].append(len(self.taken))
            self.taken.append(box)

    def place(self, points: Iterable[Point], lines: list[str], *, must: bool) -> Point | None:
        """Middle of the text block (lines of `LINE` units) at or near one of the points.

        Without `must` None where nothing is free; with it the least covered place.
        """
        width = max(text_width(line) for line in lines) + 2
        height = LINE * len(lines)
        best: tuple[float, Point, Box] | None = None
        for point in points:
            for dx, dy in OFFSETS if must else OFFSETS[:9]:
                x, y = point[0] + dx, point[1] + dy
                box = Box.around(x, y, width, height)
                whole = box.overlap(self.frame) >= width * height - 0.01
                cost = self._covered(box) + (0 if whole else 1e6)
                if best is None or cost < best[0]:
                    best = cost, (x, y), box
                if cost == 0:
                    break
            if best is not None and best[0] == 0:
                break
        if best is None or (not must and best[0] > 0):
            return None
        self.block([best[2]])
        return best[1]

    def _covered(self, box: Box) -> float:
        """Area of what is taken that it would cover, in the order it was taken."""
        near = {n for square in _squares(box) for n in self._touching.get(square, ())}
        return sum(box.overlap(self.taken[n]) for n in sorted(near))


def _squares(box: Box) -> Iterator[Square]:
    """The squares of the grid that the box touches."""
    for column in range(int(box.left // SQUARE), int(box.right // SQUARE) + 1):
        for row in range(int(box.top // SQUARE), int(box.bottom // SQUARE) + 1):
            yield column, row
