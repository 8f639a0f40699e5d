-- 减少安排: a counter-record stays.

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON settlements_fundreduction
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_fundreduction
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
