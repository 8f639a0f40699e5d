-- 异议: what was objected and how it was decided stays as said.

CREATE TRIGGER objection_moves AFTER INSERT OR UPDATE OF state ON settlements_objection
    FOR EACH ROW EXECUTE FUNCTION settlements_state_moves('objection');
CREATE TRIGGER said_stays BEFORE UPDATE ON settlements_objection
    FOR EACH ROW EXECUTE FUNCTION settlements_said_stays(
        'state evidence_until provisional',
        'decided_at decided_by_id decision treatment');
CREATE TRIGGER never_deleted BEFORE DELETE ON settlements_objection
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_objection
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
