-- 断面、指标、导入批次: what readings name stays, and keeps its number; readings have no foreign keys.
-- Readings of a statement that has not committed hold a key lock on it: this waits for them, and
-- then must see them, which only READ COMMITTED does.
CREATE OR REPLACE FUNCTION monitoring_reading_refers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    named boolean;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        RAISE EXCEPTION '% 不允许 TRUNCATE:监测数据须有断面、指标和批次,请用 DELETE。', TG_TABLE_NAME
            USING ERRCODE = '23514';
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION '% 的记录只能在 READ COMMITTED 事务中删除或改号。', TG_TABLE_NAME
            USING ERRCODE = '23514';
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM monitoring_reading WHERE %I = $1)', TG_ARGV[0])
        INTO named USING OLD.id;
    IF named THEN
        RAISE EXCEPTION '% 的第 % 号已有监测数据,不能删除,也不能改号。', TG_TABLE_NAME, OLD.id
            USING ERRCODE = '23503';
    END IF;
    RETURN NULL;
END $$;
