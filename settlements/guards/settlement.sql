-- 年度结算: moves by the workflow's table, and a closed one stays as it was closed.

CREATE TRIGGER settlement_moves AFTER INSERT OR UPDATE OF state ON settlements_settlement
    FOR EACH ROW EXECUTE FUNCTION settlements_state_moves('settlement');
CREATE TRIGGER settlement_closed_stays BEFORE UPDATE OR DELETE ON settlements_settlement
    FOR EACH ROW EXECUTE FUNCTION settlements_closed_stays();
CREATE CONSTRAINT TRIGGER settlement_money AFTER INSERT OR UPDATE ON settlements_settlement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state IN ('closed', 'cleared')) EXECUTE FUNCTION settlements_money_follows();
CREATE TRIGGER settlement_never_truncated BEFORE TRUNCATE ON settlements_settlement
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_no_truncate();
