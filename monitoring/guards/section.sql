-- 断面: another kind of water is another class for every month that has readings.

CREATE TRIGGER section_basis_changed AFTER UPDATE OF water_body ON monitoring_section
    FOR EACH ROW WHEN (OLD.water_body IS DISTINCT FROM NEW.water_body)
    EXECUTE FUNCTION monitoring_section_basis_changed();

-- One that readings name stays, and keeps its number.
CREATE TRIGGER section_stays_of_readings AFTER DELETE ON monitoring_section
    FOR EACH ROW EXECUTE FUNCTION monitoring_reading_refers('section_id');

CREATE TRIGGER section_keeps_its_number AFTER UPDATE OF id ON monitoring_section
    FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id)
    EXECUTE FUNCTION monitoring_reading_refers('section_id');

CREATE TRIGGER section_not_truncated BEFORE TRUNCATE ON monitoring_section
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_reading_refers('section_id');
