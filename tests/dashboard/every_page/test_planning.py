"""Each connection plans joins briefly, after what it did was taken back too."""

import pytest
from django.db import connection

from dashboard.frame.planning import ORDERED_FREELY


@pytest.mark.django_db
def test_a_new_connection_looks_through_the_orders_of_few_joins():
    new = connection.copy()
    try:
        with new.cursor() as cursor:
            for sql in ("SELECT 1", "BEGIN", "SELECT 2", "ROLLBACK"):
                cursor.execute(sql)
            cursor.execute("SHOW join_collapse_limit")
            assert int(cursor.fetchone()[0]) == ORDERED_FREELY < 8
    finally:
        new.close()
