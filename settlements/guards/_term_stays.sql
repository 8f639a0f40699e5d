-- A term, or a section of it, under which results were published: nothing but its end may change.
CREATE OR REPLACE FUNCTION settlements_term_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    term bigint := CASE TG_TABLE_NAME WHEN 'settlements_term' THEN OLD.id
        ELSE (to_jsonb(OLD) ->> 'term_id')::bigint END;
BEGIN
    IF to_jsonb(NEW) - 'in_force' IS DISTINCT FROM to_jsonb(OLD) - 'in_force' AND EXISTS (
            SELECT 1 FROM settlements_accrual a
            WHERE a.term_id = term AND a.state <> 'preliminary') THEN
        RAISE EXCEPTION '条款期 #% 已有发布的核算,不能修改;请修订协议,另立条款期。', term
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
