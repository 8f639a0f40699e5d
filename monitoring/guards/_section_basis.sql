-- What a month's class also rests on: the kind of water, how often one samples, the target.
-- Every month of the section that has readings is then computed again.
CREATE OR REPLACE FUNCTION monitoring_section_basis_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed bigint[];
BEGIN
    IF TG_TABLE_NAME = 'monitoring_section' THEN
        changed := ARRAY[NEW.id];
    ELSE
        changed := ARRAY[CASE WHEN TG_OP <> 'INSERT' THEN OLD.section_id END,
                         CASE WHEN TG_OP <> 'DELETE' THEN NEW.section_id END];
    END IF;
    INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
    SELECT DISTINCT section_id, month, now() FROM monitoring_monthlymean
    WHERE section_id = ANY(changed)
    ORDER BY 1, 2
    ON CONFLICT (section_id, month) DO UPDATE
        SET marked_at = EXCLUDED.marked_at, retry_at = NULL, error = '';
    RETURN NULL;
END $$;
