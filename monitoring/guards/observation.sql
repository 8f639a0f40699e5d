-- 指标值: superseded, never changed, and each marks the period it feeds.

-- A figure is known from when it is entered.
CREATE OR REPLACE FUNCTION monitoring_observation_known_since() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT basins_is_now(NEW.recorded_at) OR NEW.superseded_at IS NOT NULL THEN
        RAISE EXCEPTION '指标值的录入时间由数据库记下，不能另给。' USING ERRCODE = '23514';
    END IF;
    NEW.recorded_at := basins_recorded_at(NEW.recorded_at);
    RETURN NEW;
END $$;

CREATE TRIGGER observation_known_since BEFORE INSERT ON monitoring_observation
    FOR EACH ROW EXECUTE FUNCTION monitoring_observation_known_since();

-- A figure is never changed: it is superseded once, just now, and the row that was stays.
CREATE OR REPLACE FUNCTION monitoring_observation_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION '% 不允许 %:指标值只更正、不删除,请录入新值。', TG_TABLE_NAME, TG_OP
            USING ERRCODE = '23514';
    END IF;
    IF OLD.superseded_at IS NOT NULL THEN
        RAISE EXCEPTION '指标值 #% 已更正过,不能再改;请看它的新值。', OLD.id
            USING ERRCODE = '23514';
    END IF;
    IF NEW.superseded_at IS NOT NULL AND NOT basins_is_now(NEW.superseded_at) THEN
        RAISE EXCEPTION '指标值 #% 的更正时间由数据库记下，不能另给。', OLD.id USING ERRCODE = '23514';
    END IF;
    NEW.superseded_at := basins_recorded_at(NEW.superseded_at);
    IF NEW.superseded_at IS NULL OR
       (NEW.id, NEW.section_id, NEW.jurisdiction_id, NEW.name, NEW.period, NEW.yearly, NEW.value,
        NEW.unit, NEW.source, NEW.recorded_by_id, NEW.recorded_at) IS DISTINCT FROM
       (OLD.id, OLD.section_id, OLD.jurisdiction_id, OLD.name, OLD.period, OLD.yearly, OLD.value,
        OLD.unit, OLD.source, OLD.recorded_by_id, OLD.recorded_at) THEN
        RAISE EXCEPTION '指标值 #% 不能修改;更正请录入新值,原值留存。', OLD.id
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER observation_stays BEFORE UPDATE OR DELETE ON monitoring_observation
    FOR EACH ROW EXECUTE FUNCTION monitoring_observation_stays();
CREATE TRIGGER observation_never_truncated BEFORE TRUNCATE ON monitoring_observation
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_observation_stays();

-- A section's figure feeds that month, a yearly one the year: January stands for it.
CREATE OR REPLACE FUNCTION monitoring_observation_marks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
    VALUES (NEW.section_id, NEW.period, now())
    ON CONFLICT (section_id, month) DO UPDATE
        SET marked_at = EXCLUDED.marked_at, retry_at = NULL, error = '';
    RETURN NULL;
END $$;

CREATE TRIGGER observation_marks AFTER INSERT OR UPDATE ON monitoring_observation
    FOR EACH ROW WHEN (NEW.section_id IS NOT NULL)
    EXECUTE FUNCTION monitoring_observation_marks();
