"""Telling those an event concerns, by the table of settlements.moving.told."""

from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction

from basins.clock import today
from basins.links import Link, to
from basins.models import Notification, Role, User
from basins.services.notifications import notify
from settlements.models import Settlement
from settlements.moving.acting import persons_of
from settlements.moving.notify import signatories
from settlements.moving.told import Telling, Whom, lines_of

SECOND = {
    Whom.BUREAU: Role.Code.BUREAU,
    Whom.BUREAU_SECOND: Role.Code.BUREAU,
    Whom.TREASURY: Role.Code.TREASURY,
    Whom.TREASURY_SECOND: Role.Code.TREASURY,
    Whom.ADMIN_SECOND: Role.Code.ADMIN,
}


@transaction.atomic
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
    """Tell everyone the table names for the event; returns to how many it was news.

    `pages`: the pages its lines lead to, each found by its name. `about`: what makes this event
    another than the next of its kind, usually an id; `again` where the same may happen to the same
    thing once more (called while that is locked). `parties`, `payers`, `payees`: ids of jurisdictions,
    `own` the one that acted; `persons`: ids of people who asked for, prepared or stated it. `said`
    fills the sentences. Whoever did it (`by`) is not told. Raises KeyError for an event, a page or
    words that the table and the call do not both have.
    """
    key = f"{event}:{about}"
    if again:
        key = next_key(key)
    leads = {page.name: page for page in pages}
    all_parties = set(parties)
    named = {
        Whom.PARTIES: all_parties,
        Whom.OTHERS: all_parties - {own},
    }
    signers = {
        Whom.SIGNERS: all_parties,
        Whom.OTHER_SIGNERS: all_parties - {own},
        Whom.PAYERS: set(payers),
        Whom.PAYEES: set(payees),
    }
    told: set[int] = {by.pk} if by is not None else set()
    news = 0
    lines = lines_of(event)
    whom = {line.whom for line in lines}
    officials = officials_of(set().union(*named.values())) if whom & named.keys() else {}
    speakers = persons_of(set().union(*signers.values())) if whom & signers.keys() else {}
    for line in lines:
        if line.whom is Whom.PERSONS:
            users = {pk for pk in persons if pk is not None}
        elif line.whom in SECOND:
            users = set(people_of(SECOND[line.whom]))
            if line.whom is Whom.ADMIN_SECOND:  # who had a hand in it
                users -= {pk for pk in persons if pk is not None}
        elif line.whom in signers:
            users = {pk for place in signers[line.whom] for pk in speakers.get(place, ())}
        else:
            users = {pk for place in named[line.whom] for pk in officials.get(place, ())}
        if fresh := users - told:
            news += notify(
                users=fresh, key=key, text=sentence(line, by, said), link=leads[line.page]
            )
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


def officials_of(jurisdictions: Iterable[int]) -> dict[int, list[int]]:
    """Jurisdiction id → ids of its officials in office today: 1 SQL query, none for nobody."""
    places = set(jurisdictions)
    found: dict[int, list[int]] = defaultdict(list)
    if not places:
        return {}
    for place, user in (
        Role.objects.filter(
            role=Role.Code.DISTRICT,
            jurisdiction__in=places,
            in_force__contains=today(),
            user__is_active=True,
        )
        .order_by("user")
        .values_list("jurisdiction_id", "user_id")
    ):
        found[place].append(user)
    return dict(found)


def people_of(role: str) -> list[int]:
    """Ids of those who hold the role today: 1 SQL query."""
    return list(
        Role.objects.filter(role=role, in_force__contains=today(), user__is_active=True)
        .order_by("user")
        .values_list("user_id", flat=True)
    )


def next_key(prefix: str) -> str:
    """A key for what may be told again in the same words: each move of a deadline is news.

    Called while what moves is locked.
    """
    told = Notification.objects.filter(key__startswith=f"{prefix}:")
    return f"{prefix}:{told.values('key').distinct().count() + 1}"
