-- 不予确认: what was refused, why, and how it was decided stays as said.

CREATE TRIGGER refusal_moves AFTER INSERT OR UPDATE OF state ON settlements_amountrefusal
    FOR EACH ROW EXECUTE FUNCTION settlements_state_moves('refusal');
CREATE TRIGGER said_stays BEFORE UPDATE ON settlements_amountrefusal
    FOR EACH ROW EXECUTE FUNCTION settlements_said_stays(
        'state until provisional counted_from counted_days', 'decision finding ruling ruling_document');
CREATE TRIGGER never_deleted BEFORE DELETE ON settlements_amountrefusal
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_amountrefusal
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
