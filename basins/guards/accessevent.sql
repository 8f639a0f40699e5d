-- 登录与导出 only grows, whoever writes: no update, delete or truncate.

CREATE TRIGGER access_event_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON basins_accessevent
    FOR EACH STATEMENT EXECUTE FUNCTION basins_audit_stays();
