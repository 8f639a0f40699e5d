"""docs/workflow.md, written from settlements.workflow: the table and a picture of each thing; and
guards/_moves.sql, the table as the database reads it."""

from collections.abc import Iterable
from html import escape
from pathlib import Path

from django.conf import settings
from django.db import models

from basins.access import PEOPLE, TABLE, Act, Scope
from basins.models import Role
from settlements.models import (
    Adjustment,
    AgreementMonth,
    AmountRefusal,
    FuseTrip,
    Notice,
    Objection,
    Payment,
    Settlement,
)
from settlements.moving.told import LINES, NOBODY_WAITS, SILENT, WAITING, Telling
from settlements.workflow import MOVES, THINGS, Move, moves_sql

FOLDER = Path(settings.BASE_DIR)
STATES: dict[str, type[models.TextChoices]] = {
    "notice": Notice.State,
    "month": AgreementMonth.State,
    "objection": Objection.State,
    "adjustment": Adjustment.State,
    "settlement": Settlement.State,
    "refusal": AmountRefusal.State,
    "payment": Payment.State,
    "fuse": FuseTrip.State,
}

HEAD = """# Workflow

Written by `manage.py workflow_docs` from `settlements/workflow.py`; a test compares.

One table for everything that has a state. Pages offer what it allows, services check it
(`settlements/moving/acts.py`), and a trigger on every table with a state refuses what it does
not name, also to the admin and to SQL, and writes each step into `StateMove` (流程记录), which only
grows (`settlements/guards/_state_moves.sql`). It holds the guards too that rest on nothing but what
is stored. Other [guards](guards.md) hold what lies around them: what was said is not reworded (an
objection, a decision, what an adjustment proposes, a measure), a term under which results were
published is followed by another and never changed, a result is published with its notice and
settled with its year, steps and versions of results are written by triggers alone.
“另一人” means that who did the step named may not do this one.

## Rules the table does not say

- **A notice** (月通报) freezes its content with a digest when it is prepared. Signing off draws the
  content again and refuses when it differs. Its number follows without a gap within the year of
  its publication. An agreement may be left out with a reason and follow in a supplementary notice.
  What a yearly rule found is published with the December of its year. Sections found after their
  agreement's month was published come with a supplementary notice and have no objection period of
  their own: they are objected to before the year's data are signed.
- **Due day**: `NOTICE_DAY` (15) of the next month, or the next working day.
- **Objection period**: `OBJECTION_DAYS` (5; Anhui's scheme has 15) working days, kept with each
  month. The day of publication does not count, the last day does. A deadline that crosses a year
  whose holidays are not announced is 暂定. When the calendar changes, deadlines of months still open
  are computed again and the parties are told; none is moved into the past.
- **Who confirms a month**: every party that was one during the month, except 市级财政补位. There the
  city stands in for a neighbour that did not sign, and the bureau that publishes has spoken for it.
  A party across the border without a person here confirms by the lapse of time.
- **An adjustment is heard**: its parties are told when it is proposed, see its evidence, and may
  speak to it for `HEARING_DAYS` (5) working days. Before these are over, or all have spoken, an
  approval needs a reason of its own. One that follows from an objection was heard in that.
- **A month is final** once it is confirmed or decided and no adjustment or stopped run is pending.
- **A year is signed** by every party of its nets: by its own person, else on paper that the bureau enters
  (代为登记), after the deadline also for a party whose person did not act. `SIGN_DAYS` working days from when
  all months are final for the data, from the last signature under the data for the amounts. They rest while an
  adjustment, a stopped run or an accepted refusal of the year waits, and begin whole after it. Who is silent is
  reminded (催办) and has `SILENCE_DAYS` more; then its silence means what the terms in force at the year's end
  say: confirmed, by the system, or decided by the bureau with a reason.
- **A party that refuses the amounts** (不予确认) keeps the year from being confirmed until that is decided, in
  the last stage by the parties' common superior, whose ruling the bureau enters with its document number. What
  was accepted must be corrected before the year's data are signed again.
- **Locks** are taken in one order: agreements by id, then the notice, then months by id.
- `settlements.daily` lapses, finalises and mails digests every hour; run again it does nothing.

## 我的工作

What waits for a person is computed from these states, never stored. Each kind is a `Source` in
`settlements/work/queries/sources/`: `rows(viewer)` is a queryset with one row a task, `task(row)`
says it (title, address, deadline), `act` is what one must be allowed to do. To add one, write the
two functions and put the source into `SOURCES`: the page, the count in every page's head (one
query for all sources) and the district's page follow. A query names a page (`basins.links.to`); its
address is made where it is written.
"""

