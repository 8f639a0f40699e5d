-- 月通报阅读记录: that somebody read it only grows.

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON settlements_noticereceipt
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_noticereceipt
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
