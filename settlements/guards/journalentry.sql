-- 凭证: follows the last one without a gap, names its hash, has postings that balance, and never
-- changes.

-- One after the other, whoever sends the statement: before its first row, so that nobody holds a number
-- that another one with the lock waits for.
CREATE OR REPLACE FUNCTION settlements_entries_wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('settlements_journal'));
    RETURN NULL;
END $$;

CREATE TRIGGER entries_wait BEFORE INSERT ON settlements_journalentry
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_entries_wait();

-- The entries of a statement, in the order of their numbers, follow the last one there was: each the
-- next number of its year, on no earlier day than the one before it and not after today, with the
-- hash of that one. A voucher is booked once unless reversed before, however it is
-- typed (settlements/vouchers.py; the index entry_voucher_key is of the same words); a reversal is
-- not reversed, nor what is corrected by an adjustment: a closed year and an approved adjustment.
CREATE OR REPLACE FUNCTION settlements_entry_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    today   date := (now() AT TIME ZONE 'Asia/Shanghai')::date;
    entry   record;
    before  record;  -- the one whose number comes before
    due     integer;
    place   integer := 0;
    other   record;
BEGIN
    FOR entry IN SELECT year, number, booked_on, previous_hash, hash, hash_version, voucher,
                reverses_id, carryover_id
            FROM new_rows ORDER BY year, number LOOP
        IF place = 0 THEN
            SELECT e.year, e.number, e.booked_on, e.hash INTO before FROM settlements_journalentry e
                WHERE (e.year, e.number) < (entry.year, entry.number)
                ORDER BY e.year DESC, e.number DESC LIMIT 1;
        END IF;
        place := place + 1;
        due := CASE WHEN before.year = entry.year THEN before.number + 1 ELSE 1 END;
        IF entry.number <> due THEN
            RAISE EXCEPTION '凭证号 % 不连续：% 年的下一号是 %。', entry.number, entry.year, due
                USING ERRCODE = '23514';
        END IF;
        IF entry.year <> extract(year FROM entry.booked_on) THEN
            RAISE EXCEPTION '凭证年度 % 与记账日期 % 不符。', entry.year, entry.booked_on
                USING ERRCODE = '23514';
        END IF;
        IF entry.booked_on < before.booked_on THEN
            RAISE EXCEPTION '记账日期 % 早于上一凭证的 %。', entry.booked_on, before.booked_on
                USING ERRCODE = '23514';
        END IF;
        IF entry.booked_on > today THEN
            RAISE EXCEPTION '记账日期 % 在今天之后；以后的凭证都会被它挡住。', entry.booked_on
                USING ERRCODE = '23514';
        END IF;
        IF entry.previous_hash <> COALESCE(before.hash, repeat('0', 64)) THEN
            RAISE EXCEPTION '凭证未接上前一凭证的摘要值。' USING ERRCODE = '23514';
        END IF;
        IF entry.hash_version < 2 OR entry.carryover_id IS NOT NULL AND entry.hash_version < 3 THEN
            RAISE EXCEPTION '新凭证的摘要须涵盖业务日期与关联对象，版本 % 不再使用。',
                entry.hash_version USING ERRCODE = '23514';
        END IF;
        IF entry.voucher <> '' THEN
            PERFORM settlements_refuse_voucher(entry.voucher, entry.year, entry.number);
        END IF;
        IF entry.reverses_id IS NOT NULL THEN
            PERFORM settlements_refuse_reversal(entry.reverses_id);
        END IF;
        before := entry;
    END LOOP;
    IF place = 0 THEN
        RETURN NULL;
    END IF;
    -- `entry` is the last of them: nothing stood behind their first.
    SELECT e.year, e.number INTO other FROM settlements_journalentry e
        ORDER BY e.year DESC, e.number DESC LIMIT 1;
    IF (other.year, other.number) <> (before.year, before.number) THEN
        RAISE EXCEPTION '记账日期 % 早于上一凭证的 % 年 % 号。', before.booked_on, other.year, other.number
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER entry_follows AFTER INSERT ON settlements_journalentry
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_entry_follows();

