-- 凭证: follows the last one without a gap, names its hash, has postings that balance, and never
-- changes.

-- The next number of its year, on no earlier day than the last entry and not after today, with the
-- hash of the last of all. A voucher is booked once unless reversed, however it is
-- typed (settlements/vouchers.py; the index entry_voucher_key is of the same words); a reversal is
-- not reversed.
CREATE OR REPLACE FUNCTION settlements_entry_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_number integer;
    last_day    date;
    last_hash   text;
    voucher_key text;
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
        voucher_key := upper(regexp_replace(replace(normalize(NEW.voucher, NFKC), ' ', ''),
            '[-‐‒–—―⁃−─]+', '-', 'g') COLLATE "C");
        SELECT e.year, e.number INTO other FROM settlements_journalentry e
            WHERE upper(regexp_replace(replace(normalize(e.voucher, NFKC), ' ', ''),
                '[-‐‒–—―⁃−─]+', '-', 'g') COLLATE "C") = voucher_key AND NOT EXISTS
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

CREATE TRIGGER entry_follows BEFORE INSERT ON settlements_journalentry
    FOR EACH ROW EXECUTE FUNCTION settlements_entry_follows();

-- A closed year and an approved adjustment are corrected by an adjustment, never cancelled.
CREATE OR REPLACE FUNCTION settlements_entry_reversible() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM settlements_journalentry
            WHERE id = NEW.reverses_id AND cause IN ('settlement', 'adjustment')) THEN
        RAISE EXCEPTION '年清缴和调整的凭证不冲销;更正请提出调整。' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER entry_reversible BEFORE INSERT ON settlements_journalentry
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION settlements_entry_reversible();

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
CREATE TRIGGER entry_never_changes BEFORE UPDATE OR DELETE ON settlements_journalentry
    FOR EACH ROW EXECUTE FUNCTION settlements_never_changes();
CREATE TRIGGER entry_never_truncated BEFORE TRUNCATE ON settlements_journalentry
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_never_changes();
