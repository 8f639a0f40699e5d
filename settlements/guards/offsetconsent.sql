-- 同意抵扣: what a party consented to stays.

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON settlements_offsetconsent
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_offsetconsent
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
