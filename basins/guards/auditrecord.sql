-- 操作记录 only grows, whoever writes: no update, delete or truncate.

CREATE TRIGGER audit_record_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON basins_auditrecord
    FOR EACH STATEMENT EXECUTE FUNCTION basins_audit_stays();
