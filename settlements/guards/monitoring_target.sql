-- 断面目标: what of the money rests on it (its own guards: monitoring/guards/target.sql).

-- Months with means are marked by target_basis_changed; here are all that have an accrual.
CREATE OR REPLACE FUNCTION settlements_target_marks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
    SELECT DISTINCT s.section_id, a.period, now()
    FROM settlements_accrual a JOIN settlements_termsection s ON s.id = a.term_section_id
    WHERE s.section_id IN (COALESCE(OLD.section_id, NEW.section_id),
                           COALESCE(NEW.section_id, OLD.section_id))
    ORDER BY 1, 2
    ON CONFLICT (section_id, month) DO UPDATE
        SET marked_at = EXCLUDED.marked_at, retry_at = NULL, error = '';
    RETURN NULL;
END $$;

CREATE TRIGGER target_marks AFTER INSERT OR UPDATE OR DELETE ON monitoring_target
    FOR EACH ROW EXECUTE FUNCTION settlements_target_marks();
