-- 日历事项: what is proposed never changes under the second person, and is decided once.

CREATE OR REPLACE FUNCTION basins_calendar_act_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decision text[] := ARRAY['state', 'decided_by_id', 'decided_at', 'decided_why'];
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION '日历事项不能删除；不成立的请退回或撤回。' USING ERRCODE = '23514';
    END IF;
    IF OLD.state = 'proposed' AND to_jsonb(NEW) - decision = to_jsonb(OLD) - decision THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '日历事项 #% 提出后不能改动，只能复核、退回或撤回一次。', OLD.id
        USING ERRCODE = '23514';
END $$;

CREATE TRIGGER calendar_act_stays BEFORE UPDATE OR DELETE ON basins_calendaract
    FOR EACH ROW EXECUTE FUNCTION basins_calendar_act_stays();
CREATE TRIGGER calendar_act_never_truncated BEFORE TRUNCATE ON basins_calendaract
    FOR EACH STATEMENT EXECUTE FUNCTION basins_calendar_act_stays();
