-- 分录: balanced, on accounts that are open, never changed; month and year nets follow from them.

-- The postings of an entry come in one INSERT: at least two, summing to zero.
CREATE OR REPLACE FUNCTION settlements_postings_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT n.entry_id, n.total, n.lines, p.stored INTO wrong
        FROM (SELECT entry_id, sum(yuan) AS total, count(*) AS lines FROM new_rows GROUP BY 1) n
        CROSS JOIN LATERAL (
            SELECT count(*) AS stored FROM settlements_posting p WHERE p.entry_id = n.entry_id) p
        WHERE n.total <> 0 OR n.lines < 2 OR n.lines <> p.stored LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '凭证 #% 不平：本次 % 条分录合计 % 元，已有 % 条；分录须一次写入，至少两条，合计为零。',
            wrong.entry_id, wrong.lines, wrong.total, wrong.stored - wrong.lines
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER postings_balance AFTER INSERT ON settlements_posting
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_postings_balance();

-- After postings_balance (triggers fire by name): what the postings name is there (asked once for all
-- of them, where foreign keys would ask for each; neither an account nor an entry ever goes or gets
-- another number: ledgeraccount.sql, journalentry.sql, and accountmonth.sql for what a TRUNCATE of the
-- accounts would take with it), the account is open on that day, a reversal is
-- the reversed entry line by line, no year is closed over money in transit, an account's opening is
-- its only one and older than all its own entries; then the month and year nets. Of entries written at once
-- each stands as if those with a later number were not there yet. What few causes are asked is asked
-- where there is such an entry.
CREATE OR REPLACE FUNCTION settlements_postings_fit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
    has   record;
