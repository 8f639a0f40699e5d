-- 断面目标: another target is another comparison for every month that has readings.

CREATE TRIGGER target_basis_changed AFTER INSERT OR UPDATE OR DELETE ON monitoring_target
    FOR EACH ROW EXECUTE FUNCTION monitoring_section_basis_changed();
