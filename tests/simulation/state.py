"""What the database holds: as one digest, and as facts that two runs can be compared by."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2.errors
from django.db import OperationalError, connection

# Kept by commits that are no part of any act.
LEFT_OUT = {"django_migrations", "django_session", "basins_signinsession", "spatial_ref_sys"}

_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname
"""
READINGS = "monitoring_reading"
_tables: dict[str, list[str]] = {}  # of each database


def fingerprint() -> dict[str, tuple[int, str]]:
    """Table → how many rows, and a sum of their hashes: equal where nothing at all changed."""
    with connection.cursor() as cursor:
        name = connection.settings_dict["NAME"]
        if name not in _tables:
            cursor.execute(_TABLES)
            _tables[name] = [t for (t,) in cursor.fetchall() if t not in LEFT_OUT]
        cursor.execute(
            " UNION ALL ".join(
                f"""SELECT '{table}', count(*),
                        COALESCE(sum(hashtextextended(t::text, 0)), 0)::text
                    FROM {_readings(cursor) if table == READINGS else f'"{table}"'} t"""
                for table in _tables[name]
            )
        )
        return {table: (count, total) for table, count, total in cursor.fetchall()}


def _readings(cursor) -> str:
    """The readings, of the months that have any: looking into all 240 takes most of the time."""
    cursor.execute(
        """SELECT relid::regclass::text FROM pg_partition_tree(%s)
           WHERE isleaf AND pg_relation_size(relid) > 0 ORDER BY 1""",
        [READINGS],
    )
    months = [f"SELECT * FROM {month}" for (month,) in cursor.fetchall()]
    return f"({' UNION ALL '.join(months) or f'SELECT * FROM {READINGS} LIMIT 0'})"


def changed(before: dict, after: dict) -> list[str]:
    """Tables that are not as they were."""
    return sorted(table for table in after if before.get(table) != after[table])


