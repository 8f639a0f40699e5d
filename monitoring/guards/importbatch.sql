-- 导入批次: one that readings name stays, and keeps its number.
CREATE TRIGGER importbatch_stays_of_readings AFTER DELETE ON monitoring_importbatch
    FOR EACH ROW EXECUTE FUNCTION monitoring_reading_refers('batch_id');

CREATE TRIGGER importbatch_keeps_its_number AFTER UPDATE OF id ON monitoring_importbatch
    FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id)
    EXECUTE FUNCTION monitoring_reading_refers('batch_id');

CREATE TRIGGER importbatch_not_truncated BEFORE TRUNCATE ON monitoring_importbatch
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_reading_refers('batch_id');

-- What a batch was stays what it was; its counts are told once, when they are known. Taken back
-- (撤销) it may be once, and stays so.
CREATE OR REPLACE FUNCTION monitoring_importbatch_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.filename, NEW.sha256, NEW.layout, NEW.by_id, NEW.created_at, NEW.sender,
        NEW.reviewed_by, NEW.reviewed_document) IS DISTINCT FROM
       (OLD.filename, OLD.sha256, OLD.layout, OLD.by_id, OLD.created_at, OLD.sender,
        OLD.reviewed_by, OLD.reviewed_document)
       OR (OLD.counts <> '{}' AND (NEW.counts, NEW.sheets, NEW.mapping, NEW.unread)
           IS DISTINCT FROM (OLD.counts, OLD.sheets, OLD.mapping, OLD.unread)) THEN
        RAISE EXCEPTION '导入批次 % 已登记，不能改。', OLD.id USING ERRCODE = '23514';
    END IF;
    IF OLD.undone_at IS NOT NULL AND (NEW.undone_at, NEW.undone_by_id, NEW.undone_why)
       IS DISTINCT FROM (OLD.undone_at, OLD.undone_by_id, OLD.undone_why) THEN
        RAISE EXCEPTION '导入批次 % 已撤销，不能再撤销或恢复。', OLD.id USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER importbatch_stays BEFORE UPDATE ON monitoring_importbatch
    FOR EACH ROW EXECUTE FUNCTION monitoring_importbatch_stays();