TOLD = """## 告知

Who is told of what stands in one table, `settlements/moving/told.py`: for each move above and each
other event whom it tells, in which words, and which page it leads to. Where an act is due it stands
in 我的工作 as well, on the lists named by their keys; else it is a notification. Mail goes by what
each person chose (即时, 每日汇总, 每周汇总). Services say that something happened with
`tell("event", …)` and nothing else tells anybody; whoever did it is not told. Accounts, mail that does
not go out and refused looks are told by `basins` itself, to the administrators and auditors.
A test fails for a move without a line, a line nobody sends, and a page the one told may not open.

"""

WAITS = """## 谁在等

Every state that waits for somebody stands on a list of 我的工作; a test walks all of them.

"""


def page() -> str:
    """The whole of docs/workflow.md."""
    parts = [HEAD]
    for thing, name in THINGS.items():
        moves = [m for m in MOVES if m.thing == thing]
        parts.append(
            f"## {name} (`{thing}`)\n\n![{name}](workflow-{thing}.svg)\n\n{_table(thing, moves)}"
        )
    return "\n".join([*parts, TOLD + told_table(), WAITS + waiting_table()])


def told_table() -> str:
    """Event → whom → how, and the events that tell nobody."""
    lines = ["| 事件 | 告知 | 内容 | 页面 | 方式 |", "|---|---|---|---|---|"]
    lines += [
        f"| `{each.event}` | {each.whom} | {each.sentence} | `{each.page}` | {_how(each)} |"
        for each in LINES
    ]
    lines += [f"| `{event}` | - | - | - | 不另行告知：{why} |" for event, why in SILENT.items()]
    return "\n".join(lines) + "\n"


def _how(each: Telling) -> str:
    lists = "、".join(f"`{key}`" for key in each.lists)
    return f"待办 {lists}" if lists else "通知"


def waiting_table() -> str:
    """State → the lists it stands on."""
    lines = ["| 状态 | 列于 |", "|---|---|"]
    lines += [
        f"| `{thing}.{state}` | {'、'.join(f'`{key}`' for key in lists)} |"
        for (thing, state), lists in WAITING.items()
    ]
    lines += [
        f"| `{thing}.{state}` | 无人须办：{why} |" for (thing, state), why in NOBODY_WAITS.items()
    ]
    return "\n".join(lines) + "\n"


def files() -> dict[str, str]:
    """File name → content."""
    pictures = {f"docs/workflow-{thing}.svg": picture(thing) for thing in THINGS}
    return {
        "docs/workflow.md": page(),
        **pictures,
        "settlements/guards/_moves.sql": moves_sql(),
    }


def outdated() -> list[str]:
    """Names of files that differ from what the table says."""
    return [
        name
        for name, text in files().items()
        if not (FOLDER / name).is_file() or (FOLDER / name).read_text("utf-8") != text
    ]


def write() -> list[str]:
    changed = outdated()
    for name in changed:
        (FOLDER / name).write_text(files()[name], encoding="utf-8")
    return changed


def label(thing: str, state: str) -> str:
    return str(STATES[thing](state).label) if state else "（开始）"


def doers(move: Move) -> str:
    """Who may, as the table of the people says it."""
    if move.who is None:
        return "系统"
    roles = [
        str(Role.Code(role).label) + ("（本方）" if scope is Scope.OWN else "")
        for role, scope in zip(PEOPLE, TABLE[Act(move.who)], strict=True)
        if scope is not Scope.NONE
    ]
    words = "、".join(roles)
    if move.not_by:
        others = "、".join(
            next(m.words for m in MOVES if (m.thing, m.event) == (move.thing, event))
            for event in move.not_by
        )
        words += f"；“{others}”者以外的另一人"
    return words


def _table(thing: str, moves: Iterable[Move]) -> str:
    lines = ["| 从 | 事件 | 到 | 谁 | 条件 | 结果 |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {label(thing, m.source)} | {m.words} `{m.event}` | {label(thing, m.target)} "
        f"| {doers(m)} | {m.guard or '-'} | {m.effect or '-'} |"
        for m in moves
    ]
    return "\n".join(lines) + "\n"


# The picture ---------------------------------------------------------------------------

WIDE, HIGH, GAP_X, GAP_Y, MARGIN, STAGGER = 104, 36, 132, 52, 16, 0


