"""What the rows of a table were, as known at a past moment. Source: the audit trail."""

from datetime import datetime
from typing import Any

from django.db import models

from basins.audit import audited_of

# The last record of each row up to the moment; a row that ended with a delete is not live.
# A row that was there before the history began (B) counts as known since always.
KNOWN = """
SELECT r.* FROM (
    SELECT DISTINCT ON (key) key, op, after FROM basins_auditrecord
    WHERE "table" = {of} AND (at <= {at} OR op = 'B')
    ORDER BY key, id DESC
) last, jsonb_populate_record(NULL::{table}, last.after) r
WHERE last.op <> 'D'
"""


def relation_as_known(model: type[models.Model]) -> str:
    """The model's table as known at `%(known_at)s`, to stand in an SQL statement for the table.

    LookupError: no history is kept.
    """
    table = _audited_table(model)
    return "(" + KNOWN.format(of=f"'{table}'", at="%(known_at)s", table=f'"{table}"') + ")"


def as_known(model: type[models.Model], at: datetime, **equal: Any) -> list[dict[str, Any]]:
    """Rows of the model's table that were live at `at`, in the order of their keys.

    Each is {attribute: value} in the model's own types, foreign keys as `…_id`. `equal` keeps
    those whose attribute had that value then: `as_known(Target, at, section_id=3)`. A field
    whose history is not kept is None, a masked one holds its digest; so does a column made
    after `at`. 1 SQL query over index audit_by_object. LookupError: no history is kept.
    """
    table = _audited_table(model)
    columns = {field.attname: str(field.column) for field in model._meta.concrete_fields}
    sql, given = KNOWN.format(of="%s", at="%s", table=f'"{table}"'), [table, at]
    for name, value in equal.items():
        sql += f' AND r."{columns[name]}" = %s'
        given.append(value)
    key = columns[model._meta.pk.attname]
    rows = model._base_manager.raw(f'{sql} ORDER BY r."{key}"', given)
    return [{name: row.__dict__.get(name) for name in columns} for row in rows]


def _audited_table(model: type[models.Model]) -> str:
    kept = audited_of(model)
    if kept is None:
        raise LookupError(f"{model._meta.label} keeps no history: decorate it with @audited.")
    return kept.table
