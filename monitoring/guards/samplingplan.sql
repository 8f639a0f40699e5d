-- 监测频次: another plan makes other months complete.

CREATE TRIGGER plan_basis_changed AFTER INSERT OR UPDATE OR DELETE ON monitoring_samplingplan
    FOR EACH ROW EXECUTE FUNCTION monitoring_section_basis_changed();