def picture(thing: str) -> str:
    """States in columns by their distance from the beginning, an arrow a pair of states.

    Arrows forward run above the middle, those back below; words stand on the arrow.
    """
    moves = [m for m in MOVES if m.thing == thing]
    column = _columns(thing, moves)
    places: dict[str, tuple[int, int]] = {}
    for depth in sorted(set(column.values())):
        for row, state in enumerate(s for s in column if column[s] == depth):
            places[state] = (
                MARGIN + depth * (WIDE + GAP_X),
                MARGIN + 24 + row * (HIGH + GAP_Y) + (depth % 2) * STAGGER,
            )
    pairs: dict[tuple[str, str], list[str]] = {}
    for m in moves:
        pairs.setdefault((m.source, m.target), []).append(m.words)
    drawn = [
        _arrow(places, pair, words, place) for place, (pair, words) in enumerate(pairs.items())
    ]
    boxes = [_box(thing, state, *at) for state, at in places.items()]
    width = max(x for x, _ in places.values()) + WIDE + MARGIN
    height = max(y for _, y in places.values()) + HIGH + 40 + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(THINGS[thing])}的状态" font-family="sans-serif" font-size="12">\n'
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="#42535d"/>'
        "</marker></defs>\n"
        f'<rect width="{width}" height="{height}" fill="#fff"/>\n'
        + "\n".join([*drawn, *boxes])
        + "\n</svg>\n"
    )


def _columns(thing: str, moves: list[Move]) -> dict[str, int]:
    """State → steps from the beginning on the longest way forward (as its states are listed)."""
    order = ["", *STATES[thing].values]
    column = {"": 0}
    for state in order[1:]:
        before = [m.source for m in moves if m.target == state and m.source in column]
        column[state] = 1 + max(column[source] for source in before)
    return column


def _box(thing: str, state: str, x: int, y: int) -> str:
    if not state:
        return f'<circle cx="{x + WIDE - 10}" cy="{y + HIGH // 2}" r="8" fill="#12222c"/>'
    return (
        f'<g><rect x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="3" fill="#e7f0f5" '
        f'stroke="#0b4a6f"/><text x="{x + WIDE // 2}" y="{y + 23}" text-anchor="middle" '
        f'fill="#12222c">{escape(label(thing, state))}</text></g>'
    )


def _arrow(
    places: dict[str, tuple[int, int]], pair: tuple[str, str], words: list[str], nth: int
) -> str:
    (x1, y1), (x2, y2) = places[pair[0]], places[pair[1]]
    said = escape(" / ".join(dict.fromkeys(words)))
    line = 'fill="none" stroke="#42535d" marker-end="url(#head)"'
    style = (
        'text-anchor="middle" fill="#42535d" stroke="#fff" stroke-width="4" paint-order="stroke"'
    )
    if x2 > x1:
        start, end = (x1 + WIDE if pair[0] else x1 + WIDE - 2), x2
        a, b = y1 + HIGH // 2 - 4, y2 + HIGH // 2 - 4
        if x2 - x1 > WIDE + GAP_X:  # over a column: round the boxes between
            bend = min(y1, y2) - 22 if nth % 2 else max(y1, y2) + HIGH + 22
            path = f"M{start} {a}C{start + 70} {bend} {end - 70} {bend} {end} {b}"
            at = (start + (end - start) * (2 + nth % 2) // 5, (a + b + 6 * bend) // 8)
        else:
            middle = (start + end) // 2
            path = f"M{start} {a}C{middle} {a} {middle} {b} {end} {b}"
            at = (middle, (a + b) // 2 - 5)
    elif x2 == x1:
        a, b = (y1 + HIGH, y2) if y2 > y1 else (y1, y2 + HIGH)
        x = x1 + WIDE // 2 + (16 if y2 > y1 else -16)
        path = f"M{x} {a}L{x} {b}"
        at = (x + (44 if y2 > y1 else -44), (a + b) // 2 + 4)
    else:
        a, b = y1 + HIGH, y2 + HIGH
        low = max(a, b) + 16 + 6 * (nth % 3)
        sx, ex = x1 + WIDE // 3, x2 + 2 * WIDE // 3
        path = f"M{sx} {a}C{sx} {low} {ex} {low} {ex} {b}"
        at = ((sx + ex) // 2, low)
    return f'<g><path d="{path}" {line}/><text x="{at[0]}" y="{at[1]}" {style}>{said}</text></g>'
