"""Which amounts of a page lead nowhere: what is not inside or beside a link."""

from html.parser import HTMLParser
from urllib.parse import urljoin

# Where an amount is explained: a month or year, an accrual, an entry or account, a party's
# year, a scenario; or the lines it is the sum of, on the same page or on another month's.
LEADS = (
    "/settlements/",
    "/accruals/",
    "/ledger/",
    "/districts/",
    "/simulator/",
    "/?month=",
    "?",
    "#",
)
VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "use", "wbr"})
# What a reader takes in at one glance: an amount in it is beside every link in it.
BESIDE = frozenset({"tr", "li", "p", "dd", "div", "h1", "h2", "h3", "figcaption"})
# Sums over lines that are themselves on the page, each with its own link.
SUMS = frozenset({"tfoot"})
SUM_CLASSES = frozenset({"subtotal", "facts"})


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[dict] = []
        self.unlinked: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
            for element in self.stack:
                element["linked"] = element["linked"] or given["href"].startswith(LEADS)
        if tag in VOID:
            return
        classes = frozenset((given.get("class") or "").split())
        is_link = tag == "a" and (given.get("href") or "").startswith(LEADS)
        self.stack.append(
            {"tag": tag, "classes": classes, "linked": is_link, "link": is_link, "text": "",
             "waiting": []}
        )  # fmt: skip

    def handle_data(self, data: str) -> None:
        for element in self.stack:
            if "money" in element["classes"]:
                element["text"] += data

    def handle_endtag(self, tag: str) -> None:
        while self.stack:
            closed = self.stack.pop()
            self._close(closed)
            if closed["tag"] == tag:
                return

    def _close(self, closed: dict) -> None:
        if "money" in closed["classes"] and not self._needs_none(closed):
            closed["waiting"].append(" ".join(closed["text"].split()))
        if closed["tag"] in BESIDE and closed["waiting"]:
            if not closed["linked"]:
                self.unlinked += closed["waiting"]
        elif self.stack:
            self.stack[-1]["waiting"] += closed["waiting"]

    def _needs_none(self, money: dict) -> bool:
        """A dash, a nought, inside a link, or a sum of what is listed on the same page."""
        text = " ".join(money["text"].split())
        if "muted" in money["classes"] or not text.strip("-0.,−+ "):
            return True
        return any(e["link"] or e["tag"] in SUMS or e["classes"] & SUM_CLASSES for e in self.stack)


def _read(html: str) -> _Page:
    page = _Page()
    page.feed(html)
    page.close()
    return page


def unlinked(html: str) -> list[str]:
    """The amounts (elements of class money) that are neither inside nor beside a link."""
    return _read(html).unlinked


def links(html: str, base: str = "/") -> list[str]:
    """Every address the page links to, made whole from `base`, each once."""
    return list(dict.fromkeys(urljoin(base, href) for href in _read(html).links))
