"""Checks of the workflow: every state was reached by the table's moves, by the right persons."""

from collections.abc import Iterator
from itertools import groupby

from django.db.models import Model

from settlements.checks.base import Check, Context, rows
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
from settlements.workflow import MOVES, THINGS, Move

MODELS: dict[str, type[Model]] = {
    "notice": Notice,
    "month": AgreementMonth,
    "objection": Objection,
    "adjustment": Adjustment,
    "settlement": Settlement,
    "refusal": AmountRefusal,
    "payment": Payment,
    "fuse": FuseTrip,
}
TABLE: dict[tuple[str, str, str, str], Move] = {
    (m.thing, m.event, m.source, m.target): m for m in MOVES
}
TAKEN = """
SELECT thing, object_id, event, source, target, by_id FROM settlements_statemove
ORDER BY thing, object_id, id
"""
ONE_PERSON = """
SELECT '冲销申请', id FROM settlements_reversal
WHERE state = 'approved' AND approved_by_id = prepared_by_id
UNION ALL
SELECT '对账更正', id FROM settlements_correction
WHERE state = 'approved' AND approved_by_id = prepared_by_id
UNION ALL
SELECT '区划结转', id FROM settlements_carryover
WHERE state = 'approved' AND approved_by_id = prepared_by_id
UNION ALL
SELECT '签发申请', id FROM settlements_issuerequest
WHERE state = 'approved' AND approved_by_id = prepared_by_id
UNION ALL
SELECT '期初余额', id FROM settlements_openingbatch
WHERE state = 'approved' AND approved_by_id = prepared_by_id
ORDER BY 1, 2
"""


def states_moved_legally(context: Context) -> Iterator[str]:
    states = {
        thing: dict(model._default_manager.values_list("pk", "state"))
        for thing, model in MODELS.items()
    }
    found: list[tuple[str, int, str]] = []
    for (thing, pk), moves in groupby(rows(TAKEN), key=lambda row: row[:2]):
        state, wrong = _replayed(thing, [row[2:] for row in moves])
        found += [(thing, pk, words) for words in wrong]
        now = states.get(thing, {}).pop(pk, None)
        if now is not None and now != state:
            found.append((thing, pk, f"现为“{now}”，流程记录止于“{state}”"))
    for thing, left in states.items():
        found += [(thing, pk, f"现为“{state}”，没有流程记录") for pk, state in left.items()]
    names = _names(found)
    for thing, pk, words in found:
        yield f"{names.get((thing, pk), f'{THINGS.get(thing, thing)} #{pk}')}：{words}。"
    for what, pk in rows(ONE_PERSON):
        yield f"{what} #{pk}：登记和复核是同一人。"


def _replayed(thing: str, taken: list[tuple]) -> tuple[str, list[str]]:
    """The state the moves lead to, and what is wrong with them."""
    state, words = "", []
    doers: dict[str, int | None] = {}
    for event, source, target, by in taken:
        if source != state:
            words.append(f"“{event}”从“{source}”开始，当时应为“{state}”")
        move = TABLE.get((thing, event, source, target))
        if move is None:
            words.append(f"流程表中没有从“{source}”到“{target}”的“{event}”")
        elif move.who is not None and by is None:
            words.append(f"“{move.words}”没有经办人")
        elif move.not_by and by in (last := _last_doer(doers, move.not_by)) and last:
            words.append(f"“{move.words}”须由另一人办理")
        doers.pop(event, None)
        doers[event] = by  # the newest stands last
        state = target
    return state, words


def _last_doer(doers: dict[str, int | None], events: tuple[str, ...]) -> list[int | None]:
    return [by for event, by in doers.items() if event in events][-1:]


def _names(found: list[tuple[str, int, str]]) -> dict[tuple[str, int], str]:
    """What the things are called: one query a kind of thing."""
    names = {}
    for thing, model in MODELS.items():
        ids = {pk for kind, pk, _ in found if kind == thing}
        if not ids:
            continue
        related = [
            f.name
            for f in model._meta.fields
            if f.name in ("agreement", "month", "accrual", "jurisdiction", "payer", "payee")
            and f.is_relation
        ]
        for each in model._default_manager.filter(pk__in=ids).select_related(*related):
            names[thing, each.pk] = f"{THINGS[thing]} {each}"
    return names


LEGAL = Check(
    "states_moved_legally",
    "按流程办理",
    "月通报、月度、异议、调整、年度结算、付款和停下的重算，每个状态都由流程表的一步到达，"
    "须两人办理的由两人办理，现在的状态就是最后一步的。",
    states_moved_legally,
)
