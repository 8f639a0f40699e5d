-- 年度签认: said once; it is void when the data change, and is never taken away.

-- One change: it becomes void, once.
CREATE OR REPLACE FUNCTION settlements_signature_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.void_at IS NOT NULL OR NEW.void_at IS NULL
            OR to_jsonb(NEW) - '{void_at,void_why}'::text[]
                <> to_jsonb(OLD) - '{void_at,void_why}'::text[] THEN
        RAISE EXCEPTION '签认 #% 不能修改,只能因数据变动作废一次。', OLD.id USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER signature_stays BEFORE UPDATE ON settlements_settlementsignature
    FOR EACH ROW EXECUTE FUNCTION settlements_signature_stays();
CREATE TRIGGER never_deleted BEFORE DELETE ON settlements_settlementsignature
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_settlementsignature
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
