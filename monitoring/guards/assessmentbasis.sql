-- 统计口径: months that are assessed keep what they were assessed by. A choice begins with the
-- running month or later, or with months that nothing is known of yet; another one ends it.
CREATE OR REPLACE FUNCTION monitoring_basis_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    running date := date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai')::date;
    since date;
BEGIN
    IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - 'in_force' <> to_jsonb(OLD) - 'in_force'
                             OR lower(NEW.in_force) IS DISTINCT FROM lower(OLD.in_force)) THEN
        RAISE EXCEPTION '统计口径不能改写;请自下一个月起另立一条。' USING ERRCODE = '23514';
    END IF;
    -- From when on months would be assessed otherwise than before the statement.
    since := CASE TG_OP
        WHEN 'UPDATE' THEN least(upper(OLD.in_force), upper(NEW.in_force))
        WHEN 'INSERT' THEN lower(NEW.in_force)
        ELSE lower(OLD.in_force) END;
    IF TG_OP <> 'DELETE' AND (lower(NEW.in_force) IS NULL
                              OR extract(day FROM lower(NEW.in_force)) <> 1
                              OR extract(day FROM coalesce(upper(NEW.in_force), running)) <> 1) THEN
        RAISE EXCEPTION '统计口径须自某月 1 日起。' USING ERRCODE = '23514';
    END IF;
    IF since < running AND EXISTS (SELECT 1 FROM monitoring_assessment
                                   WHERE month >= since AND month < running) THEN
        RAISE EXCEPTION '% 起已有评价,统计口径不能追溯;请自 % 或以后的月份起。',
            to_char(since, 'YYYY-MM'), to_char(running, 'YYYY-MM') USING ERRCODE = '23514';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE TRIGGER basis_stays BEFORE INSERT OR UPDATE OR DELETE ON monitoring_assessmentbasis
    FOR EACH ROW EXECUTE FUNCTION monitoring_basis_stays();

-- What has means already, the running month, is assessed again.
CREATE OR REPLACE FUNCTION monitoring_basis_marks() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    since date := least(lower(COALESCE(NEW.in_force, OLD.in_force)),
                        upper(COALESCE(NEW.in_force, OLD.in_force)));
BEGIN
    INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
    SELECT DISTINCT section_id, month, now() FROM monitoring_monthlymean WHERE month >= since
    ORDER BY 1, 2
    ON CONFLICT (section_id, month) DO UPDATE
        SET marked_at = EXCLUDED.marked_at, retry_at = NULL, error = '';
    RETURN NULL;
END $$;

CREATE TRIGGER basis_marks AFTER INSERT OR DELETE ON monitoring_assessmentbasis
    FOR EACH ROW EXECUTE FUNCTION monitoring_basis_marks();
