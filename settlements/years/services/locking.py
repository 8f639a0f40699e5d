"""A year as it is, locked: its agreement first, then the year."""

from django.db import connection
from django.db.models import Model

from settlements.models import Agreement, Settlement


def _columns(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def _named(model: type[Model], alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in _columns(model))


# A year is locked once its join has found the agreement, which waits for its own lock; of both come
# the rows as they are when they are locked.
_LOCKED = f"""
WITH held AS MATERIALIZED (
    SELECT {_named(Agreement, "a")} FROM settlements_agreement a WHERE a.id = %s FOR NO KEY UPDATE)
SELECT {_named(Agreement, "held")}, {_named(Settlement, "s")}
FROM settlements_settlement s JOIN held ON held.id = s.agreement_id
WHERE s.id = %s FOR UPDATE OF s
"""


def locked(settlement: Settlement) -> Settlement:
    """The settlement and its agreement, locked in the order agreement, settlement, as they are now:
    1 SQL query. Raises Settlement.DoesNotExist."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCKED, [settlement.agreement_id, settlement.pk])
        row = cursor.fetchone()
    if row is None:
        raise Settlement.DoesNotExist(f"#{settlement.pk}")
    of_agreement = _columns(Agreement)
    found = Settlement.from_db("default", _columns(Settlement), row[len(of_agreement) :])
    found.agreement = Agreement.from_db("default", of_agreement, row[: len(of_agreement)])
    return found
