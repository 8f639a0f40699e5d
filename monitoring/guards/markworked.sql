-- 已重算的月份: written when a mark goes (dirtymonth.sql); it only grows.

CREATE OR REPLACE FUNCTION monitoring_written_by_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% 由触发器记录,不能直接写入。', TG_TABLE_NAME USING ERRCODE = '23514';
END $$;

CREATE TRIGGER written_by_trigger BEFORE INSERT ON monitoring_markworked
    FOR EACH ROW WHEN (pg_trigger_depth() < 1) EXECUTE FUNCTION monitoring_written_by_trigger();
CREATE TRIGGER mark_worked_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON monitoring_markworked
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_only_grows();
