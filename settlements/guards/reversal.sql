-- 冲销申请: two persons decide once.

CREATE TRIGGER reversal_decided_once BEFORE UPDATE OR DELETE ON settlements_reversal
    FOR EACH ROW EXECUTE FUNCTION settlements_decided_once();
CREATE TRIGGER reversal_never_truncated BEFORE TRUNCATE ON settlements_reversal
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_decided_once();
