-- 指标值 of a party: what of the money rests on it (its own guards:
-- monitoring/guards/observation.sql).

-- A party's figure feeds every section of the agreements it is party to.
CREATE OR REPLACE FUNCTION settlements_party_figure_marks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
    SELECT DISTINCT s.section_id, NEW.period, now()
    FROM settlements_termsection s
    JOIN settlements_term t ON t.id = s.term_id
    WHERE NEW.jurisdiction_id IN (s.upstream_id, s.downstream_id)
       OR EXISTS (SELECT 1 FROM settlements_party p WHERE p.agreement_id = t.agreement_id
                  AND p.jurisdiction_id = NEW.jurisdiction_id)
    ORDER BY 1
    ON CONFLICT (section_id, month) DO UPDATE
        SET marked_at = EXCLUDED.marked_at, retry_at = NULL, error = '';
    RETURN NULL;
END $$;

CREATE TRIGGER party_figure_marks AFTER INSERT OR UPDATE ON monitoring_observation
    FOR EACH ROW WHEN (NEW.jurisdiction_id IS NOT NULL)
    EXECUTE FUNCTION settlements_party_figure_marks();
