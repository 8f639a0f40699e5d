-- 净额: those of a closed year stay.

CREATE TRIGGER net_closed_stays BEFORE INSERT OR UPDATE OR DELETE ON settlements_settlementnet
    FOR EACH ROW EXECUTE FUNCTION settlements_closed_stays();
CREATE TRIGGER net_never_truncated BEFORE TRUNCATE ON settlements_settlementnet
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_no_truncate();
