"""The tables of a page as a reader sees them: heads, rows, and in each cell text and amount."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser

VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "use", "wbr"})
AMOUNT = re.compile(r"^(−?)([0-9,]+\.[0-9]{2}) 元$")


@dataclass
class Cell:
    """What stands in a cell; `yuan` is the exact amount its tooltip gives."""

    text: str = ""
    exact: list[str] = field(default_factory=list)
    span: int = 1

    @property
    def words(self) -> str:
        return " ".join(self.text.split())

    @property
    def yuan(self) -> Decimal | None:
        """None: no amount, or a dash. The figure shown is the exact one in 万元."""
        if not self.exact:
            return None
        (title,) = self.exact
        sign, digits = AMOUNT.match(title).groups()
        yuan = Decimal(digits.replace(",", "")) * (-1 if sign else 1)
        shown = re.search(r"([+−]?)([0-9,]+\.[0-9]{2})$", self.words)
        assert shown is not None, f"{title} is shown as {self.words!r}"
        owed = shown[1] == "−" or self.words.startswith("应付")  # a sign, or a word in its place
        in_wan = Decimal(shown[2].replace(",", "")) * (-1 if owed else 1)
        assert abs(in_wan - yuan / 10_000) <= Decimal("0.005"), f"{title} is shown as {self.words}"
        return yuan


@dataclass
class Table:
    name: str  # its data-table
    label: str  # of the group it scrolls in, or its caption
    head: list[str] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)

    def row(self, *starts: str) -> list[Cell]:
        """The only row in which the given words stand in cells, in that order from the left."""
        found = [row for row in self.rows if _begins(row, starts)]
        assert len(found) == 1, f"{len(found)} rows of {starts}"
        return found[0]

    def amounts(self, *starts: str) -> list[Decimal | None]:
        return [cell.yuan for cell in self.row(*starts)]

    def of(self, column: str, *starts: str) -> Decimal | None:
        """The amount in a column of a row, by their words."""
        return self.row(*starts)[self.head.index(column)].yuan


def _begins(row: list[Cell], starts: tuple[str, ...]) -> bool:
    words = iter(cell.words for cell in row)
    return all(any(start == each for each in words) for start in starts)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[Table] = []
        self.open: list[Table] = []
        self.cell: Cell | None = None
        self.in_head = False
        self.label = ""

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = dict(attrs)
        match tag:
            case "div" if given.get("aria-label"):
                self.label = given["aria-label"]
            case "table":
                self.open.append(Table(given.get("data-table", ""), self.label))
                self.tables.append(self.open[-1])
                self.label = ""
            case "thead":
                self.in_head = True
            case "tr" if self.open and not self.in_head:
                self.open[-1].rows.append([])
            case "td" | "th" if self.open:
                self.cell = Cell(span=int(given.get("colspan", 1)))
                if not self.in_head:
                    self.open[-1].rows[-1].append(self.cell)
            case _ if self.cell is not None and "money" in given.get("class", "").split():
                if "title" in given:
                    self.cell.exact.append(given["title"])

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.text += data

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "thead":
                self.in_head = False
            case "td" | "th" if self.cell is not None:
                if self.in_head:
                    self.open[-1].head.append(self.cell.words)
                self.cell = None
            case "table":
                self.open.pop()


def tables(html: str) -> list[Table]:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.tables


def table(html: str, name: str) -> Table:
    """The only table of that name or label."""
    found = [each for each in tables(html) if name in (each.name, each.label)]
    assert len(found) == 1, f"{len(found)} tables named {name}"
    return found[0]
