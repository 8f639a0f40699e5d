"""What is still being written while programs read: told the next time, never missed."""

from django.db import connection

from basins.access import Viewer
from monitoring.sections.queries.values import Wanted, value_page


def test_an_answer_is_complete_only_until_the_first_transaction_that_is_still_open(committed):
    """Its readings will say when it began, and come after this answer."""
    asking = Viewer(user_id=0, role="bureau", jurisdiction_id=None, jurisdiction_code=None)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT now()")
            (began,) = cursor.fetchone()
            assert value_page(asking, Wanted(), after=None, limit=1).complete_until == began
            cursor.execute("COMMIT")
    finally:
        other.close()
    assert value_page(asking, Wanted(), after=None, limit=1).complete_until > began
