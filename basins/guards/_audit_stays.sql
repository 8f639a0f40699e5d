-- What was noted is never changed, deleted or truncated.
CREATE OR REPLACE FUNCTION basins_audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '操作记录只增不改:% 不允许 %。', TG_TABLE_NAME, TG_OP
        USING ERRCODE = '23514';
END $$;
