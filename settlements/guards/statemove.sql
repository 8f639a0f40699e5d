-- 流程记录: every step of every thing with a state, written by the triggers of those alone.

CREATE TRIGGER written_by_trigger BEFORE INSERT ON settlements_statemove
    FOR EACH ROW EXECUTE FUNCTION settlements_written_by_trigger();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON settlements_statemove
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_statemove
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
