-- The journal: rows come, and never change or go. What was wrong is reversed by another entry.
CREATE OR REPLACE FUNCTION settlements_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '台账只增不改:% 不允许 %。更正请另记一笔冲销凭证。', TG_TABLE_NAME, TG_OP
        USING ERRCODE = '23514';
END $$;
