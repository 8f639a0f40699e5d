-- 数据版本: every statement that writes to a table of ours leaves a mark, whoever sends it. The triggers
-- that call this stand on every table of the apps with data but those set aside beside their models
-- (basins/version.py makes them).
CREATE OR REPLACE FUNCTION basins_mark_data() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO basins_datamark (mark) VALUES (uuid_hash_extended(gen_random_uuid(), 0));
    RETURN NULL;
END $$;
