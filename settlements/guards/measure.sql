-- 措施: stays as taken; the report may be written again, lifting is said once.

CREATE TRIGGER said_stays BEFORE UPDATE ON settlements_measure
    FOR EACH ROW EXECUTE FUNCTION settlements_said_stays(
        'report reported_at reported_by_id',
        'lifted_on lifted_by_id lifted_why');
CREATE TRIGGER never_deleted BEFORE DELETE ON settlements_measure
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_measure
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
