-- 停下的重算: what would have changed stays; it is decided once.

CREATE TRIGGER fuse_moves AFTER INSERT OR UPDATE OF state ON settlements_fusetrip
    FOR EACH ROW EXECUTE FUNCTION settlements_state_moves('fuse');
CREATE TRIGGER said_stays BEFORE UPDATE ON settlements_fusetrip
    FOR EACH ROW EXECUTE FUNCTION settlements_said_stays(
        'state',
        'decided_at decided_by_id reason');
CREATE TRIGGER never_deleted BEFORE DELETE ON settlements_fusetrip
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_fusetrip
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
