-- 基础资料变更: what was said of a thing stays said.

CREATE OR REPLACE FUNCTION basins_reference_change_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '基础资料的变更记录只增不改:不允许 %。', TG_OP USING ERRCODE = '23514';
END $$;

CREATE TRIGGER reference_change_stays BEFORE UPDATE OR DELETE ON basins_referencechange
    FOR EACH ROW EXECUTE FUNCTION basins_reference_change_stays();
CREATE TRIGGER reference_change_never_truncated BEFORE TRUNCATE ON basins_referencechange
    FOR EACH STATEMENT EXECUTE FUNCTION basins_reference_change_stays();
