-- 演示数据的载入: only where nothing is settled yet (its own guards: basins/guards/seeding.sql).

CREATE OR REPLACE FUNCTION settlements_seeding_finds_nothing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM settlements_agreement)
            OR EXISTS (SELECT 1 FROM settlements_agreementdraft)
            OR EXISTS (SELECT 1 FROM settlements_notice)
            OR EXISTS (SELECT 1 FROM settlements_journalentry)
            OR EXISTS (SELECT 1 FROM settlements_statemove) THEN
        RAISE EXCEPTION '数据库里已有协议、通报或台账，不能载入演示数据；请另设空的数据库。'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER seeding_finds_nothing_settled BEFORE INSERT ON basins_seeding
    FOR EACH ROW EXECUTE FUNCTION settlements_seeding_finds_nothing();