-- Of an entry that is there: another one before it has the voucher, and was not reversed before it.
CREATE OR REPLACE FUNCTION settlements_refuse_voucher(typed text, of_year integer, of_number integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    voucher_key text := upper(regexp_replace(replace(normalize(typed, NFKC), ' ', ''),
        '[-‐‒–—―⁃−─]+', '-', 'g') COLLATE "C");
    other       record;
BEGIN
    SELECT e.year, e.number INTO other FROM settlements_journalentry e
        WHERE upper(regexp_replace(replace(normalize(e.voucher, NFKC), ' ', ''),
            '[-‐‒–—―⁃−─]+', '-', 'g') COLLATE "C") = voucher_key
          AND (e.year, e.number) < (of_year, of_number) AND NOT EXISTS
            (SELECT 1 FROM settlements_journalentry r WHERE r.reverses_id = e.id
             AND (r.year, r.number) < (of_year, of_number)) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '付款凭证号 % 已入账（% 年 % 号），不能重复入账。',
            typed, other.year, other.number USING ERRCODE = '23514';
    END IF;
END $$;

-- A reversal, a closed year and an approved adjustment are never cancelled.
CREATE OR REPLACE FUNCTION settlements_refuse_reversal(entry_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    original record;
BEGIN
    SELECT cause, reverses_id INTO original FROM settlements_journalentry WHERE id = entry_id;
    IF original.reverses_id IS NOT NULL THEN
        RAISE EXCEPTION '冲销凭证不能再冲销；请重新登记。' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (
            SELECT 1 FROM settlements_journalentry e
            JOIN settlements_carryoverline l ON l.id = e.carryover_id
            JOIN settlements_posting p ON p.entry_id = e.id AND p.account_id <> l.account_id
            JOIN settlements_carryoverline later ON later.account_id = p.account_id
            JOIN settlements_journalentry o ON o.carryover_id = later.id
                AND (o.year, o.number) > (e.year, e.number)
            WHERE e.id = settlements_refuse_reversal.entry_id AND NOT EXISTS (
                SELECT 1 FROM settlements_journalentry r WHERE r.reverses_id = o.id)) THEN
        RAISE EXCEPTION '结转的余额已再结转；请先冲销后一张。' USING ERRCODE = '23514';
    END IF;
    IF original.cause IN ('settlement', 'adjustment') THEN
        RAISE EXCEPTION '年清缴和调整的凭证不冲销;更正请提出调整。' USING ERRCODE = '23514';
    END IF;
END $$;

-- No entry without postings once its transaction commits.
CREATE OR REPLACE FUNCTION settlements_entry_has_postings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM settlements_posting WHERE entry_id = NEW.id) THEN
        RAISE EXCEPTION '凭证 %-% 没有分录。', NEW.year, NEW.number USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER entry_has_postings AFTER INSERT ON settlements_journalentry
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION settlements_entry_has_postings();

-- Deferred: see _money_follows.sql.
CREATE CONSTRAINT TRIGGER entry_money AFTER INSERT ON settlements_journalentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.cause = 'settlement' OR NEW.payment_id IS NOT NULL OR NEW.reverses_id IS NOT NULL)
    EXECUTE FUNCTION settlements_money_follows();
CREATE CONSTRAINT TRIGGER entry_carried AFTER INSERT ON settlements_journalentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.carryover_id IS NOT NULL)
    EXECUTE FUNCTION settlements_carryover_follows();
CREATE TRIGGER entry_never_changes BEFORE UPDATE OR DELETE ON settlements_journalentry
    FOR EACH ROW EXECUTE FUNCTION settlements_never_changes();
CREATE TRIGGER entry_never_truncated BEFORE TRUNCATE ON settlements_journalentry
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_never_changes();
