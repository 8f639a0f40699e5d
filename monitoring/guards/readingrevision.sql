-- 数据更正史: written by the triggers of readings, and by an import for values that one file
-- replaces itself; it only grows.

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON monitoring_readingrevision
    FOR EACH ROW EXECUTE FUNCTION monitoring_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON monitoring_readingrevision
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_only_grows();
