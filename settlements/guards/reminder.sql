-- 催办: that somebody was reminded stays.

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON settlements_reminder
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_reminder
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
