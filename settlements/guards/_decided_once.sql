-- What two persons decide is decided once; its content never changes under the second one.
CREATE OR REPLACE FUNCTION settlements_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decision text[] := ARRAY['state', 'approved_by_id', 'approved_at', 'rejected_why'];
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION '% 的记录不能删除；不成立的请退回。', TG_TABLE_NAME USING ERRCODE = '23514';
    END IF;
    IF OLD.state = 'prepared' AND to_jsonb(NEW) - decision = to_jsonb(OLD) - decision THEN
        RETURN NEW;
    END IF;
    IF OLD.state = 'approved' AND to_jsonb(OLD) ? 'reversed_on'
            AND to_jsonb(OLD) -> 'reversed_on' = 'null'::jsonb
            AND to_jsonb(NEW) - 'reversed_on' = to_jsonb(OLD) - 'reversed_on' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% #% 登记后不能改动，只能复核或退回一次。', TG_TABLE_NAME, OLD.id
        USING ERRCODE = '23514';
END $$;
