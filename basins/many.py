"""Rows written by one statement, whatever their number: its text stays as short as for one."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models


@dataclass(frozen=True, slots=True)
class NewRows:
    """Rows for a model's table: their values are those of the columns, in that order.

    Text, numbers, dates, moments or None.
    """

    model: type[models.Model]
    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]

    @property
    def sql(self) -> str:
        table = f'"{self.model._meta.db_table}"'
        names = ", ".join(f'"{name}"' for name in self.columns)
        return (
            f"INSERT INTO {table} ({names}) SELECT {names}"
            f" FROM json_populate_recordset(NULL::{table}, %s)"
        )

    @property
    def parameter(self) -> str:
        # What is left out is NULL, as None is.
        given = [
            {
                name: value
                for name, value in zip(self.columns, row, strict=True)
                if value is not None
            }
            for row in self.rows
        ]
        return json.dumps(given, ensure_ascii=False, default=str)


def insert_new(cursor: Any, rows: NewRows, *returning: str) -> list[tuple[Any, ...]]:
    """Write those that are not there yet; returns the columns named of each that was written."""
    names = ", ".join(f'"{name}"' for name in returning)
    sql = f"{rows.sql} ON CONFLICT DO NOTHING RETURNING {names}"
    cursor.execute(sql, [rows.parameter])
    return cursor.fetchall()


def insert_both(cursor: Any, first: NewRows, second: NewRows) -> None:
    """Write the first rows, and then the second, which may refer to them."""
    # Counted, the first are all written before the second begin.
    cursor.execute(
        f"WITH first AS ({first.sql} RETURNING 1), written AS (SELECT count(*) FROM first)"
        f" {second.sql}, written",
        [first.parameter, second.parameter],
    )
