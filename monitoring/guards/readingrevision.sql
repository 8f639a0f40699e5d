-- 数据更正史: written by the triggers of readings, and by an import for values that one file
-- replaces itself; it only grows.

-- By hand only what was known for no time at all: from now until now.
CREATE OR REPLACE FUNCTION monitoring_revision_is_of_now() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (basins_is_now(NEW.known_from) AND basins_is_now(NEW.known_to)) THEN
        RAISE EXCEPTION '数据更正史由触发器记下，不能写入从前的知悉时间。' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER revision_is_of_now BEFORE INSERT ON monitoring_readingrevision
    FOR EACH ROW WHEN (pg_trigger_depth() < 1) EXECUTE FUNCTION monitoring_revision_is_of_now();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON monitoring_readingrevision
    FOR EACH ROW EXECUTE FUNCTION monitoring_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON monitoring_readingrevision
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_only_grows();
