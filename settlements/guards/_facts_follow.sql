-- Names are facts of a month, and so is which section stood there before: when they change, every
-- month in which they count is reckoned again. What comes out the same stays as it is.
CREATE OR REPLACE FUNCTION settlements_facts_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
    SELECT DISTINCT part.section_id, accrual.period, now()
    FROM settlements_accrual accrual
    JOIN settlements_termsection part ON part.id = accrual.term_section_id
    JOIN settlements_term term ON term.id = part.term_id
    JOIN settlements_agreement agreement ON agreement.id = term.agreement_id
    WHERE CASE TG_TABLE_NAME
        WHEN 'basins_river' THEN agreement.river_id = NEW.id
        WHEN 'monitoring_section' THEN NEW.id IN (part.section_id, part.inflow_id, part.reference_id)
        ELSE NEW.id IN (part.upstream_id, part.downstream_id) OR EXISTS (
            SELECT 1 FROM settlements_party party
            WHERE party.agreement_id = agreement.id AND party.jurisdiction_id = NEW.id)
        END
    ORDER BY 1, 2
    ON CONFLICT (section_id, month) DO UPDATE
        SET marked_at = EXCLUDED.marked_at, retry_at = NULL, error = '';
    RETURN NULL;
END $$;
