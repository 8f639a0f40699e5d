-- 账户年净额: as the months are (accountmonth.sql).

CREATE TRIGGER years_follow BEFORE INSERT OR UPDATE OR DELETE ON settlements_accountyear
    FOR EACH ROW EXECUTE FUNCTION settlements_months_follow();
CREATE TRIGGER years_never_truncated BEFORE TRUNCATE ON settlements_accountyear
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_months_follow();
