"""The data version: nothing can forget to raise it, and no commit in any order leaves it as it was."""

from itertools import permutations

import psycopg2
import pytest
from django.core.cache import caches
from django.db import connection, transaction

from basins.access import Viewer
from basins.models import River, User
from basins.services.stars import follow, looked_at, unfollow
from basins.version import TRIGGER, data_version, gather_marks, tables_aside, unmarked
from dashboard.frame.kept import part
from settlements.tasks import recompute

VIEWER = Viewer(user_id=1, role="bureau", jurisdiction_id=None, jurisdiction_code=None)


def tables() -> list[str]:
    """Every table of ours, partitions too."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')
               AND relnamespace = 'public'::regnamespace
               AND relname ~ '^(basins|monitoring|settlements)_' ORDER BY 1"""
        )
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.django_db
def test_a_statement_on_any_table_raises_it_but_on_those_that_stand_aside():
    with connection.cursor() as cursor:
        cursor.execute("SELECT monitoring_ensure_partition('2031-05-01')")
    names = tables()
    assert {"settlements_payment", "monitoring_reading_2031_05", "basins_user_groups"} < set(names)
    silent = set()
    for name in names:
        before = data_version()
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
                   WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
                       AND attgenerated = ''""",
                [name],
            )
            (columns,) = cursor.fetchone()
            cursor.execute(
                f'INSERT INTO "{name}" ({columns}) OVERRIDING SYSTEM VALUE'
                f' SELECT {columns} FROM "{name}" WHERE false'
            )
        if data_version() == before:
            silent.add(name)
    assert silent == set(tables_aside())
    assert list(unmarked()) == []


@pytest.mark.django_db
def test_every_kind_of_statement_raises_it():
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = %s
               AND tgrelid <> 'basins_star'::regclass""",
            [TRIGGER],
        )
        found = {definition.split(" ON ")[0] for (definition,) in cursor.fetchall()}
    assert found == {f"CREATE TRIGGER {TRIGGER} AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE"}


@pytest.mark.django_db
def test_what_is_taken_back_is_the_version_before_and_never_one_there_was_meanwhile():
    seen = [data_version()]
    for name in ("甲", "乙"):
        with transaction.atomic():
            River.objects.create(code=name, name=name)
            seen.append(data_version())
            transaction.set_rollback(True)
        assert data_version() == seen[0]
    assert len(set(seen)) == 3


@pytest.mark.django_db
def test_a_sweep_that_finds_nothing_and_a_look_at_what_one_follows_raise_nothing():
    user = User.objects.create(username="x")
    follow(user=user, kind="river", code="X")
    recompute()
    before = data_version()
    recompute()
    assert looked_at(user=user, kind="river", code="X")
    assert data_version() == before
    unfollow(user=user, kind="river", code="X")
    assert data_version() != before


class Another:
    """A connection of its own, which commits when it is told to."""

    def __init__(self):
        given = connection.get_connection_params()
        self.session = psycopg2.connect(
            **{
                k: v
                for k, v in given.items()
                if k in ("dbname", "user", "host", "port", "password")
            }
        )

    def write(self, code: str) -> None:
        with self.session.cursor() as cursor:
            cursor.execute(
                "INSERT INTO basins_river (code, name, name_en, level, schematic, confidence, source)"
                " VALUES (%s, %s, '', 0, false, 'C', '')",
                [code, code],
            )


@pytest.fixture
def others(committed):
    made = [Another() for _ in range(3)]
    yield made
    for each in made:
        each.session.close()


def test_changes_begun_in_one_order_and_committed_in_any_are_each_seen(others):
    """A counter taken when a change begins would count one that is not to be seen yet."""
    seen = [data_version()]
    for turn, order in enumerate(permutations(range(3))):
        for place, each in enumerate(others):
            each.write(f"{turn}-{place}")
        assert data_version() == seen[-1]  # nothing is committed
        for place in order:
            others[place].session.commit()
            seen.append(data_version())
    assert len(set(seen)) == len(seen) == 19


def test_a_transaction_that_has_written_keeps_nothing_for_others(others):
    first, second, _ = others
    before = data_version()
    first.write("甲")
    with first.session.cursor() as cursor:
        cursor.execute("SELECT coalesce(bit_xor(mark), 0) FROM basins_datamark")
        (own,) = cursor.fetchone()
    first.session.rollback()
    second.write("乙")
    second.session.commit()
    assert len({before, own, data_version()}) == 3


def rivers() -> list[str]:
    return sorted(River.objects.values_list("code", flat=True))


def test_a_part_computed_while_others_commit_is_not_given_out_for_what_they_committed(others):
    """The commit falls before, between and after what the part reads; each next one sees it."""
    first, second, third = others
    caches["kept"].clear()
    first.write("甲")
    second.write("乙")

    def slow() -> tuple[list[str], list[str]]:
        before = rivers()
        first.session.commit()  # seen by the second half alone
        after = rivers()
        second.session.commit()  # by none
        return before, after

    torn = part("rivers", VIEWER, slow)
    assert torn == ([], ["甲"])
    assert part("rivers", VIEWER, lambda: (rivers(), rivers())) == (["乙", "甲"], ["乙", "甲"])
    third.write("丙")
    assert part("rivers", VIEWER, lambda: "computed again")[0] == ["乙", "甲"]
    third.session.commit()
    assert part("rivers", VIEWER, lambda: "computed again") == "computed again"


def test_gathering_many_marks_changes_nothing_also_while_others_write(others):
    first, second, _ = others
    for n in range(120):
        River.objects.create(code=str(n), name=str(n))
    first.write("甲")
    before = data_version()
    assert gather_marks() == 120
    assert (data_version(), gather_marks()) == (before, 1)
    first.session.commit()
    assert data_version() != before
    second.write("乙")
    second.session.rollback()
    assert gather_marks() == 2
