"""What a named check is: a stable name, a title and a sentence, and how it finds what breaks it.

Stored content that cannot be read breaks the check that reads it, by the row's name; it never ends the
run (`each`, `answer`).
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from django.db import DatabaseError, connection, transaction

from basins.malformed import MALFORMED, words_of
from settlements.ledger.books.books import Books, verify
from settlements.ledger.books.found import Promise

log = logging.getLogger(__name__)
T = TypeVar("T")
MOST = 20  # findings that are named; of the rest only how many there are


class Context:
    """What several checks of one run look at, read once."""

    @cached_property
    def books(self) -> Books:
        return verify()

    def broken(self, promise: Promise) -> Iterator[str]:
        """What the verification of the books found of one promise."""
        for each in self.books.broken:
            if each.promise is promise:
                yield f"{each.entry}：{each.problem}"


@dataclass(frozen=True, slots=True)
class Check:
    """`title`, `sentence`: Chinese. `find` names each thing that breaks it: entry, agreement,
    month. `at_one_moment`: whether nothing may be booked or computed between two of its queries."""

    name: str
    title: str
    sentence: str
    find: Callable[[Context], Iterable[str]]
    at_one_moment: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """One check's answer. `found` names at most MOST things and says how many more there are."""

    check: Check
    found: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.found

    def to_json(self) -> dict[str, Any]:
        return {"name": self.check.name, "ok": self.ok, "found": list(self.found)}


def answer(check: Check, context: Context) -> Result:
    """What the check finds; where it cannot read something nobody named, that it stopped there."""
    named: list[str] = []
    more = 0
    try:
        with transaction.atomic():  # a refused query ends this check alone
            for found in check.find(context):
                if len(named) < MOST:
                    named.append(found)
                else:
                    more += 1
    except (*MALFORMED, DatabaseError) as error:
        log.exception("check %s stopped", check.name)
        named.append(f"检查到此中断，有存放的内容读不出：{words_of(error)}。")
    if more:
        named.append(f"另有 {more} 处。")
    return Result(check, tuple(named))


def each(
    things: Iterable[T], named: Callable[[T], str], find: Callable[[T], Iterable[str]]
) -> Iterator[str]:
    """What `find` finds of each thing; one whose content cannot be read is named instead."""
    for thing in things:
        try:
            yield from list(find(thing))
        except MALFORMED as error:
            yield unreadable(named(thing), error)


def unreadable(name: str, error: Exception) -> str:
    return f"{name}：存放的内容读不出（{words_of(error)}）。"


def of_the_books(promise: Promise) -> Callable[[Context], Iterable[str]]:
    """A check that the verification of the books answers."""
    return lambda context: context.broken(promise)


def rows(sql: str, **given: Any) -> list[tuple]:
    """All rows of one SQL query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return cursor.fetchall()
