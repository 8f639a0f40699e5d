-- 已签发文书: numbered without gaps, one chain a subject, never changed.

-- A paper takes the next number of its kind and year, and the place of its subject's newest.
CREATE OR REPLACE FUNCTION settlements_paper_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_number integer;
    replaced    text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('settlements_papers'));
    SELECT max(number) INTO last_number FROM settlements_issuedpaper
        WHERE kind = NEW.kind AND year = NEW.year;
    IF NEW.number <> COALESCE(last_number, 0) + 1 THEN
        RAISE EXCEPTION '文书号 % 不连续:% 年该种类的下一号是 %。',
            NEW.number, NEW.year, COALESCE(last_number, 0) + 1 USING ERRCODE = '23514';
    END IF;
    IF NEW.year <> extract(year FROM NEW.issued_at AT TIME ZONE 'Asia/Shanghai') THEN
        RAISE EXCEPTION '文书年度 % 与签发时间 % 不符。', NEW.year, NEW.issued_at
            USING ERRCODE = '23514';
    END IF;
    IF NEW.supersedes_id IS NOT NULL THEN
        SELECT subject INTO replaced FROM settlements_issuedpaper WHERE id = NEW.supersedes_id;
        IF replaced IS DISTINCT FROM NEW.subject THEN
            RAISE EXCEPTION '文书只能取代同一对象的文书,不能取代 %。', replaced
                USING ERRCODE = '23514';
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER paper_follows BEFORE INSERT ON settlements_issuedpaper
    FOR EACH ROW EXECUTE FUNCTION settlements_paper_follows();
CREATE TRIGGER paper_never_changes BEFORE UPDATE OR DELETE ON settlements_issuedpaper
    FOR EACH ROW EXECUTE FUNCTION settlements_paper_never_changes();
CREATE TRIGGER paper_never_truncated BEFORE TRUNCATE ON settlements_issuedpaper
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_paper_never_changes();
