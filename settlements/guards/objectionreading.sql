-- 有异议的数据: the values as they were when the objection was raised.

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON settlements_objectionreading
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_objectionreading
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
