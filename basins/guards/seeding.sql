-- 演示数据的载入: an empty database, once, and over with its transaction.

-- Opened only by whoever finds nobody here yet (each app above refuses for what it keeps); closed once;
-- nothing else ever changes.
CREATE OR REPLACE FUNCTION basins_seeding_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF EXISTS (SELECT 1 FROM basins_user) OR EXISTS (SELECT 1 FROM basins_role) THEN
            RAISE EXCEPTION '数据库里已有人员，不能载入演示数据；请另设空的数据库。' USING ERRCODE = '23514';
        END IF;
        NEW.started_at := now();
        NEW.ended_at := NULL;
        NEW.transaction := pg_current_xact_id()::text::bigint;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND basins_seeding_open() AND NEW.ended_at IS NOT NULL
            AND to_jsonb(NEW) - 'ended_at' = to_jsonb(OLD) - 'ended_at' THEN
        NEW.ended_at := clock_timestamp();
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '演示数据的载入已经记下，不允许 %：载入只有一次，结束后不再打开。', TG_OP
        USING ERRCODE = '23514';
END $$;

CREATE TRIGGER seeding_stays BEFORE INSERT OR UPDATE OR DELETE ON basins_seeding
    FOR EACH ROW EXECUTE FUNCTION basins_seeding_stays();
CREATE TRIGGER seeding_never_truncated BEFORE TRUNCATE ON basins_seeding
    FOR EACH STATEMENT EXECUTE FUNCTION basins_seeding_stays();

-- Asked when the transaction ends.
CREATE OR REPLACE FUNCTION basins_seeding_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM basins_seeding WHERE id = NEW.id AND ended_at IS NULL) THEN
        RAISE EXCEPTION '演示数据的载入没有结束，不能提交。' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER seeding_ends AFTER INSERT ON basins_seeding
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION basins_seeding_ends();
