"""Telling those an event concerns, by the table of settlements.moving.told."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q

from basins.links import Link, to
from basins.models import Notification, Role, User
from basins.services.notifications import News, notify_all
from settlements.models import Settlement
from settlements.moving.acting import InOffice
from settlements.moving.notify import signatories
from settlements.moving.told import Telling, Whom, lines_of

SECOND = {
    Whom.BUREAU: Role.Code.BUREAU,
    Whom.BUREAU_SECOND: Role.Code.BUREAU,
    Whom.TREASURY: Role.Code.TREASURY,
    Whom.TREASURY_SECOND: Role.Code.TREASURY,
    Whom.ADMIN_SECOND: Role.Code.ADMIN,
}


@dataclass(frozen=True, slots=True)
class Event:
    """What is told, as `tell` was given it."""

    key: str
    again: bool
    lines: tuple[Telling, ...]
    sentences: tuple[str, ...]
    leads: Mapping[str, Link]
    by: int | None
    # Whom a line names: jurisdictions by the kind of people told there, and people.
    officials: Mapping[Whom, frozenset[int]]
    signers: Mapping[Whom, frozenset[int]]
    persons: frozenset[int]


_together: ContextVar[list[Event] | None] = ContextVar("told_together", default=None)


@contextmanager
def told_together() -> Iterator[None]:
    """What is told inside is told at the end, in its order: people are looked up once, and all is
    written at once. Inside a transaction; where it is left by an error nothing is told."""
    if _together.get() is not None:  # the one outside tells it
        yield
        return
    events: list[Event] = []
    token = _together.set(events)
    try:
        yield
    finally:
        _together.reset(token)
    _deliver(events)


def tell(
    event: str,
    *pages: Link,
    about: int | str,
    by: User | None = None,
    parties: Iterable[int] = (),
    own: int | None = None,
    payers: Iterable[int] = (),
    payees: Iterable[int] = (),
    persons: Iterable[int | None] = (),
    again: bool = False,
    **said: object,
) -> int:
    """Tell everyone the table names for the event; returns to how many it was news (0 within
    `told_together`, where nobody knows yet).

    `pages`: the pages its lines lead to, each found by its name. `about`: what makes this event
    another than the next of its kind, usually an id; `again` where the same may happen to the same
    thing once more (called while that is locked). `parties`, `payers`, `payees`: ids of jurisdictions,
    `own` the one that acted; `persons`: ids of people who asked for, prepared or stated it. `said`
    fills the sentences. Whoever did it (`by`) is not told. Raises KeyError for an event, a page or
    words that the table and the call do not both have.
    """
    lines = tuple(lines_of(event))
    all_parties = frozenset(parties)
    leads = {page.name: page for page in pages}
    told = Event(
        key=f"{event}:{about}",
        again=again,
        lines=lines,
        sentences=tuple(sentence(line, by, said) for line in lines),
        leads={line.page: leads[line.page] for line in lines},
        by=by.pk if by is not None else None,
        officials={Whom.PARTIES: all_parties, Whom.OTHERS: all_parties - {own}},
        signers={
            Whom.SIGNERS: all_parties,
            Whom.OTHER_SIGNERS: all_parties - {own},
            Whom.PAYERS: frozenset(payers),
            Whom.PAYEES: frozenset(payees),
        },
        persons=frozenset(pk for pk in persons if pk is not None),
    )
    if (events := _together.get()) is not None:
        events.append(told)
        return 0
    return _deliver([told])


def _deliver(events: Sequence[Event]) -> int:
    """To how many it was news: 4 SQL queries at most, whatever is told."""
    if not events:
        return 0
    office = InOffice.now()
    speakers = office.persons_of(
        {
            place
            for event in events
            for line in event.lines
            for place in event.signers.get(line.whom, ())
        }
    )
    numbers = _told_before([event.key for event in events if event.again])
    news: list[News] = []
    for event in events:
        key = f"{event.key}:{numbers[event.key] + 1}" if event.again else event.key
        own = _news_of(event, key, office, speakers)
        if event.again and own:
            numbers[event.key] += 1
        news += own
    return notify_all(news)


def _news_of(
    event: Event, key: str, office: InOffice, speakers: Mapping[int, list[int]]
) -> list[News]:
    """The event's lines in order: nobody is told by two of them."""
    told = {event.by}
    news = []
    for line, text in zip(event.lines, event.sentences, strict=True):
        users: set[int | None]
        if line.whom is Whom.PERSONS:
            users = set(event.persons)
        elif line.whom in SECOND:
            users = set(office.of_role(SECOND[line.whom]))
            if line.whom is Whom.ADMIN_SECOND:  # who had a hand in it
                users -= event.persons
        elif line.whom in event.signers:
            users = {pk for at in event.signers[line.whom] for pk in speakers.get(at, ())}
        else:
            there = office.of_places([Role.Code.DISTRICT], event.officials[line.whom])
            users = {pk for ids in there.values() for pk in ids}
        if fresh := {pk for pk in users - told if pk is not None}:
            news.append(News(frozenset(fresh), key, text, event.leads[line.page]))
            told |= fresh
    return news


def tell_of_year(event: str, settlement: Settlement, *, by: User | None = None, **more) -> int:
    """Of a step of an agreement's year: its parties among those the table names."""
    agreement = settlement.agreement
    return tell(
        event,
        to("settlement", agreement.code, settlement.year),
        about=settlement.pk,
        by=by,
        parties=[p.jurisdiction_id for p in signatories(agreement=agreement)],
        again=True,
        settlement=settlement,
        **more,
    )


def sentence(line: Telling, by: User | None, said: dict[str, object]) -> str:
    """What a line says. Raises KeyError for words that the event does not give."""
    return line.sentence.format_map({"by": by, **said})


def _told_before(prefixes: Collection[str]) -> dict[str, int]:
    """How many keys with each prefix were told: what may be told again in the same words (each move
    of a deadline) is news each time. Called while what moves is locked."""
    keys: dict[str, set[str]] = {prefix: set() for prefix in prefixes}
    if keys:
        any_of = reduce(or_, (Q(key__startswith=f"{prefix}:") for prefix in keys))
        for key in (
            Notification.objects.filter(any_of).order_by().values_list("key", flat=True).distinct()
        ):
            for prefix, own in keys.items():
                if key.startswith(f"{prefix}:"):
                    own.add(key)
    return {prefix: len(own) for prefix, own in keys.items()}
