"""The journal balances, has no gap and cannot be changed: held by the database."""

from django.db import migrations

GUARDS = """
-- An entry follows the last one of its year and names the hash of the last of all.
CREATE FUNCTION settlements_entry_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_number integer;
    last_day    date;
    last_hash   text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('settlements_journal'));
    SELECT max(number) INTO last_number FROM settlements_journalentry WHERE year = NEW.year;
    IF NEW.number <> COALESCE(last_number, 0) + 1 THEN
        RAISE EXCEPTION '凭证号 % 不连续:% 年的下一号是 %。',
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
        RAISE EXCEPTION '记账日期 % 在今天之后;以后的凭证都会被它挡住。', NEW.booked_on
            USING ERRCODE = '23514';
    END IF;
    IF NEW.previous_hash <> COALESCE(last_hash, repeat('0', 64)) THEN
        RAISE EXCEPTION '凭证未接上前一凭证的摘要值。' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER entry_follows BEFORE INSERT ON settlements_journalentry
    FOR EACH ROW EXECUTE FUNCTION settlements_entry_follows();

-- The postings of an entry come in one INSERT: at least two, summing to zero.
CREATE FUNCTION settlements_postings_balance() RETURNS trigger LANGUAGE plpgsql AS $$
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
        RAISE EXCEPTION '凭证 #% 不平:本次 % 条分录合计 % 元,已有 % 条;分录须一次写入,至少两条,合计为零。',
            wrong.entry_id, wrong.lines, wrong.total, wrong.stored - wrong.lines
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER postings_balance AFTER INSERT ON settlements_posting
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_postings_balance();

-- No entry without postings once its transaction commits.
CREATE FUNCTION settlements_entry_has_postings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM settlements_posting WHERE entry_id = NEW.id) THEN
        RAISE EXCEPTION '凭证 %-% 没有分录。', NEW.year, NEW.number USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER entry_has_postings AFTER INSERT ON settlements_journalentry
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION settlements_entry_has_postings();

CREATE FUNCTION settlements_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '台账只增不改:% 不允许 %。更正请另记一笔冲销凭证。', TG_TABLE_NAME, TG_OP
        USING ERRCODE = '23514';
END $$;

CREATE TRIGGER entry_never_changes BEFORE UPDATE OR DELETE ON settlements_journalentry
    FOR EACH ROW EXECUTE FUNCTION settlements_never_changes();
CREATE TRIGGER posting_never_changes BEFORE UPDATE OR DELETE ON settlements_posting
    FOR EACH ROW EXECUTE FUNCTION settlements_never_changes();
CREATE TRIGGER entry_never_truncated BEFORE TRUNCATE ON settlements_journalentry
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_never_changes();
CREATE TRIGGER posting_never_truncated BEFORE TRUNCATE ON settlements_posting
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_never_changes();

-- A settled accrual, its transfers and a closed settlement's nets stay as they were closed.
CREATE FUNCTION settlements_settled_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'settlements_accrual' AND OLD.state = 'settled' THEN
        RAISE EXCEPTION '月核算 #% 已结清,不能修改;更正请提出调整。', OLD.id
            USING ERRCODE = '23514';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE TRIGGER accrual_settled_stays BEFORE UPDATE OR DELETE ON settlements_accrual
    FOR EACH ROW EXECUTE FUNCTION settlements_settled_stays();

CREATE FUNCTION settlements_transfer_settled_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    settled bigint;
BEGIN
    -- OLD and NEW both: a transfer is neither moved out of a settled accrual nor into one.
    SELECT id INTO settled FROM settlements_accrual WHERE state = 'settled' AND id IN (
        CASE WHEN TG_OP <> 'INSERT' THEN OLD.accrual_id END,
        CASE WHEN TG_OP <> 'DELETE' THEN NEW.accrual_id END) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '月核算 #% 已结清,收付不能修改;更正请提出调整。', settled
            USING ERRCODE = '23514';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE TRIGGER transfer_settled_stays BEFORE INSERT OR UPDATE OR DELETE ON settlements_transfer
    FOR EACH ROW EXECUTE FUNCTION settlements_transfer_settled_stays();

CREATE FUNCTION settlements_closed_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closed bigint;
BEGIN
    IF TG_TABLE_NAME = 'settlements_settlement' THEN
        IF OLD.state = 'closed' THEN
            RAISE EXCEPTION '% 年结算 #% 已关账,不能修改。', OLD.year, OLD.id
                USING ERRCODE = '23514';
        END IF;
        RETURN COALESCE(NEW, OLD);
    END IF;
    SELECT id INTO closed FROM settlements_settlement WHERE state = 'closed' AND id IN (
        CASE WHEN TG_OP <> 'INSERT' THEN OLD.settlement_id END,
        CASE WHEN TG_OP <> 'DELETE' THEN NEW.settlement_id END) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '结算 #% 已关账,净额不能修改。', closed USING ERRCODE = '23514';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE TRIGGER settlement_closed_stays BEFORE UPDATE OR DELETE ON settlements_settlement
    FOR EACH ROW EXECUTE FUNCTION settlements_closed_stays();
CREATE TRIGGER net_closed_stays BEFORE INSERT OR UPDATE OR DELETE ON settlements_settlementnet
    FOR EACH ROW EXECUTE FUNCTION settlements_closed_stays();

CREATE FUNCTION settlements_no_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% 不允许 TRUNCATE:已结清的记录须保留。', TG_TABLE_NAME
        USING ERRCODE = '23514';
END $$;

CREATE TRIGGER accrual_never_truncated BEFORE TRUNCATE ON settlements_accrual
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_no_truncate();
CREATE TRIGGER transfer_never_truncated BEFORE TRUNCATE ON settlements_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_no_truncate();
CREATE TRIGGER settlement_never_truncated BEFORE TRUNCATE ON settlements_settlement
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_no_truncate();
CREATE TRIGGER net_never_truncated BEFORE TRUNCATE ON settlements_settlementnet
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_no_truncate();
"""

UNDO = """
DROP TRIGGER net_never_truncated ON settlements_settlementnet;
DROP TRIGGER settlement_never_truncated ON settlements_settlement;
DROP TRIGGER transfer_never_truncated ON settlements_transfer;
DROP TRIGGER accrual_never_truncated ON settlements_accrual;
DROP FUNCTION settlements_no_truncate();
DROP TRIGGER net_closed_stays ON settlements_settlementnet;
DROP TRIGGER settlement_closed_stays ON settlements_settlement;
DROP TRIGGER transfer_settled_stays ON settlements_transfer;
DROP TRIGGER accrual_settled_stays ON settlements_accrual;
DROP TRIGGER posting_never_truncated ON settlements_posting;
DROP TRIGGER entry_never_truncated ON settlements_journalentry;
DROP TRIGGER posting_never_changes ON settlements_posting;
DROP TRIGGER entry_never_changes ON settlements_journalentry;
DROP TRIGGER entry_has_postings ON settlements_journalentry;
DROP TRIGGER postings_balance ON settlements_posting;
DROP TRIGGER entry_follows ON settlements_journalentry;
DROP FUNCTION settlements_closed_stays();
DROP FUNCTION settlements_transfer_settled_stays();
DROP FUNCTION settlements_settled_stays();
DROP FUNCTION settlements_never_changes();
DROP FUNCTION settlements_entry_has_postings();
DROP FUNCTION settlements_postings_balance();
DROP FUNCTION settlements_entry_follows();
"""


class Migration(migrations.Migration):
    dependencies = [("settlements", "0001_initial")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
