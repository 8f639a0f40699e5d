-- 审核证据: what was handed in stays.

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON settlements_verdictevidence
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_verdictevidence
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
