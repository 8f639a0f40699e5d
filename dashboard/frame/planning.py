"""How long the database may look for the best order of a page's joins."""

from typing import Any

# Pages follow keys through up to twelve tables, in an order that is good as it is written. Planning all
# orders of eight (PostgreSQL's default) took longer than answering; of five it takes a fifth of a page's
# time in the database less.
ORDERED_FREELY = 5


def plan_briefly(connection: Any, **_: Any) -> None:
    """Receiver of connection_created."""
    with connection.cursor() as cursor:
        cursor.execute("SET join_collapse_limit = %s", [ORDERED_FREELY])
