-- Steps and versions are written by the triggers of the tables they are of.
CREATE OR REPLACE FUNCTION settlements_written_by_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION '% 由触发器记录,不能直接写入。', TG_TABLE_NAME USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
