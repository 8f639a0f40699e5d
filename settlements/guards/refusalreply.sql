-- 不予确认的答复: what was answered stays as said.

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON settlements_refusalreply
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_refusalreply
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
