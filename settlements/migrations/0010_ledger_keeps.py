"""What the database keeps of accounts, reversals, transit, month nets, payments and 对账."""

import re
from importlib import import_module

from django.db import migrations

BEFORE = import_module("settlements.migrations.0002_ledger_guards").GUARDS

KEEPS = """
-- An entry follows the last one of its year and names the hash of the last of all.
CREATE OR REPLACE FUNCTION settlements_entry_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_number integer;
    last_day    date;
    last_hash   text;
    other       record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('settlements_journal'));
    SELECT max(number) INTO last_number FROM settlements_journalentry WHERE year = NEW.year;
    IF NEW.number <> COALESCE(last_number, 0) + 1 THEN
        RAISE EXCEPTION '凭证号 % 不连续：% 年的下一号是 %。',
            NEW.number, NEW.year, COALESCE(last_number, 0) + 1 USING ERRCODE = '23514';
    END IF;
    IF NEW.year <> extract(year FROM NEW.booked_on) THEN
        RAISE EXCEPTION '凭证年度 % 与记账日期 % 不符。', NEW.year, NEW.booked_on
            USING ERRCODE = '23514';
    END IF;
    SELECT booked_on, hash INTO last_day, last_hash FROM settlements_journalentry
        ORDER BY year DESC, number DESC LIMIT 1;
    IF NEW.booked_on < last_day THEN
        RAISE EXCEPTION '记账日期 % 早于上一凭证的 %。', NEW.booked_on, last_day
            USING ERRCODE = '23514';
    END IF;
    IF NEW.booked_on > (now() AT TIME ZONE 'Asia/Shanghai')::date THEN
        RAISE EXCEPTION '记账日期 % 在今天之后；以后的凭证都会被它挡住。', NEW.booked_on
            USING ERRCODE = '23514';
    END IF;
    IF NEW.previous_hash <> COALESCE(last_hash, repeat('0', 64)) THEN
        RAISE EXCEPTION '凭证未接上前一凭证的摘要值。' USING ERRCODE = '23514';
    END IF;
    IF NEW.hash_version < 2 THEN
        RAISE EXCEPTION '新凭证的摘要须涵盖业务日期与关联对象，版本 % 不再使用。', NEW.hash_version
            USING ERRCODE = '23514';
    END IF;
    IF NEW.voucher <> '' THEN
        SELECT e.year, e.number INTO other FROM settlements_journalentry e
            WHERE e.voucher = NEW.voucher AND NOT EXISTS
                (SELECT 1 FROM settlements_journalentry r WHERE r.reverses_id = e.id) LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION '付款凭证号 % 已入账（% 年 % 号），不能重复入账。',
                NEW.voucher, other.year, other.number USING ERRCODE = '23514';
        END IF;
    END IF;
    IF NEW.reverses_id IS NOT NULL AND EXISTS (SELECT 1 FROM settlements_journalentry
            WHERE id = NEW.reverses_id AND reverses_id IS NOT NULL) THEN
        RAISE EXCEPTION '冲销凭证不能再冲销；请重新登记。' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION settlements_postings_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT n.entry_id, sum(n.yuan) AS total, count(*) AS lines,
           (SELECT count(*) FROM settlements_posting p WHERE p.entry_id = n.entry_id) AS stored
        INTO wrong FROM new_rows n GROUP BY n.entry_id
        HAVING sum(n.yuan) <> 0 OR count(*) < 2 OR count(*) <>
            (SELECT count(*) FROM settlements_posting p WHERE p.entry_id = n.entry_id)
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '凭证 #% 不平：本次 % 条分录合计 % 元，已有 % 条；分录须一次写入，至少两条，合计为零。',
            wrong.entry_id, wrong.lines, wrong.total, wrong.stored - wrong.lines
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

-- After postings_balance (triggers fire by name): accounts, reversals, transit, month nets.
CREATE FUNCTION settlements_postings_fit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT j.name, a.opened_on, a.closed_on, e.booked_on INTO wrong FROM new_rows n
        JOIN settlements_ledgeraccount a ON a.id = n.account_id
        JOIN settlements_journalentry e ON e.id = n.entry_id
        JOIN basins_jurisdiction j ON j.id = a.jurisdiction_id
        WHERE e.booked_on < a.opened_on OR e.booked_on > a.closed_on LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '%的账户 % 开户、%销户，不能在 % 记账。', wrong.name, wrong.opened_on,
            COALESCE(wrong.closed_on || ' ', '未'), wrong.booked_on USING ERRCODE = '23514';
    END IF;
    SELECT e.year, e.number INTO wrong
        FROM (SELECT DISTINCT entry_id FROM new_rows) n
        JOIN settlements_journalentry e ON e.id = n.entry_id AND e.reverses_id IS NOT NULL
        WHERE EXISTS (
            SELECT account_id, yuan FROM settlements_posting WHERE entry_id = e.reverses_id
            EXCEPT SELECT account_id, -yuan FROM new_rows WHERE entry_id = e.id)
        OR EXISTS (
            SELECT account_id, -yuan FROM new_rows WHERE entry_id = e.id
            EXCEPT SELECT account_id, yuan FROM settlements_posting WHERE entry_id = e.reverses_id)
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '冲销凭证 % 年 % 号与原凭证不是逐笔反号。', wrong.year, wrong.number
            USING ERRCODE = '23514';
    END IF;
    SELECT g.title INTO wrong FROM (SELECT DISTINCT entry_id FROM new_rows) n
        JOIN settlements_journalentry e ON e.id = n.entry_id AND e.cause = 'settlement'
        JOIN settlements_settlement s ON s.id = e.settlement_id
        JOIN settlements_agreement g ON g.id = s.agreement_id
        JOIN settlements_ledgeraccount a ON a.agreement_id = g.id AND a.kind = 'transit'
        WHERE (SELECT COALESCE(sum(net), 0) FROM settlements_accountmonth
               WHERE account_id = a.id AND basis = 'booked') <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '%的市级清算过渡账户不为零，关账前须拨付完毕。', wrong.title
            USING ERRCODE = '23514';
    END IF;
    INSERT INTO settlements_accountmonth (account_id, basis, month, net)
        SELECT n.account_id, d.basis, date_trunc('month', d.day)::date, sum(n.yuan)
        FROM new_rows n JOIN settlements_journalentry e ON e.id = n.entry_id
        CROSS JOIN LATERAL (VALUES ('effective', e.effective_on), ('booked', e.booked_on))
            AS d(basis, day)
        GROUP BY 1, 2, 3
        ON CONFLICT (basis, account_id, month) DO UPDATE
            SET net = settlements_accountmonth.net + EXCLUDED.net;
    RETURN NULL;
END $$;

CREATE TRIGGER postings_fit AFTER INSERT ON settlements_posting
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_postings_fit();

INSERT INTO settlements_accountmonth (account_id, basis, month, net)
    SELECT p.account_id, d.basis, date_trunc('month', d.day)::date, sum(p.yuan)
    FROM settlements_posting p JOIN settlements_journalentry e ON e.id = p.entry_id
    CROSS JOIN LATERAL (VALUES ('effective', e.effective_on), ('booked', e.booked_on))
        AS d(basis, day)
    GROUP BY 1, 2, 3;

-- Month nets are written by the trigger above and by nobody else.
CREATE FUNCTION settlements_months_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' OR pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION '账户月净额由分录触发器维护，不能直接改动。' USING ERRCODE = '23514';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE TRIGGER months_follow BEFORE INSERT OR UPDATE OR DELETE ON settlements_accountmonth
    FOR EACH ROW EXECUTE FUNCTION settlements_months_follow();
CREATE TRIGGER months_never_truncated BEFORE TRUNCATE ON settlements_accountmonth
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_months_follow();

-- An account never changes hands; it is closed once, empty, not before its last entry.
CREATE FUNCTION settlements_account_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_day date;
    balance  numeric;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '账户不能删除；不再使用请销户。' USING ERRCODE = '23514';
    END IF;
    IF to_jsonb(NEW) - 'closed_on' <> to_jsonb(OLD) - 'closed_on'
            OR OLD.closed_on IS NOT NULL AND NEW.closed_on IS DISTINCT FROM OLD.closed_on THEN
        RAISE EXCEPTION '账户 #% 开户后不能改动；只能销户一次。', OLD.id USING ERRCODE = '23514';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('settlements_journal'));
    SELECT max(e.booked_on), COALESCE(sum(p.yuan), 0) INTO last_day, balance
        FROM settlements_posting p JOIN settlements_journalentry e ON e.id = p.entry_id
        WHERE p.account_id = OLD.id;
    IF NEW.closed_on IS NOT NULL AND (balance <> 0 OR last_day > NEW.closed_on) THEN
        RAISE EXCEPTION '账户 #% 不能在 % 销户：余额 % 元，最后一笔记于 %。',
            OLD.id, NEW.closed_on, balance, last_day USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER account_keeps BEFORE UPDATE OR DELETE ON settlements_ledgeraccount
    FOR EACH ROW EXECUTE FUNCTION settlements_account_keeps();

-- What two persons decide is decided once; its content never changes under the second one.
CREATE FUNCTION settlements_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decision text[] := ARRAY['state', 'approved_by_id', 'approved_at', 'rejected_why'];
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION '% 的记录不能删除；不成立的请退回。', TG_TABLE_NAME USING ERRCODE = '23514';
    END IF;
    IF OLD.state = 'prepared' AND to_jsonb(NEW) - decision = to_jsonb(OLD) - decision THEN
        RETURN NEW;
    END IF;
    IF OLD.state = 'approved' AND to_jsonb(OLD) ? 'reversed_on'
            AND to_jsonb(OLD) -> 'reversed_on' = 'null'::jsonb
            AND to_jsonb(NEW) - 'reversed_on' = to_jsonb(OLD) - 'reversed_on' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% #% 登记后不能改动，只能复核或退回一次。', TG_TABLE_NAME, OLD.id
        USING ERRCODE = '23514';
END $$;

CREATE TRIGGER payment_decided_once BEFORE UPDATE OR DELETE ON settlements_payment
    FOR EACH ROW EXECUTE FUNCTION settlements_decided_once();
CREATE TRIGGER reversal_decided_once BEFORE UPDATE OR DELETE ON settlements_reversal
    FOR EACH ROW EXECUTE FUNCTION settlements_decided_once();
CREATE TRIGGER opening_decided_once BEFORE UPDATE OR DELETE ON settlements_openingbatch
    FOR EACH ROW EXECUTE FUNCTION settlements_decided_once();
CREATE TRIGGER payment_never_truncated BEFORE TRUNCATE ON settlements_payment
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_decided_once();
CREATE TRIGGER reversal_never_truncated BEFORE TRUNCATE ON settlements_reversal
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_decided_once();
CREATE TRIGGER opening_never_truncated BEFORE TRUNCATE ON settlements_openingbatch
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_decided_once();

-- The moves of the workflow's table, each with who did it (migration workflow_guards).
CREATE TRIGGER payment_moves AFTER INSERT OR UPDATE OF state ON settlements_payment
    FOR EACH ROW EXECUTE FUNCTION settlements_state_moves('payment');

CREATE FUNCTION settlements_statement_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '对账记录只增不改；有变化请再对一次账。' USING ERRCODE = '23514';
END $$;

CREATE TRIGGER statement_stays BEFORE UPDATE OR DELETE ON settlements_balancestatement
    FOR EACH ROW EXECUTE FUNCTION settlements_statement_stays();
CREATE TRIGGER statement_never_truncated BEFORE TRUNCATE ON settlements_balancestatement
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_statement_stays();
"""


