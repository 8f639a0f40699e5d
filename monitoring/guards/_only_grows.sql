-- Histories, and what a person found of a reading: rows come, and never change or go.
CREATE OR REPLACE FUNCTION monitoring_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% 只增不改,不允许 %。', TG_TABLE_NAME, TG_OP USING ERRCODE = '23514';
END $$;
