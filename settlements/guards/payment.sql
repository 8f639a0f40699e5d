-- 付款: two persons decide once, each step is written down, and an approved payment has its entry.

CREATE TRIGGER payment_moves AFTER INSERT OR UPDATE OF state ON settlements_payment
    FOR EACH ROW EXECUTE FUNCTION settlements_state_moves('payment');
CREATE TRIGGER payment_decided_once BEFORE UPDATE OR DELETE ON settlements_payment
    FOR EACH ROW EXECUTE FUNCTION settlements_decided_once();
CREATE CONSTRAINT TRIGGER payment_money AFTER INSERT OR UPDATE ON settlements_payment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION settlements_money_follows();
CREATE TRIGGER payment_never_truncated BEFORE TRUNCATE ON settlements_payment
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_decided_once();