def _as_it_was(name: str) -> str:
    """The function's body of migration 0002."""
    found = re.search(rf"CREATE FUNCTION {name}\(\).*?END \$\$;", BEFORE, re.DOTALL)
    assert found is not None
    return found[0].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)


UNDO = f"""
DROP TRIGGER statement_never_truncated ON settlements_balancestatement;
DROP TRIGGER statement_stays ON settlements_balancestatement;
DROP FUNCTION settlements_statement_stays();
DROP TRIGGER payment_moves ON settlements_payment;
DROP TRIGGER opening_never_truncated ON settlements_openingbatch;
DROP TRIGGER reversal_never_truncated ON settlements_reversal;
DROP TRIGGER payment_never_truncated ON settlements_payment;
DROP TRIGGER opening_decided_once ON settlements_openingbatch;
DROP TRIGGER reversal_decided_once ON settlements_reversal;
DROP TRIGGER payment_decided_once ON settlements_payment;
DROP FUNCTION settlements_decided_once();
DROP TRIGGER account_keeps ON settlements_ledgeraccount;
DROP FUNCTION settlements_account_keeps();
DROP TRIGGER months_never_truncated ON settlements_accountmonth;
DROP TRIGGER months_follow ON settlements_accountmonth;
DROP FUNCTION settlements_months_follow();
DROP TRIGGER postings_fit ON settlements_posting;
DROP FUNCTION settlements_postings_fit();
{_as_it_was("settlements_postings_balance")}
{_as_it_was("settlements_entry_follows")}
"""


class Migration(migrations.Migration):
    dependencies = [("settlements", "0009_ledger_accounts")]
    operations = [migrations.RunSQL(KEEPS, UNDO)]
