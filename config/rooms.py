"""The rooms of the code and who leans on whom, drawn from the imports themselves.

A room is a subject's folder of a domain app, or a whole app. It stands a floor above everything
it imports. An arrow that others imply is left out, so that what is drawn is what holds the house.
"""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "rooms.svg"
APPS = ("written", "jobs", "basins", "monitoring", "settlements", "dashboard", "config")
OPEN = ("monitoring", "settlements")  # apps whose subjects are rooms of their own
APART = {"migrations", "management", "apps", "admin", "tasks"}  # an app's wiring

Walls = dict[str, set[str]]  # a room → the rooms it imports

WIDE, HIGH, GAP, FLOOR, MARGIN = 142, 34, 14, 86, 24


def room_of(module: str) -> str | None:
    """The room of a dotted module name; None for what is none of ours or only wires an app."""
    app, _, rest = module.partition(".")
    if app not in APPS:
        return None
    subject = rest.partition(".")[0]
    if subject in APART:
        return None
    return f"{app}.{subject}" if app in OPEN and subject else app


def walls(root: Path = ROOT) -> Walls:
    """Every room with the rooms it imports, read from the files below `root`."""
    found: Walls = defaultdict(set)
    for app in APPS:
        for path in sorted((root / app).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            if (room := room_of(module)) is None or room in OPEN:
                continue
            found[room] |= {
                other
                for name in _imports(path)
                if (other := room_of(name)) is not None and other not in (room, *OPEN)
            }
    return dict(found)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # `from settlements import rules` names the room in what it takes.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floors(found: Walls) -> dict[str, int]:
    """Room → floor, 0 the ground. Raises ValueError, naming them, where rooms lean in a circle."""
    answer: dict[str, int] = {}

    def floor(room: str, above: tuple[str, ...]) -> int:
        if room in above:
            raise ValueError(f"A circle of rooms: {' → '.join((*above, room))}")
        if room not in answer:
            below = [floor(other, (*above, room)) for other in sorted(found.get(room, ()))]
            answer[room] = max(below, default=-1) + 1
        return answer[room]

    for room in sorted(found):
        floor(room, ())
    return answer


def bearing(found: Walls) -> list[tuple[str, str]]:
    """The arrows that no two others imply, in order."""

    def reached(rooms: Iterable[str]) -> set[str]:
        return {below for room in rooms for below in found[room] | reached(found[room])}

    return [
        (room, other)
        for room in sorted(found)
        for other in sorted(found[room])
        if other not in reached(found[room] - {other})
    ]


def picture(found: Walls) -> str:
    """The house as SVG, the top floor first."""
    at = floors(found)
    rows: dict[int, list[str]] = defaultdict(list)
    for room in sorted(at):
        rows[at[room]].append(room)
    top = max(rows)
    width = MARGIN * 2 + max(len(row) for row in rows.values()) * (WIDE + GAP) - GAP
    height = MARGIN * 2 + top * FLOOR + HIGH
    places: dict[str, tuple[float, float]] = {}
    for number, row in rows.items():
        left = (width - len(row) * (WIDE + GAP) + GAP) / 2
        for i, room in enumerate(row):
            places[room] = (left + i * (WIDE + GAP), MARGIN + (top - number) * FLOOR)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="11" role="img" aria-label="The rooms of the code">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        *(_arrow(places[a], places[b]) for a, b in bearing(found)),
        *(_box(room, *places[room]) for room in sorted(places)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    x1, y1 = start[0] + WIDE / 2, start[1] + HIGH
    x2, y2 = end[0] + WIDE / 2, end[1]
    bend = (y2 - y1) / 2
    return (
        f'<path d="M{x1:g} {y1:g}C{x1:g} {y1 + bend:g} {x2:g} {y2 - bend:g} {x2:g} {y2:g}" '
        'fill="none" stroke="#7d8f99"/>'
    )


def _box(room: str, x: float, y: float) -> str:
    app, _, subject = room.partition(".")
    edge = "#0b4a6f" if app == "settlements" else "#42535d"
    words = subject or app
    front = f'<tspan fill="#7d8f99">{escape(app)} </tspan>' if app == "monitoring" else ""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{WIDE}" height="{HIGH}" rx="3" fill="#f4f7f9" '
        f'stroke="{edge}"/><text x="{x + WIDE / 2:g}" y="{y + 21:g}" text-anchor="middle">'
        f"{front}{escape(words)}</text>"
    )
