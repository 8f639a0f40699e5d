-- 联合监测: both sides' results stay; the kept sample's result is filled in once.

CREATE TRIGGER said_stays BEFORE UPDATE ON settlements_jointsample
    FOR EACH ROW EXECUTE FUNCTION settlements_said_stays(
        'value value_below',
        'reserve reserve_below');
CREATE TRIGGER never_deleted BEFORE DELETE ON settlements_jointsample
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_jointsample
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
