"""Several questions in one SQL statement: each waits for no other, and all see the same moment."""

import json
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler
from psycopg2.extensions import UNICODE, string_types

Rows = list[tuple[Any, ...]]


def read_together(*asked: QuerySet[Any, Any]) -> None:
    """Evaluate the querysets, none of them evaluated before, by one SQL query (and those of their
    prefetches): afterwards each is iterated without one.

    Locks (`select_for_update`) are not taken this way.
    """
    compilers: list[SQLCompiler] = [each.query.get_compiler(each.db) for each in asked]
    found: list[Rows] = [[] for _ in asked]
    parts: list[str] = []
    parameters: list[Any] = []
    of_part: list[int] = []
    for place, (each, compiler) in enumerate(zip(asked, compilers, strict=True)):
        if each.query.select_for_update:
            raise ValueError("A row is locked by a query of its own.")
        try:
            sql, own = compiler.as_sql()
        except EmptyResultSet:
            continue
        parts.append(_part(sql, len(compiler.select)))
        parameters += own
        of_part.append(place)
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(parts)}", parameters)
            for place, text in zip(of_part, cursor.fetchone(), strict=True):
                found[place] = _values(text, cursor.cursor)
    for each, compiler, rows in zip(asked, compilers, found, strict=True):
        _fill(each, compiler, rows)


def _part(sql: str, width: int) -> str:
    """The answer as one text: its types, and its rows in their order with each value as text."""
    names = [f"c{n}" for n in range(width)]
    types = ", ".join(f"max(pg_typeof({name})::oid::bigint)" for name in names)
    texts = ", ".join(f"{name}::text" for name in names)
    return (
        f"(SELECT json_build_array(json_build_array({types}),"
        f" COALESCE(json_agg(json_build_array({texts})), '[]'))::text"
        f" FROM ({sql}) one({', '.join(names)}))"
    )


def _values(text: str, cursor: Any) -> Rows:
    """As the driver reads them."""
    types, rows = json.loads(text)
    own = connection.connection.string_types
    casts = [own.get(oid) or string_types.get(oid, UNICODE) for oid in types]
    return [
        tuple(cast(value, cursor) for cast, value in zip(casts, row, strict=True)) for row in rows
    ]


def _fill(asked: QuerySet[Any, Any], compiler: SQLCompiler, rows: Rows) -> None:
    """Let the queryset make of the rows what it makes of those of its own query."""
    own = asked.query
    read = own.chain()
    compiler.execute_sql = lambda *_, **__: [rows]  # type: ignore[method-assign, assignment]
    read.get_compiler = lambda *_, **__: compiler  # type: ignore[method-assign]
    # Not by `query`: setting that would make dicts of tuples.
    asked._query = read  # type: ignore[attr-defined]
    try:
        len(asked)
    finally:
        asked._query = own  # type: ignore[attr-defined]
