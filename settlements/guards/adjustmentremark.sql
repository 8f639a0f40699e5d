-- 调整意见: what was said stays.

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON settlements_adjustmentremark
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_adjustmentremark
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
