-- 资金项目: stays as registered until it is closed, once.

CREATE TRIGGER said_stays BEFORE UPDATE ON settlements_fundproject
    FOR EACH ROW EXECUTE FUNCTION settlements_said_stays(
        '',
        'closed_on');
CREATE TRIGGER never_deleted BEFORE DELETE ON settlements_fundproject
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_fundproject
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
