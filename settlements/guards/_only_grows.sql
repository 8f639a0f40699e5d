-- What was said, signed, confirmed, read or decided by a person: rows come, and never change or go
-- (`never_deleted`: they change by other guards, and never go).
CREATE OR REPLACE FUNCTION settlements_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% 只增不改,不允许 %。', TG_TABLE_NAME, TG_OP USING ERRCODE = '23514';
END $$;
