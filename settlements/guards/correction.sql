-- 对账更正: two persons decide once.

CREATE TRIGGER correction_decided_once BEFORE UPDATE OR DELETE ON settlements_correction
    FOR EACH ROW EXECUTE FUNCTION settlements_decided_once();
CREATE TRIGGER correction_never_truncated BEFORE TRUNCATE ON settlements_correction
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_decided_once();