BEGIN
    SELECT count(*) AS rows, (SELECT count(*) FROM new_rows) AS wanted,
        bool_or(e.booked_on < a.opened_on OR e.booked_on > a.closed_on) AS unfit,
        bool_or(e.reverses_id IS NOT NULL) AS reversal, bool_or(e.cause = 'settlement') AS closing,
        bool_or(e.cause = 'opening') AS opening
        INTO has FROM new_rows n
        JOIN settlements_journalentry e ON e.id = n.entry_id
        JOIN settlements_ledgeraccount a ON a.id = n.account_id;
    IF has.rows < has.wanted THEN
        SELECT CASE WHEN e.id IS NULL THEN '凭证 #' || n.entry_id ELSE '账户 #' || n.account_id END
            AS named INTO wrong FROM new_rows n
            LEFT JOIN settlements_journalentry e ON e.id = n.entry_id
            LEFT JOIN settlements_ledgeraccount a ON a.id = n.account_id
            WHERE e.id IS NULL OR a.id IS NULL LIMIT 1;
        RAISE EXCEPTION '分录的% 不存在；请先写入它。', wrong.named USING ERRCODE = '23503';
    END IF;
    IF has.unfit THEN
        SELECT j.name, a.opened_on, a.closed_on, e.booked_on INTO wrong FROM new_rows n
            JOIN settlements_ledgeraccount a ON a.id = n.account_id
            JOIN settlements_journalentry e ON e.id = n.entry_id
            JOIN basins_jurisdiction j ON j.id = a.jurisdiction_id
            WHERE e.booked_on < a.opened_on OR e.booked_on > a.closed_on LIMIT 1;
        RAISE EXCEPTION '%的账户 % 开户、%销户，不能在 % 记账。', wrong.name, wrong.opened_on,
            COALESCE(wrong.closed_on || ' ', '未'), wrong.booked_on USING ERRCODE = '23514';
    END IF;
    IF has.reversal THEN
        -- What the original says, turned, and what the reversal says: the same lines, or one too many.
        SELECT e.year, e.number INTO wrong
            FROM (
                SELECT entry_id, account_id, yuan, 1 AS own FROM new_rows
                UNION ALL
                SELECT e.id, p.account_id, -p.yuan, -1
                FROM (SELECT DISTINCT entry_id FROM new_rows) n
                JOIN settlements_journalentry e ON e.id = n.entry_id
                JOIN settlements_posting p ON p.entry_id = e.reverses_id) line
            JOIN settlements_journalentry e ON e.id = line.entry_id AND e.reverses_id IS NOT NULL
            GROUP BY e.id, e.year, e.number, line.account_id, line.yuan HAVING sum(line.own) <> 0
            LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION '冲销凭证 % 年 % 号与原凭证不是逐笔反号。', wrong.year, wrong.number
                USING ERRCODE = '23514';
        END IF;
    END IF;
    IF has.closing THEN
        SELECT g.title INTO wrong FROM (SELECT DISTINCT entry_id FROM new_rows) n
            JOIN settlements_journalentry e ON e.id = n.entry_id AND e.cause = 'settlement'
            JOIN settlements_settlement s ON s.id = e.settlement_id
            JOIN settlements_agreement g ON g.id = s.agreement_id
            JOIN settlements_ledgeraccount a ON a.agreement_id = g.id AND a.kind = 'transit'
            WHERE (SELECT COALESCE(sum(net), 0) FROM settlements_accountmonth
                   WHERE account_id = a.id AND basis = 'booked')
                + (SELECT COALESCE(sum(b.yuan), 0) FROM new_rows b
                   JOIN settlements_journalentry o ON o.id = b.entry_id
                   WHERE b.account_id = a.id AND (o.year, o.number) < (e.year, e.number)) <> 0
            LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION '%的市级清算过渡账户不为零，关账前须拨付完毕。', wrong.title
                USING ERRCODE = '23514';
        END IF;
    END IF;
    IF has.opening THEN
        SELECT j.name, o.year, o.number INTO wrong FROM new_rows n
            JOIN settlements_journalentry e ON e.id = n.entry_id AND e.cause = 'opening'
            JOIN settlements_posting p ON p.account_id = n.account_id AND p.entry_id <> e.id
            JOIN settlements_journalentry o ON o.id = p.entry_id AND o.cause <> 'reversal'
                AND (o.cause = 'opening' OR o.effective_on <= e.effective_on)
            JOIN settlements_ledgeraccount a ON a.id = n.account_id
            JOIN basins_jurisdiction j ON j.id = a.jurisdiction_id
            WHERE NOT EXISTS (SELECT 1 FROM settlements_journalentry r WHERE r.reverses_id = o.id
                AND (r.year, r.number) < (e.year, e.number))
            LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION '%的账户已有期初余额，或期初日期不早于它自己的凭证（% 年 % 号）。',
                wrong.name, wrong.year, wrong.number USING ERRCODE = '23514';
        END IF;
    END IF;
    WITH months AS (
        SELECT n.account_id, d.basis, date_trunc('month', d.day)::date AS month, sum(n.yuan) AS net
        FROM new_rows n JOIN settlements_journalentry e ON e.id = n.entry_id
        CROSS JOIN LATERAL (VALUES ('effective', e.effective_on), ('booked', e.booked_on))
            AS d(basis, day)
        GROUP BY 1, 2, 3
    ), years AS (
        INSERT INTO settlements_accountyear (account_id, basis, year, net)
            SELECT account_id, basis, extract(year FROM month), sum(net) FROM months GROUP BY 1, 2, 3
            ON CONFLICT (basis, account_id, year) DO UPDATE
                SET net = settlements_accountyear.net + EXCLUDED.net
    )
    INSERT INTO settlements_accountmonth (account_id, basis, month, net)
        SELECT account_id, basis, month, net FROM months
        ON CONFLICT (basis, account_id, month) DO UPDATE
            SET net = settlements_accountmonth.net + EXCLUDED.net;
    RETURN NULL;
END $$;

CREATE TRIGGER postings_fit AFTER INSERT ON settlements_posting
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_postings_fit();
CREATE TRIGGER posting_never_changes BEFORE UPDATE OR DELETE ON settlements_posting
    FOR EACH ROW EXECUTE FUNCTION settlements_never_changes();
CREATE TRIGGER posting_never_truncated BEFORE TRUNCATE ON settlements_posting
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_never_changes();
