-- 指标: one that readings name stays, and keeps its number.
CREATE TRIGGER indicator_stays_of_readings AFTER DELETE ON monitoring_indicator
    FOR EACH ROW EXECUTE FUNCTION monitoring_reading_refers('indicator_id');

CREATE TRIGGER indicator_keeps_its_number AFTER UPDATE OF id ON monitoring_indicator
    FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id)
    EXECUTE FUNCTION monitoring_reading_refers('indicator_id');

CREATE TRIGGER indicator_not_truncated BEFORE TRUNCATE ON monitoring_indicator
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_reading_refers('indicator_id');
