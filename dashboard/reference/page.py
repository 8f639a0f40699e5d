"""What the pages of reference data show: the tables, their things, the history of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse

from basins.models import Jurisdiction, ReferenceChange, River
from basins.reference.columns import Lookup, Values
from basins.reference.kind import Change, Key, Kind, Layout
from basins.reference.planning import code_of, slug
from monitoring.models import Section
from settlements.models import Carryover
from settlements.reference.kinds import KINDS, LAYOUTS

BADGES = {Change.NEW: "open", Change.CHANGED: "waiting", Change.REMOVED: "wrong"}
# Kinds whose things stand on pages of their own.
ELSEWHERE = {"people": "people", "calendar": "calendar", "opening": "ledger-opening-list"}


@dataclass(frozen=True, slots=True)
class TableLine:
    """A table on the page of all of them."""

    layout: Layout
    count: int | None  # things there are; None: they are counted elsewhere
    url: str
    imports: bool  # here; an opening is prepared in the ledger

    @property
    def template_url(self) -> str:
        return reverse("reference-template", args=[self.layout.code])


@dataclass(frozen=True, slots=True)
class ThingLine:
    """A thing in the list of its table."""

    url: str
    name: str
    cells: tuple[str, ...]


def tables() -> list[TableLine]:
    """Every table in the order in which it is filled in; a few SQL queries each."""
    found = []
    for code, layout in LAYOUTS.items():
        kind = KINDS.get(code)
        count = sum(map(kind.files, kind.held().values())) if kind and kind.history else None
        url = (
            reverse(ELSEWHERE[code])
            if code in ELSEWHERE
            else reverse("reference-list", args=[code])
        )
        found.append(TableLine(layout, count, url, imports=kind is not None))
    return found


def things(kind: Kind, words: str) -> list[ThingLine]:
    """Everything of a kind whose cells hold the words."""
    lookups = kind.lookups()
    wanted = words.strip().casefold()
    found = []
    for key, values in kind.held().items():
        if not kind.files(values):
            continue
        texts = [c.text(values.get(c.key), lookups) for c in kind.single]
        if wanted and not any(wanted in text.casefold() for text in texts):
            continue
        name = kind.column(kind.names).text(values.get(kind.names), lookups)
        cells = {c.key: text for c, text in zip(kind.single, texts, strict=True)}
        url = reverse("reference-item", args=[kind.code, slug(key)])
        found.append(ThingLine(url, name, tuple(cells[c.key] for c in shown_columns(kind))))
    return found


def shown_columns(kind: Kind) -> list[Any]:
    """The columns of the list, beside the name."""
    return [kind.column(key) for key in kind.listed]


def facts(kind: Kind, values: Values, lookups: Mapping[str, Lookup]) -> list[tuple[str, str]]:
    return [(c.title, c.text(values.get(c.key), lookups)) for c in kind.single]


def below(kind: Kind, values: Values, lookups: Mapping[str, Lookup]) -> list[list[str]]:
    """A thing's several, one row each."""
    return [
        [c.text(each.get(c.key), lookups) for c in kind.many]
        for each in values.get(kind.several) or ()
    ]


def history(kind: Kind, key: Key) -> list[ReferenceChange]:
    """Everything that became of it, the newest first: 1 SQL query."""
    found = ReferenceChange.objects.filter(kind=kind.code, code=code_of(key)).select_related("by")
    return list(found)


def change_lines(changes: list[Change], most: int) -> list[dict[str, Any]]:
    """Changes as the 核对 page shows them."""
    return [
        {
            "row": change.entry.rows[0].place,
            "word": change.word,
            "badge": BADGES.get(change.what, "none"),
            "name": change.name,
            "said": _said(change),
            "also": change.also,
        }
        for change in changes[:most]
    ]


def _said(change: Change) -> list[str]:
    """A new thing on one line, a changed one column by column."""
    if change.what == Change.NEW:
        return ["；".join(f"{each.title} {each.after}" for each in change.differences)]
    return [
        f"{each.title}：{each.before or '（空）'} → {each.after or '（空）'}"
        for each in change.differences
    ]


@dataclass(frozen=True, slots=True)
class LastingLines:
    """What became of a thing in time: its former names, its end, who stood before and after it."""

    lines: tuple[tuple[str, str], ...]
    acts: tuple[tuple[str, str], ...]  # addresses of what may be done, words of their buttons


def lasting(kind: Kind, key: Key) -> LastingLines | None:
    """None where a kind does not last by itself: 1 SQL query, 2 of a section."""
    model = {"districts": Jurisdiction, "rivers": River, "sections": Section}.get(kind.code)
    if model is None:
        return None
    found = model._default_manager.get(code=key[0])
    lines = [
        (f"{until} 前称", f"{name}（{source}）" if source else name)
        for name, until, source in reversed(found.former_names)
    ]
    if found.ended_on is not None:
        lines.append(("停用自", f"{found.ended_on}（{found.ended_why}）"))
    over = found.ended_on is not None
    acts = [("take-back", "撤回停用")] if over else [("end", "停用")]
    address = "reference-place-act"
    if isinstance(found, Jurisdiction):
        lines += _carried(found)
        acts = acts if found.level in Jurisdiction.ENDING else []
    if isinstance(found, Section):
        if found.predecessor is not None:
            lines.append(("前身断面", f"{found.predecessor.name}（{found.began_on} 起接替）"))
        if (new := getattr(found, "successor", None)) is not None:
            lines.append(("接替断面", f"{new.name}（{new.began_on} 起）"))
        address = "reference-section-act"
        acts = acts if over else [("replace", "由别的断面接替"), *acts]
    arguments = [key[0]] if address == "reference-section-act" else [kind.code, key[0]]
    return LastingLines(
        tuple(lines),
        tuple((reverse(address, args=[*arguments, act]), words) for act, words in acts),
    )


def _carried(place: Jurisdiction) -> list[tuple[str, str]]:
    """Who took over its balances, and whose it took over: 1 SQL query."""
    booked = (
        Carryover.objects.filter(Q(ended=place) | Q(successor=place), state="approved")
        .select_related("ended", "successor")
        .defer("ended__boundary", "successor__boundary")
        .order_by("on", "pk")
    )
    return [
        ("账户余额", f"{each.on} 起由{each.successor.name}承继（{each.document}）")
        if each.ended_id == place.pk
        else ("账户余额", f"{each.on} 起承继{each.ended.name}的（{each.document}）")
        for each in booked
    ]
