-- 角色: nobody was something before the day it was said. A demonstration that is being seeded
-- (seeding.sql) alone may say so (acting(established=True)); that is recorded as 既有.

-- Refuses a role that begins before today, a change of one but of its end, an end before today,
-- its going once it was held for a day, and 协议管理员 within a year of 审计管理员 in one person, either way round.
CREATE OR REPLACE FUNCTION basins_role_dated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    acting jsonb := COALESCE(NULLIF(current_setting('rivers.acting', true), ''), '{}')::jsonb;
    today  date := (now() AT TIME ZONE 'Asia/Shanghai')::date;
BEGIN
    IF COALESCE((acting ->> 'established')::boolean, false) AND basins_seeding_open() THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF lower(OLD.in_force) >= today THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION '角色 #% 在今天以前已开始，不能删除；请定下它的止日。', OLD.id USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'INSERT' AND (lower(NEW.in_force) IS NULL OR lower(NEW.in_force) < today) THEN
        RAISE EXCEPTION '角色不能从今天以前开始；请从今天或以后起。' USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.user_id, NEW.role, NEW.jurisdiction_id, lower(NEW.in_force))
                IS DISTINCT FROM (OLD.user_id, OLD.role, OLD.jurisdiction_id, lower(OLD.in_force)) THEN
            RAISE EXCEPTION '角色 #% 只有止日可以改；别的请终止后另授。', OLD.id
                USING ERRCODE = '23514';
        END IF;
        IF upper(OLD.in_force) <= today OR upper(NEW.in_force) < today THEN
            RAISE EXCEPTION '角色 #% 的止日不能在今天以前，已终止的不再改动。', OLD.id
                USING ERRCODE = '23514';
        END IF;
    END IF;
    IF NEW.role IN ('admin', 'auditor') AND EXISTS (
            SELECT 1 FROM basins_role r
            WHERE r.user_id = NEW.user_id AND r.id <> NEW.id AND r.role <> NEW.role
                AND r.role IN ('admin', 'auditor')
                AND r.in_force && daterange((lower(NEW.in_force) - interval '1 year')::date,
                                            (upper(NEW.in_force) + interval '1 year')::date)) THEN
        RAISE EXCEPTION '协议管理员与审计管理员不能由同一人在一年之内先后担任。'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

-- Whoever writes: no begin before today, no end before today, nothing else changed.
CREATE TRIGGER role_dated BEFORE INSERT OR UPDATE OR DELETE ON basins_role
    FOR EACH ROW EXECUTE FUNCTION basins_role_dated();
