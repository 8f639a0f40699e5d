"""What a page's HTML must keep, read off its own text: rules of the Living Standard that a browser
forgives and a reader by ear or a later program does not.

A public checker (Nu Html Checker) knows all rules; these are the ones pages have broken or easily
break, and they need no network and no Java.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
    "track", "wbr",
}  # fmt: skip
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
SECTIONS = ("section", "article")
# Not inside a paragraph, a heading or a line of text.
BLOCKS = {
    "address", "article", "aside", "blockquote", "details", "div", "dl", "fieldset", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol",
    "p", "section", "table", "ul",
}  # fmt: skip
LINES = {"p", "span", "small", "b", "label", "button", "summary", "dt", *HEADINGS}
INTERACTIVE = {"a", "button", "input", "select", "textarea", "details", "iframe"}
ONLY = {
    "ul": {"li", "template", "script"},
    "ol": {"li", "template", "script"},
    "dl": {"dt", "dd", "div", "template", "script"},
    "tr": {"th", "td", "template", "script"},
}
NAMED = ("aria-labelledby", "aria-describedby", "aria-controls", "for", "list", "form")
SEEN = {"img", "svg", "input", "select", "textarea", "button"}  # fill a cell without words
UNLABELLED = {"hidden", "submit", "button", "reset", "image"}


@dataclass(slots=True)
class Element:
    tag: str
    line: int
    attributes: dict[str, str | None]
    has_heading: bool = False
    cells: int = 0  # of a row, with what reaches down into it


@dataclass(slots=True)
class Cell:
    columns: range
    text: str = ""


@dataclass(slots=True)
class Rows:
    """How many columns each row of a table has, with cells that span several rows."""

    heads: dict[int, str] = field(default_factory=dict)  # column → what stands over it
    filled: set[int] = field(default_factory=set)  # columns with something in a row of the body
    in_head: bool = False
    cells: list[Cell] = field(default_factory=list)  # open ones
    down: dict[int, int] = field(default_factory=dict)  # column → rows it still covers
    widths: list[tuple[int, int]] = field(default_factory=list)  # line, columns
    at: int = 0

    def begin(self) -> None:
        self.at = 0

    def cell(self, columns: int, rows: int) -> None:
        while self.down.get(self.at):
            self.at += 1
        self.cells.append(Cell(range(self.at, self.at + columns)))
        for column in range(self.at, self.at + columns):
            if rows > 1:
                self.down[column] = rows
        self.at += columns

    def holds(self, text: str) -> None:
        """Something stands in the open cell."""
        if self.cells:
            self.cells[-1].text += text

    def cell_ends(self) -> None:
        cell = self.cells.pop()
        text = cell.text.strip()
        if self.in_head:
            for column in cell.columns if len(cell.columns) == 1 and text else ():
                self.heads[column] = text
        else:
            self.filled.update(cell.columns if text else ())

    def empty(self) -> list[str]:
        """Heads that stand over nothing at all."""
        return [head for column, head in self.heads.items() if column not in self.filled]

    def end(self, line: int) -> None:
        while self.down.get(self.at):
            self.at += 1
        self.widths.append((line, self.at))
        self.down = {column: rows - 1 for column, rows in self.down.items() if rows > 1}


class Page(HTMLParser):
    """Reads a page; `faults` says what is wrong, with the line it stands on."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.open: list[Element] = []
        self.tables: list[Rows] = []
        self.ids: dict[str, int] = {}
        self.named: list[tuple[str, str, int]] = []
        self.fields: list[tuple[Element, bool]] = []
        self.labels: set[str] = set()
        self.feed(text)
        self.close()
        self._at_the_end()

    def fault(self, words: str, line: int | None = None) -> None:
        self.faults.append(f"line {line or self.getpos()[0]}: {words}")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID and self.open and self.open[-1].tag == tag:
            self.open.pop()  # <path/> of a drawing

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        each = Element(tag, self.getpos()[0], attributes)
        if len(attributes) != len(attrs):
            self.fault(f"<{tag}> has an attribute twice")
        drawing = any(e.tag == "svg" for e in self.open)
        if not drawing:
            self._place(each)
        self._names(each)
        if self.tables and tag == "tr":
            self.tables[-1].begin()
        if self.tables and tag in ("td", "th"):
            self.tables[-1].cell(
                int(attributes.get("colspan") or 1), int(attributes.get("rowspan") or 1)
            )
        if self.tables and tag in SEEN:
            self.tables[-1].holds(tag)
        if tag == "thead" and self.tables:
            self.tables[-1].in_head = True
        if tag == "table":
            self.tables.append(Rows())
        if tag not in VOID:
            self.open.append(each)

    def _place(self, each: Element) -> None:
        tag, inside = each.tag, [e.tag for e in self.open]
        parent = inside[-1] if inside else ""
        allowed = ONLY.get(parent)
        if allowed and tag not in allowed:
            self.fault(f"<{tag}> directly in <{parent}>")
        if parent == "figure" and tag == "details":
            self.fault("<details> directly in <figure>")
        if tag in BLOCKS:
            for outer in LINES.intersection(inside):
                if not (outer == "summary" and tag in HEADINGS):  # a summary may hold one
                    self.fault(f"<{tag}> in <{outer}>")
        hidden = each.attributes.get("type") == "hidden"
        if tag in INTERACTIVE and not hidden and {"a", "button"}.intersection(inside):
            self.fault(f"<{tag}> in a link or button")
        if tag == "form" and "form" in inside:
            self.fault("<form> in <form>")
        if tag in HEADINGS:
            for e in self.open:
                e.has_heading = True
        if tag in ("input", "select", "textarea") and each.attributes.get("type") not in UNLABELLED:
            self.fields.append((each, "label" in inside))

    def _names(self, each: Element) -> None:
        for name, value in each.attributes.items():
            if name == "id":
                if not value or value.split() != [value]:
                    self.fault(f"id {value!r} of <{each.tag}>")
                elif value in self.ids:
                    self.fault(f"id {value!r} twice, first on line {self.ids[value]}")
                else:
                    self.ids[value] = each.line
            elif name in NAMED and value:
                self.named += [(name, one, each.line) for one in value.split()]
            if name.startswith("hx-"):
                self.fault(f"{name} is no attribute of HTML; write data-{name}")
        if each.tag == "label" and each.attributes.get("for"):
            self.labels.add(str(each.attributes["for"]))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open[-1].tag != tag:
            self.fault(f"</{tag}> where <{self.open[-1].tag if self.open else 'nothing'}> is open")
            while self.open and self.open[-1].tag != tag:
                self.open.pop()
            if not self.open:
                return
        each = self.open.pop()
        named = each.attributes.get("aria-label") or each.attributes.get("aria-labelledby")
        if tag in SECTIONS and not each.has_heading and not named:
            self.fault(f"<{tag}> without a heading", each.line)
        if tag in ("td", "th") and self.tables and self.tables[-1].cells:
            self.tables[-1].cell_ends()
        if tag == "thead" and self.tables:
            self.tables[-1].in_head = False
        if tag == "tr" and self.tables:
            self.tables[-1].end(each.line)
        if tag == "table" and self.tables:
            rows = self.tables.pop()
            widths = rows.widths
            for head in rows.empty():
                self.fault(f"head “{head}” over nothing", each.line)
            for line, width in widths[1:]:
                if width != widths[0][1]:
                    self.fault(f"a row of {width} columns, the first has {widths[0][1]}", line)

    def handle_data(self, data):
        if self.tables:
            self.tables[-1].holds(data)

    def _at_the_end(self) -> None:
        for each in self.open:
            self.fault(f"<{each.tag}> is never closed", each.line)
        for name, value, line in self.named:
            if value not in self.ids:
                self.fault(f"{name} names {value!r}, which there is not", line)
        for each, within in self.fields:
            known = each.attributes
            if not (
                within
                or known.get("id") in self.labels
                or known.get("aria-label")
                or known.get("aria-labelledby")
            ):
                self.fault(f"<{each.tag} name={known.get('name')!r}> without a label", each.line)


def faults(text: str) -> list[str]:
    """What is wrong with a page."""
    return Page(text).faults
