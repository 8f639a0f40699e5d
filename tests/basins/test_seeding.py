"""Who may say when something was recorded, or that somebody was in office before: one seeding of an
empty database, in its transaction. Everybody else is refused, by SQL."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from basins.models import AuditRecord, River, Role, Seeding, User
from basins.ranges import between
from basins.seeding import on, recorded_at, seeding
from jobs.acting import acting
from monitoring.models import Reading
from tests.worlds import Border

LONG_AGO = datetime(2019, 3, 4, 2, tzinfo=UTC)
OPEN = "INSERT INTO basins_seeding (id, started_at, transaction) VALUES (1, now(), 0)"
CLOSE = "UPDATE basins_seeding SET ended_at = now()"


def sql(*statements: str) -> None:
    """One transaction of raw SQL, with what is asked at its end."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def told(statement: str) -> tuple[str, ...]:
    """The statement by somebody who tells the database what a seeding tells it."""
    return (
        "SELECT set_config('rivers.moment', '2019-03-04 10:00+08', true),"
        """ set_config('rivers.acting', '{"established": true}', true)""",
        statement,
    )


# An empty database ---------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_seeding_of_an_empty_database_is_recorded_when_it_happens():
    with seeding():
        with acting(established=True):
            user = User.objects.create(username="official")
            Role.objects.create(user=user, role="bureau", in_force=between(date(2018, 1, 1)))
        with recorded_at(date(2019, 3, 4)):
            River.objects.create(code="A", name="甲河")
        with recorded_at(on(date(2019, 3, 5), 16)):
            River.objects.filter(code="A").update(name="乙河")
    records = AuditRecord.objects.filter(table="basins_river").order_by("pk")
    assert [(r.op, r.at) for r in records] == [
        ("I", LONG_AGO), ("U", datetime(2019, 3, 5, 8, tzinfo=UTC)),
    ]  # fmt: skip
    # Each moment stands for a transaction of its own.
    assert len({r.transaction for r in records}) == 2
    assert AuditRecord.objects.get(table="basins_role").op == "B"


@pytest.mark.django_db
def test_nothing_is_recorded_later_than_it_was_seeded():
    with seeding(), recorded_at(date(2999, 1, 1)):
        River.objects.create(code="A", name="甲河")
    assert AuditRecord.objects.get(table="basins_river").at <= datetime.now(UTC)


@pytest.mark.django_db
def test_after_its_end_the_clock_counts_in_the_same_transaction_too():
    with seeding():
        pass
    with recorded_at(date(2019, 3, 4)):
        River.objects.create(code="A", name="甲河")
    assert AuditRecord.objects.get(table="basins_river").at > LONG_AGO
    user = User.objects.create(username="official")
    with acting(established=True), pytest.raises(IntegrityError, match="今天以前"):
        Role.objects.create(user=user, role="bureau", in_force=between(date(2018, 1, 1)))


@pytest.mark.django_db
def test_a_seeding_that_does_not_end_does_not_commit():
    with pytest.raises(IntegrityError, match="没有结束"):
        sql(OPEN)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        OPEN.replace("(1,", "(2,"),
        "UPDATE basins_seeding SET ended_at = NULL",
        CLOSE,
        "UPDATE basins_seeding SET transaction = pg_current_xact_id()::text::bigint",
        "DELETE FROM basins_seeding",
        "TRUNCATE basins_seeding",
    ],
)
def test_it_is_never_opened_again_changed_or_taken_out(statement):
    sql(OPEN, CLOSE)
    with pytest.raises(IntegrityError):
        sql(statement)
    assert Seeding.objects.get().ended_at is not None


@pytest.mark.django_db
def test_it_is_there_once():
    sql(OPEN, CLOSE)
    with pytest.raises(IntegrityError):
        sql(OPEN)


# A database with something in it --------------------------------------------------------------


@pytest.mark.django_db
def test_where_somebody_is_no_seeding_begins():
    User.objects.create(username="somebody")
    with pytest.raises(IntegrityError, match="已有人员"):
        sql(OPEN, CLOSE)


@pytest.mark.django_db
def test_where_there_are_sections_or_agreements_no_seeding_begins():
    border = Border.make(with_agreement=False)
    with pytest.raises(IntegrityError, match="已有断面或监测数据"):
        sql(OPEN, CLOSE)
    assert border.section.pk
    sql("ALTER TABLE basins_seeding DISABLE TRIGGER seeding_finds_nothing_monitored")
    sql("INSERT INTO settlements_agreement (code, title, river_id, state, source, confidence)"
        " SELECT 'A', '协议', min(id), 'active', '', 'C' FROM basins_river")  # fmt: skip
    with pytest.raises(IntegrityError, match="已有协议"):
        sql(OPEN, CLOSE)