# Natural keys only: no ids, no times of this run, so that two worlds can be compared.
_FACTS = {
    "moves": """SELECT thing, event, source, target, u.username, count(*)
        FROM settlements_statemove m LEFT JOIN basins_user u ON u.id = m.by_id
        GROUP BY 1, 2, 3, 4, 5""",
    "entries": """SELECT e.year, e.number, e.cause, e.voucher, e.booked_on, e.effective_on,
        j.code, a.kind, p.yuan FROM settlements_journalentry e
        JOIN settlements_posting p ON p.entry_id = e.id
        JOIN settlements_ledgeraccount a ON a.id = p.account_id
        JOIN basins_jurisdiction j ON j.id = a.jurisdiction_id""",
    "payments": "SELECT voucher, kind, yuan, state, reversed_on FROM settlements_payment",
    "reversals": "SELECT state, why FROM settlements_reversal",
    "corrections": "SELECT state, why FROM settlements_correction",
    "carryovers": """SELECT c.state, c."on", c.document, l.yuan FROM settlements_carryover c
        JOIN settlements_carryoverline l ON l.carryover_id = c.id""",
    "slips": "SELECT sha256, name FROM settlements_paymentslip",
    "reductions": "SELECT yuan, why FROM settlements_fundreduction",
    "remarks": "SELECT text FROM settlements_adjustmentremark",
    "proofs": "SELECT sha256, name FROM settlements_verdictevidence",
    "samples": """SELECT s.report_number, s.reason, s.sha256, s.corrects_id IS NULL, v.value
        FROM settlements_labsample s LEFT JOIN settlements_labvalue v ON v.sample_id = s.id""",
    "issue_requests": "SELECT subject, papers, state, rejected_why FROM settlements_issuerequest",
    "statements": "SELECT as_of, yuan, our_yuan, note FROM settlements_balancestatement",
    "openings": "SELECT sha256, state FROM settlements_openingbatch",
    "notices": "SELECT month, state, year, number FROM settlements_notice",
    "months": """SELECT month, state, objection_until, (SELECT count(*)
        FROM settlements_monthconfirmation c WHERE c.month_id = m.id)
        FROM settlements_agreementmonth m""",
    "objections": "SELECT kind, state, decision, evidence_until FROM settlements_objection",
    "replies": "SELECT kind, text FROM settlements_objectionreply",
    "evidence": "SELECT item, sha256 FROM settlements_evidence",
    "rulings": "SELECT month, state, revoked_why FROM settlements_monthruling",
    "accruals": """SELECT period, state, month_state, water_class, complete
        FROM settlements_accrual""",
    "transfers": "SELECT yuan, reason FROM settlements_transfer",
    "adjustments": "SELECT state, cause, reason FROM settlements_adjustment",
    "fuses": "SELECT state, reasons FROM settlements_fusetrip",
    "years": "SELECT year, state, closed_on, cleared_on FROM settlements_settlement",
    "nets": "SELECT yuan FROM settlements_settlementnet",
    "signatures": """SELECT subject, document, void_at IS NULL
        FROM settlements_settlementsignature""",
    "readings": "SELECT sampled_at, origin, value, flag FROM {readings} r",
    "marks": "SELECT month FROM monitoring_dirtymonth",
    "means": "SELECT month, mean, valid FROM monitoring_monthlymean",
    "jobs": "SELECT kind, key, state FROM jobs_job",
    "told": "SELECT text, read_at IS NULL, mailed_at IS NULL FROM basins_notification",
    "figures": "SELECT name, period, value, superseded_at IS NULL FROM monitoring_observation",
    "verdicts": "SELECT sampled_at, origin, outcome, value_after FROM monitoring_verdict",
    "receipts": "SELECT u.username FROM settlements_noticereceipt JOIN basins_user u ON u.id = by_id",
    "reminders": "SELECT thing, day FROM settlements_reminder",
    "stars": "SELECT kind, code FROM basins_star",
    "deliveries": "SELECT rhythm, mail FROM basins_delivery",
    "papers": "SELECT kind, year, number, title FROM settlements_issuedpaper",
    "files": "SELECT format, sha256 FROM settlements_paperfile",
    "projects": "SELECT name, allotted FROM settlements_fundproject",
    "spendings": "SELECT yuan, spent_on, text, sha256 FROM settlements_fundspending",
    "measures": """SELECT kind, document_number, taken_on, report, lifted_on
        FROM settlements_measure""",
    "drafts": "SELECT title, state, ends, data FROM settlements_agreementdraft",
    "documents": "SELECT name, sha256 FROM settlements_draftdocument",
    "agreements": """SELECT a.code, a.state, t.number, t.rule, t.in_force
        FROM settlements_agreement a LEFT JOIN settlements_term t ON t.agreement_id = a.id""",
    "scenarios": """SELECT name, (SELECT string_agg((t ->> 'number') || ' ' || (t ->> 'since')
        || ' ' || COALESCE(t ->> 'until', ''), '; ')
        FROM jsonb_array_elements(terms) t) FROM settlements_scenario""",
    "calendar": "SELECT date, kind, name FROM basins_calendarday WHERE source = '测试'",
    "calendar_changes": "SELECT date, before, after FROM basins_calendarchange",
}


def facts() -> dict[str, list[str]]:
    """The database in facts without ids and times, sorted: the same after the same acts."""
    found = {}
    with connection.cursor() as cursor:
        for name, sql in _FACTS.items():
            if name == "readings":
                sql = sql.format(readings=_readings(cursor))
            cursor.execute(sql)
            found[name] = sorted(str(row) for row in cursor.fetchall())
    return found


class Abort(Exception):
    """What stops an act half-way, in place of a killed process."""


class Statements:
    """Counts the statements of an act; with `full_at` the disk is full at that one, with
    `stays` at each one from there on."""

    def __init__(self, full_at: int | None = None, *, stays: bool = False) -> None:
        self.full_at, self.stays, self.count = full_at, stays, 0

    def __call__(self, execute, sql, params, many, context):
        if "SAVEPOINT" in str(sql[:30]):  # only there because the act runs inside another one
            return execute(sql, params, many, context)
        self.count += 1
        if self.full_at and (
            self.count == self.full_at or (self.stays and self.count > self.full_at)
        ):
            cause = psycopg2.errors.DiskFull("could not extend file: No space left on device")
            raise OperationalError(str(cause)) from cause
        return execute(sql, params, many, context)


@contextmanager
def counted(full_at: int | None = None, *, stays: bool = False) -> Iterator[Statements]:
    """Inside, every statement of this connection is counted, and one may fail."""
    statements = Statements(full_at, stays=stays)
    with connection.execute_wrapper(statements):
        yield statements
