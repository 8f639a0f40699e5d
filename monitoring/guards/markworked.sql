-- 已重算的月份: written when a mark goes (dirtymonth.sql); it only grows.

CREATE TRIGGER mark_worked_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON monitoring_markworked
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_only_grows();
