-- 调整: what it proposes stays as proposed, and what was approved stays as approved.

-- Approved or dismissed it is fixed; while a second person is asked, what is proposed is.
CREATE OR REPLACE FUNCTION settlements_adjustment_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('approved', 'dismissed') OR
       OLD.state IN ('reviewed', 'declined') AND (NEW.outcome, NEW.inputs, NEW.input_digest) IS DISTINCT FROM
                                  (OLD.outcome, OLD.inputs, OLD.input_digest) THEN
        RAISE EXCEPTION '调整 #% 已%,不能修改。', OLD.id,
            CASE OLD.state WHEN 'approved' THEN '批准' WHEN 'dismissed' THEN '不予调整'
            WHEN 'declined' THEN '提请不予调整' ELSE '提请批准' END USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER adjustment_moves AFTER INSERT OR UPDATE OF state ON settlements_adjustment
    FOR EACH ROW EXECUTE FUNCTION settlements_state_moves('adjustment');
CREATE TRIGGER adjustment_stays BEFORE UPDATE ON settlements_adjustment
    FOR EACH ROW EXECUTE FUNCTION settlements_adjustment_stays();
CREATE TRIGGER said_stays BEFORE UPDATE ON settlements_adjustment
    FOR EACH ROW EXECUTE FUNCTION settlements_said_stays(
        'state reviewed_by_id reviewed_at approved_by_id approved_at reason rulings',
        'aftermath');
CREATE TRIGGER never_deleted BEFORE DELETE ON settlements_adjustment
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_adjustment
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