@pytest.fixture
def measured(border, people) -> Border:
    border.assessed("2023-05", "III")
    return border


READING = """INSERT INTO monitoring_reading (section_id, indicator_id, sampled_at, origin, value
    {column}) SELECT section_id, indicator_id, sampled_at + interval '7 minutes', origin, value
    {value} FROM monitoring_reading LIMIT 1"""
OBSERVATION = """INSERT INTO monitoring_observation (section_id, name, period, yearly, value, unit,
    source, recorded_by_id {column}) SELECT s.id, 'flow', '2023-05-01', false, 1, '', '', u.id
    {value} FROM monitoring_section s, basins_user u LIMIT 1"""
GIVEN = {"column": ", recorded_at", "value": ", '2019-03-04 10:00+08'::timestamptz"}
BY_DEFAULT = {"column": "", "value": ""}


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (READING.format(**GIVEN), "入库时间"),
        ("""INSERT INTO monitoring_readingrevision (section_id, indicator_id, sampled_at, origin,
            value, below_limit, flag, known_from, known_to) SELECT section_id, indicator_id,
            sampled_at, origin, 99, false, 'N', '2019-03-04', now() FROM monitoring_reading LIMIT 1""",
         "知悉时间"),
        (OBSERVATION.format(**GIVEN), "录入时间"),
        ("""INSERT INTO basins_auditrecord (at, "table", key, op, after, who, address, act, path, why,
            database_role, transaction) SELECT '2019-03-04', 'settlements_party', key, 'I', after, '',
            '', '', '', '', session_user, 1 FROM basins_auditrecord
            WHERE "table" = 'settlements_party' LIMIT 1""",
         "由触发器记下"),
        ("""SELECT basins_audit_all('settlements_party', 'B', 'id', '', '')""", "由触发器记下"),
        ("""INSERT INTO monitoring_markworked (section_id, month, waiting_since, worked_at, transaction)
            SELECT id, '2023-05-01', '2019-03-04', '2019-03-04', 1 FROM monitoring_section LIMIT 1""",
         "由触发器记录"),
        ("""INSERT INTO settlements_accrualversion (accrual_id, term_section_id, period, yearly,
            month_state, transfers, rule_revision, input_digest, known_from, transaction)
            SELECT 1, id, '2023-05-01', false, 'met', '[]', 1, '', '2019-03-04', 1
            FROM settlements_termsection LIMIT 1""",
         "由触发器记录"),
        ("""INSERT INTO settlements_statemove (thing, object_id, event, source, target, at, stored_at,
            note) VALUES ('month', 1, 'publish', '', 'published', '2019-03-04', '2019-03-04', '')""",
         "由触发器记录"),
        ("INSERT INTO basins_role (user_id, role, in_force) SELECT id, 'bureau', '[2018-01-01,)'"
         " FROM basins_user WHERE username = 'nobody'", "今天以前"),
        ("UPDATE basins_role SET role = 'admin' WHERE role = 'bureau'", "只有止日可以改"),
        ("DELETE FROM basins_role", "在今天以前已开始"),
        (OPEN, "不能载入演示数据"),
    ],
)  # fmt: skip
def test_telling_what_a_seeding_tells_helps_nobody_on_a_filled_database(measured, statement, why):
    with pytest.raises(IntegrityError, match=why):
        sql(*told(statement))


def test_what_is_stored_without_a_time_is_recorded_by_the_clock_whatever_is_told(measured):
    sql(*told(READING.format(**BY_DEFAULT)))
    assert Reading.objects.latest("pk").recorded_at > LONG_AGO
    sql(*told("UPDATE monitoring_reading SET value = value + 1, recorded_at = '2019-03-04'"))
    assert not Reading.objects.filter(recorded_at__lte=LONG_AGO).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(known_to) FROM monitoring_readingrevision")
        assert cursor.fetchone()[0] > LONG_AGO


def test_a_figure_is_neither_entered_nor_corrected_before_now(measured):
    sql(*told(OBSERVATION.format(**BY_DEFAULT)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT recorded_at FROM monitoring_observation")
        assert cursor.fetchone()[0] > LONG_AGO
    with pytest.raises(IntegrityError, match="更正时间"):
        sql(*told("UPDATE monitoring_observation SET superseded_at = recorded_at - interval '1 day',"
                  " superseded_by_id = recorded_by_id"))  # fmt: skip


def test_what_is_said_to_be_established_is_recorded_as_new(measured):
    sql(*told("INSERT INTO basins_river (code, name, name_en, level, schematic, source, confidence)"
              " VALUES ('B', '乙河', '', 1, true, '', 'C')"))  # fmt: skip
    record = AuditRecord.objects.filter(table="basins_river").latest("pk")
    assert (record.op, record.at > LONG_AGO, record.transaction > 0) == ("I", True, True)
