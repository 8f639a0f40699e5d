-- 导入批次: one that readings name stays, and keeps its number.
CREATE TRIGGER importbatch_stays_of_readings AFTER DELETE ON monitoring_importbatch
    FOR EACH ROW EXECUTE FUNCTION monitoring_reading_refers('batch_id');

CREATE TRIGGER importbatch_keeps_its_number AFTER UPDATE OF id ON monitoring_importbatch
    FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id)
    EXECUTE FUNCTION monitoring_reading_refers('batch_id');

CREATE TRIGGER importbatch_not_truncated BEFORE TRUNCATE ON monitoring_importbatch
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_reading_refers('batch_id');
