"""Moves without a two-person rule don't look for an earlier doer: months move by the hundred."""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION settlements_state_moves() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before text := CASE WHEN TG_OP = 'INSERT' THEN '' ELSE OLD.state END;
    acting record;
    move   record;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state = NEW.state THEN
        RETURN NULL;
    END IF;
    SELECT * INTO acting FROM settlements_acting();
    -- Without an event only the system's own moves are left.
    SELECT m.* INTO move FROM settlements_moves() m
        WHERE m.thing = TG_ARGV[0] AND m.source = before AND m.target = NEW.state
          AND (m.event = acting.event OR acting.event = '' AND m.by_system)
        LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION '流程不允许:% #% 从“%”到“%”(事件“%”)。请按流程办理。',
            TG_ARGV[0], NEW.id, before, NEW.state, acting.event USING ERRCODE = '23514';
    END IF;
    IF NOT move.by_system AND acting.person IS NULL THEN
        RAISE EXCEPTION '流程不允许:% #% 的“%”须写明经办人。', TG_ARGV[0], NEW.id, move.event
            USING ERRCODE = '23514';
    END IF;
    -- Two persons: the last one who did the event named may not do this one.
    IF cardinality(move.not_by) > 0 THEN
        IF (SELECT s.by_id FROM settlements_statemove s
            WHERE s.thing = TG_ARGV[0] AND s.object_id = NEW.id AND s.event = ANY (move.not_by)
            ORDER BY s.id DESC LIMIT 1) = acting.person THEN
            RAISE EXCEPTION '流程不允许:% #% 的“%”须由另一人办理。', TG_ARGV[0], NEW.id, move.event
                USING ERRCODE = '23514';
        END IF;
    END IF;
    INSERT INTO settlements_statemove
        (thing, object_id, event, source, target, by_id, at, stored_at, note)
    VALUES (TG_ARGV[0], NEW.id, move.event, before, NEW.state,
        CASE WHEN move.by_system THEN NULL ELSE acting.person END,
        acting.moment, clock_timestamp(), acting.words);
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("settlements", "0014_parameters_added")]
    operations = [migrations.RunSQL(FUNCTION, migrations.RunSQL.noop)]
