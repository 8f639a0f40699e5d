-- 文书文件: the digests by which an issued paper is recognised never change.

CREATE TRIGGER paper_file_never_changes BEFORE UPDATE OR DELETE ON settlements_paperfile
    FOR EACH ROW EXECUTE FUNCTION settlements_paper_never_changes();
CREATE TRIGGER paper_file_never_truncated BEFORE TRUNCATE ON settlements_paperfile
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_paper_never_changes();
