-- 月通报: numbered without gaps; its content stays as it was prepared.

-- A published notice stays as it was published; a prepared one changes only its state and what
-- signing off fills in.
CREATE OR REPLACE FUNCTION settlements_notice_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'prepared' OR
       (NEW.id, NEW.month, NEW.summary, NEW.content, NEW.digest, NEW.prepared_by_id,
        NEW.prepared_at, NEW.due_on) IS DISTINCT FROM
       (OLD.id, OLD.month, OLD.summary, OLD.content, OLD.digest, OLD.prepared_by_id,
        OLD.prepared_at, OLD.due_on) THEN
        RAISE EXCEPTION '月通报 #% 的内容不能修改;有误请退回重编,已发布的请走调整。', OLD.id
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

-- Notices are numbered without gaps in each year.
CREATE OR REPLACE FUNCTION settlements_notice_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_number integer;
BEGIN
    IF NEW.number IS NULL OR OLD.number IS NOT NULL THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('settlements_notice'));
    SELECT max(number) INTO last_number FROM settlements_notice WHERE year = NEW.year;
    IF NEW.number <> COALESCE(last_number, 0) + 1 THEN
        RAISE EXCEPTION '月通报号 % 不连续:% 年的下一号是 %。',
            NEW.number, NEW.year, COALESCE(last_number, 0) + 1 USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER notice_moves AFTER INSERT OR UPDATE OF state ON settlements_notice
    FOR EACH ROW EXECUTE FUNCTION settlements_state_moves('notice');
CREATE TRIGGER notice_stays BEFORE UPDATE ON settlements_notice
    FOR EACH ROW EXECUTE FUNCTION settlements_notice_stays();
CREATE TRIGGER notice_follows BEFORE UPDATE ON settlements_notice
    FOR EACH ROW EXECUTE FUNCTION settlements_notice_follows();
CREATE TRIGGER never_deleted BEFORE DELETE ON settlements_notice
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_notice
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
