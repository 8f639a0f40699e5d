"""Accruals' versions are written once a statement, and the guard looks only at what is refused.

A recomputation then waits a fraction of what a trigger a row took.
"""

from django.db import migrations

FASTER = """
CREATE FUNCTION settlements_accruals_revised() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    at timestamptz := clock_timestamp();
    ids bigint[];
BEGIN
    SELECT array_agg(n.id) INTO ids FROM new_rows n JOIN old_rows o USING (id)
        WHERE n.input_digest IS DISTINCT FROM o.input_digest;
    IF ids IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE settlements_accrualversion SET known_to = at
        WHERE accrual_id = ANY(ids) AND known_to IS NULL;
    INSERT INTO settlements_accrualversion (accrual_id, term_section_id, period, yearly,
        month_state, water_class, transfers, rule_revision, input_digest, known_from, transaction)
    SELECT id, term_section_id, period, yearly, month_state, water_class, '[]', rule_revision,
        input_digest, at, pg_current_xact_id()::text::bigint
    FROM new_rows WHERE id = ANY(ids);
    RETURN NULL;
END $$;

DROP TRIGGER accrual_revised ON settlements_accrual;
CREATE TRIGGER accrual_revised AFTER UPDATE ON settlements_accrual
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_accruals_revised();

DROP TRIGGER version_stays ON settlements_accrualversion;
CREATE TRIGGER version_stays BEFORE UPDATE ON settlements_accrualversion
    FOR EACH ROW WHEN (OLD.known_to IS NOT NULL OR
        (NEW.id, NEW.accrual_id, NEW.term_section_id, NEW.period, NEW.yearly, NEW.month_state,
         NEW.water_class, NEW.transfers, NEW.rule_revision, NEW.input_digest, NEW.known_from,
         NEW.transaction) IS DISTINCT FROM
        (OLD.id, OLD.accrual_id, OLD.term_section_id, OLD.period, OLD.yearly, OLD.month_state,
         OLD.water_class, OLD.transfers, OLD.rule_revision, OLD.input_digest, OLD.known_from,
         OLD.transaction))
    EXECUTE FUNCTION settlements_version_stays();
CREATE TRIGGER version_kept BEFORE DELETE ON settlements_accrualversion
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_version_stays();
"""

UNDO = """
DROP TRIGGER version_kept ON settlements_accrualversion;
DROP TRIGGER version_stays ON settlements_accrualversion;
CREATE TRIGGER version_stays BEFORE UPDATE OR DELETE ON settlements_accrualversion
    FOR EACH ROW EXECUTE FUNCTION settlements_version_stays();
DROP TRIGGER accrual_revised ON settlements_accrual;
CREATE TRIGGER accrual_revised AFTER UPDATE ON settlements_accrual
    FOR EACH ROW WHEN (OLD.input_digest IS DISTINCT FROM NEW.input_digest)
    EXECUTE FUNCTION settlements_accrual_revised();
DROP FUNCTION settlements_accruals_revised();
"""


class Migration(migrations.Migration):
    dependencies = [("settlements", "0019_section_limits")]
    operations = [migrations.RunSQL(FASTER, UNDO)]
