-- 资金支出: what was spent stays; a correction is another row.

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON settlements_fundspending
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_fundspending
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
