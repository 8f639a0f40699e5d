-- 演示数据的载入: only where nothing is monitored yet (its own guards: basins/guards/seeding.sql).

CREATE OR REPLACE FUNCTION monitoring_seeding_finds_nothing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM monitoring_section) OR EXISTS (SELECT 1 FROM monitoring_reading)
            OR EXISTS (SELECT 1 FROM monitoring_readingrevision)
            OR EXISTS (SELECT 1 FROM monitoring_observation) THEN
        RAISE EXCEPTION '数据库里已有断面或监测数据，不能载入演示数据；请另设空的数据库。'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER seeding_finds_nothing_monitored BEFORE INSERT ON basins_seeding
    FOR EACH ROW EXECUTE FUNCTION monitoring_seeding_finds_nothing();
