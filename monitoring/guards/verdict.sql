-- 审核结论: said by a person, never taken back; another verdict follows.

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON monitoring_verdict
    FOR EACH ROW EXECUTE FUNCTION monitoring_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON monitoring_verdict
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_only_grows();
