-- An account never changes hands; it is closed once, empty, not before its last entry.
CREATE OR REPLACE FUNCTION settlements_account_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
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
