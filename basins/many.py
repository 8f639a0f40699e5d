"""Rows written by one INSERT, whatever their number: its text stays as short as for one."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models


def insert_rows(
    cursor: Any,
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Write the rows to the model's table: their values are those of the columns, in that order.

    Text, numbers, dates, moments or None.
    """
    table = f'"{model._meta.db_table}"'
    names = ", ".join(f'"{name}"' for name in columns)
    given = [dict(zip(columns, row, strict=True)) for row in rows]
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {names}"
        f" FROM json_populate_recordset(NULL::{table}, %s)",
        [json.dumps(given, ensure_ascii=False, default=str)],
    )
