-- 银行回单: what was handed in stays.

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON settlements_paymentslip
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_paymentslip
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
