-- 拨款通知: what was asked for stays; its deadline alone may move, with the calendar.

-- Numbered without a gap within its year, and for no more than was booked with it.
CREATE OR REPLACE FUNCTION settlements_demand_made() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owed numeric;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('settlements_demand'));
    IF NEW.number <> COALESCE(
            (SELECT max(number) FROM settlements_demand WHERE year = NEW.year), 0) + 1 THEN
        RAISE EXCEPTION '拨款通知的号须连续:% 年第 % 号不是下一号。', NEW.year, NEW.number
            USING ERRCODE = '23514';
    END IF;
    SELECT -p.yuan INTO owed FROM settlements_journalentry e
        JOIN settlements_posting p ON p.entry_id = e.id
        JOIN settlements_ledgeraccount a ON a.id = p.account_id
            AND a.jurisdiction_id = NEW.jurisdiction_id AND a.kind = 'compensation'
    WHERE CASE WHEN NEW.adjustment_id IS NULL
        THEN e.settlement_id = NEW.settlement_id AND e.cause = 'settlement'
        ELSE e.adjustment_id = NEW.adjustment_id END;
    IF owed IS DISTINCT FROM NEW.yuan THEN
        RAISE EXCEPTION '拨款通知的金额须与凭证一致:凭证中应付 %,通知为 %。',
            COALESCE(owed, 0), NEW.yuan USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION settlements_demand_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - '{due_on,provisional}'::text[]
            <> to_jsonb(OLD) - '{due_on,provisional}'::text[] THEN
        RAISE EXCEPTION '拨款通知 #% 不能修改;期限只随工作日历变动。', OLD.id USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER demand_made BEFORE INSERT ON settlements_demand
    FOR EACH ROW EXECUTE FUNCTION settlements_demand_made();
CREATE TRIGGER demand_stays BEFORE UPDATE ON settlements_demand
    FOR EACH ROW EXECUTE FUNCTION settlements_demand_stays();
CREATE TRIGGER never_deleted BEFORE DELETE ON settlements_demand
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_demand
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
