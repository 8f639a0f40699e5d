-- 条款断面: as their term.

CREATE TRIGGER term_section_stays BEFORE UPDATE ON settlements_termsection
    FOR EACH ROW EXECUTE FUNCTION settlements_term_stays();
