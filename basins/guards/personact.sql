-- 账号事项: what is proposed never changes under the second person, and is decided once.

-- Refuses every change but the one decision, and the one use of a one-time code.
CREATE OR REPLACE FUNCTION basins_person_act_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decision text[] := ARRAY['state', 'person_id', 'decided_by_id', 'decided_at', 'decided_why',
                             'second_half', 'code_until'];
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION '账号事项不能删除；不成立的请退回或撤回。' USING ERRCODE = '23514';
    END IF;
    IF OLD.state = 'proposed' AND to_jsonb(NEW) - decision = to_jsonb(OLD) - decision
            AND (NEW.person_id = OLD.person_id OR OLD.person_id IS NULL) THEN
        RETURN NEW;
    END IF;
    IF OLD.state = 'approved' AND OLD.code_used_at IS NULL AND NEW.code_used_at IS NOT NULL
            AND to_jsonb(NEW) - 'code_used_at'::text = to_jsonb(OLD) - 'code_used_at'::text THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '账号事项 #% 提出后不能改动，只能复核、退回或撤回一次。', OLD.id
        USING ERRCODE = '23514';
END $$;

-- 账号事项 are decided once and never go.
CREATE TRIGGER person_act_stays BEFORE UPDATE OR DELETE ON basins_personact
    FOR EACH ROW EXECUTE FUNCTION basins_person_act_stays();
CREATE TRIGGER person_act_never_truncated BEFORE TRUNCATE ON basins_personact
    FOR EACH STATEMENT EXECUTE FUNCTION basins_person_act_stays();
