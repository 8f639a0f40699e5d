-- 协议月度: moves by the workflow's table; whose month it is never changes.

CREATE TRIGGER month_moves AFTER INSERT OR UPDATE OF state ON settlements_agreementmonth
    FOR EACH ROW EXECUTE FUNCTION settlements_state_moves('month');
CREATE TRIGGER said_stays BEFORE UPDATE ON settlements_agreementmonth
    FOR EACH ROW EXECUTE FUNCTION settlements_said_stays(
        'state objection_until provisional',
        '');
CREATE TRIGGER never_deleted BEFORE DELETE ON settlements_agreementmonth
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_agreementmonth
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
