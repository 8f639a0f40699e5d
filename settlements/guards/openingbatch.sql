-- 期初余额: two persons decide once.

CREATE TRIGGER opening_decided_once BEFORE UPDATE OR DELETE ON settlements_openingbatch
    FOR EACH ROW EXECUTE FUNCTION settlements_decided_once();
CREATE TRIGGER opening_never_truncated BEFORE TRUNCATE ON settlements_openingbatch
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_decided_once();
