-- 条款期: one under which results were published is followed by another, never changed.

CREATE TRIGGER term_stays BEFORE UPDATE ON settlements_term
    FOR EACH ROW EXECUTE FUNCTION settlements_term_stays();
