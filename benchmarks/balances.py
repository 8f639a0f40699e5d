"""80 balances as of a date: year and month nets and tail against the join over all postings.

    .venv/bin/python benchmarks/balances.py [ENTRIES] [--json]

Twelve years of entries over 80 accounts, made once in the benchmarks' own database; both ways
must give the same. The aim is a ratio of at most 0.02.
"""

from datetime import date, timedelta
from statistics import median

from bench import number, set_up, timed, told

set_up()

from django.db import connection  # noqa: E402

from settlements.ledger.balances import balances  # noqa: E402

ENTRIES = number(200_000)
ACCOUNTS, FIRST, RUNS = 80, date(2014, 1, 1), 9
DAYS = 365 * 12
AS_OF = FIRST + timedelta(days=DAYS - 200)

# The triggers would take a minute: rows are made without them, nets as they make them.
MAKE = """
SET session_replication_role = replica;
INSERT INTO basins_jurisdiction (code, name, short_name, name_en, level, sort_key)
    SELECT 'BENCH' || n, '区' || n, '区' || n, '', 'district', 'bench' || n
    FROM generate_series(1, %(accounts)s) n;
INSERT INTO settlements_ledgeraccount (jurisdiction_id, kind, opened_on)
    SELECT id, 'compensation', %(first)s FROM basins_jurisdiction WHERE code LIKE 'BENCH%%';
INSERT INTO settlements_journalentry (year, number, booked_on, effective_on, cause, voucher, text,
        booked_at, hash_version, previous_hash, hash)
    SELECT extract(year FROM d), row_number() OVER (PARTITION BY extract(year FROM d) ORDER BY n),
        d, d - (n %% 20)::int, 'payment', '', 'bench', now(), 1, '', md5(n::text)
    FROM (SELECT n, %(first)s::date + (n * %(days)s / %(entries)s)::int AS d
          FROM generate_series(0, %(entries)s - 1) n) e;
WITH ids AS (SELECT array_agg(a.id ORDER BY a.id) AS ids FROM settlements_ledgeraccount a
             JOIN basins_jurisdiction j ON j.id = a.jurisdiction_id WHERE j.code LIKE 'BENCH%%')
INSERT INTO settlements_posting (entry_id, account_id, yuan)
    SELECT e.id, ids.ids[1 + (e.id * side.step) %% %(accounts)s], side.sign * (1 + e.id %% 9999)
    FROM settlements_journalentry e, ids, (VALUES (1, 1), (1, -1)) AS side(step, sign)
    WHERE e.text = 'bench' AND side.sign = 1
    UNION ALL
    SELECT e.id, ids.ids[1 + (e.id + 7) %% %(accounts)s], -(1 + e.id %% 9999)
    FROM settlements_journalentry e, ids WHERE e.text = 'bench';
INSERT INTO settlements_accountmonth (account_id, basis, month, net)
    SELECT p.account_id, d.basis, date_trunc('month', d.day)::date, sum(p.yuan)
    FROM settlements_posting p JOIN settlements_journalentry e ON e.id = p.entry_id
    CROSS JOIN LATERAL (VALUES ('effective', e.effective_on), ('booked', e.booked_on)) d(basis, day)
    WHERE e.text = 'bench' GROUP BY 1, 2, 3;
INSERT INTO settlements_accountyear (account_id, basis, year, net)
    SELECT account_id, basis, extract(year FROM month), sum(net)
    FROM settlements_accountmonth GROUP BY 1, 2, 3;
SET session_replication_role = DEFAULT;
"""
JOIN = """
SELECT p.account_id, sum(p.yuan) FROM settlements_posting p
JOIN settlements_journalentry e ON e.id = p.entry_id
WHERE e.effective_on <= %s GROUP BY p.account_id
"""


def main() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM settlements_journalentry WHERE text = 'bench'")
        if not cursor.fetchone()[0]:
            cursor.execute(
                MAKE,
                {"accounts": ACCOUNTS, "first": FIRST, "days": DAYS, "entries": ENTRIES},
            )
            cursor.execute("VACUUM ANALYZE")
    accounts = list(balances(None, AS_OF))
    joined, kept = [], []
    for _ in range(RUNS):
        with timed() as watch, connection.cursor() as cursor:
            cursor.execute(JOIN, [AS_OF])
            expected = dict(cursor.fetchall())
        joined.append(watch.seconds)
        with timed() as watch:
            found = balances(accounts, AS_OF)
        kept.append(watch.seconds)
        assert found == expected, "nets and postings differ"
    told(
        f"{len(accounts)} balances as of a date, {ENTRIES:,} entries",
        limit=median(joined),
        ours=median(kept),
        ratio=median(kept) / median(joined),
    )


main()
