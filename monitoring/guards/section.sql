-- 断面: another kind of water is another class for every month that has readings.

CREATE TRIGGER section_basis_changed AFTER UPDATE OF water_body ON monitoring_section
    FOR EACH ROW WHEN (OLD.water_body IS DISTINCT FROM NEW.water_body)
    EXECUTE FUNCTION monitoring_section_basis_changed();
