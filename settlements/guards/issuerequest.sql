-- 签发申请: two persons decide once.

CREATE TRIGGER issuerequest_decided_once BEFORE UPDATE OR DELETE ON settlements_issuerequest
    FOR EACH ROW EXECUTE FUNCTION settlements_decided_once();
CREATE TRIGGER issuerequest_never_truncated BEFORE TRUNCATE ON settlements_issuerequest
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_decided_once();
