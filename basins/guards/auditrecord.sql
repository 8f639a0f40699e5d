-- 操作记录 only grows, whoever writes: no update, delete or truncate; and it is written by the triggers
-- of what it is of, so that nobody says that something was known before.

CREATE TRIGGER audit_record_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON basins_auditrecord
    FOR EACH STATEMENT EXECUTE FUNCTION basins_audit_stays();

-- By hand there is one record that may come: of a row that is there before its table keeps a history
-- (basins.audit.install_triggers).
CREATE OR REPLACE FUNCTION basins_audit_written_by_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.op = 'B' AND NOT EXISTS (
            SELECT 1 FROM pg_trigger
            WHERE tgrelid = to_regclass(NEW."table") AND tgname = 'audit_rows') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '操作记录由触发器记下，不能直接写入。' USING ERRCODE = '23514';
END $$;

CREATE TRIGGER audit_record_written_by_trigger BEFORE INSERT ON basins_auditrecord
    FOR EACH ROW WHEN (pg_trigger_depth() < 1)
    EXECUTE FUNCTION basins_audit_written_by_trigger();
