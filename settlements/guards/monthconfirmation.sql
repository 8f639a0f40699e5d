-- 月度确认: said by a party, never taken back.

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON settlements_monthconfirmation
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_monthconfirmation
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
