-- Results and years: TRUNCATE would take away what is fixed.
CREATE OR REPLACE FUNCTION settlements_no_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% 不允许 TRUNCATE:已结清的记录须保留。', TG_TABLE_NAME
        USING ERRCODE = '23514';
END $$;
