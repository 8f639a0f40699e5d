"""States move as settlements.workflow says, also by SQL; what was said and signed stays."""

from django.db import migrations

from settlements.workflow import moves_sql

GUARDS = """
-- Who does what just now; set for the transaction by settlements.moving.acts.moving.
CREATE FUNCTION settlements_acting(OUT event text, OUT person bigint, OUT moment timestamptz,
    OUT words text) LANGUAGE sql STABLE AS $$
    SELECT COALESCE(current_setting('rivers.event', true), ''),
           NULLIF(current_setting('rivers.by', true), '')::bigint,
           COALESCE(NULLIF(current_setting('rivers.at', true), '')::timestamptz, now()),
           COALESCE(current_setting('rivers.note', true), '')
$$;

-- TG_ARGV[0]: the thing. Refuses what the table does not name, and writes down what it does.
CREATE FUNCTION settlements_state_moves() RETURNS trigger LANGUAGE plpgsql AS $$
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
    IF (SELECT s.by_id FROM settlements_statemove s
        WHERE s.thing = TG_ARGV[0] AND s.object_id = NEW.id AND s.event = ANY (move.not_by)
        ORDER BY s.id DESC LIMIT 1) = acting.person THEN
        RAISE EXCEPTION '流程不允许:% #% 的“%”须由另一人办理。', TG_ARGV[0], NEW.id, move.event
            USING ERRCODE = '23514';
    END IF;
    INSERT INTO settlements_statemove
        (thing, object_id, event, source, target, by_id, at, stored_at, note)
    VALUES (TG_ARGV[0], NEW.id, move.event, before, NEW.state,
        CASE WHEN move.by_system THEN NULL ELSE acting.person END,
        acting.moment, clock_timestamp(), acting.words);
    RETURN NULL;
END $$;

CREATE TRIGGER notice_moves AFTER INSERT OR UPDATE OF state ON settlements_notice
    FOR EACH ROW EXECUTE FUNCTION settlements_state_moves('notice');
CREATE TRIGGER month_moves AFTER INSERT OR UPDATE OF state ON settlements_agreementmonth
    FOR EACH ROW EXECUTE FUNCTION settlements_state_moves('month');
CREATE TRIGGER objection_moves AFTER INSERT OR UPDATE OF state ON settlements_objection
    FOR EACH ROW EXECUTE FUNCTION settlements_state_moves('objection');
CREATE TRIGGER adjustment_moves AFTER INSERT OR UPDATE OF state ON settlements_adjustment
    FOR EACH ROW EXECUTE FUNCTION settlements_state_moves('adjustment');
CREATE TRIGGER settlement_moves AFTER INSERT OR UPDATE OF state ON settlements_settlement
    FOR EACH ROW EXECUTE FUNCTION settlements_state_moves('settlement');
CREATE TRIGGER fuse_moves AFTER INSERT OR UPDATE OF state ON settlements_fusetrip
    FOR EACH ROW EXECUTE FUNCTION settlements_state_moves('fuse');

-- What was said, signed, confirmed, read, decided or measured by a person only grows.
CREATE FUNCTION settlements_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% 只增不改,不允许 %。', TG_TABLE_NAME, TG_OP USING ERRCODE = '23514';
END $$;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['settlements_statemove', 'settlements_objectionreply',
        'settlements_evidence', 'settlements_objectionreading', 'settlements_monthconfirmation',
        'settlements_noticereceipt', 'settlements_reminder', 'settlements_adjustmentnet',
        'settlements_fundspending', 'monitoring_verdict'] LOOP
        EXECUTE format('CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON %I
            FOR EACH ROW EXECUTE FUNCTION settlements_only_grows()', t);
        EXECUTE format('CREATE TRIGGER never_truncated BEFORE TRUNCATE ON %I
            FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows()', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['settlements_notice', 'settlements_agreementmonth',
        'settlements_objection', 'settlements_adjustment', 'settlements_fusetrip',
        'settlements_settlementsignature', 'settlements_jointsample', 'settlements_measure',
        'settlements_fundproject'] LOOP
        EXECUTE format('CREATE TRIGGER never_deleted BEFORE DELETE ON %I
            FOR EACH ROW EXECUTE FUNCTION settlements_only_grows()', t);
        EXECUTE format('CREATE TRIGGER never_truncated BEFORE TRUNCATE ON %I
            FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows()', t);
    END LOOP;
END $$;

-- A published notice stays as it was published; a prepared one changes only its state and what
-- signing off fills in.
CREATE FUNCTION settlements_notice_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'prepared' OR
       (NEW.id, NEW.month, NEW.summary, NEW.content, NEW.digest, NEW.prepared_by_id,
        NEW.prepared_at, NEW.due_on) IS DISTINCT FROM
       (OLD.id, OLD.month, OLD.summary, OLD.content, OLD.digest, OLD.prepared_by_id,
        OLD.prepared_at, OLD.due_on) THEN
        RAISE EXCEPTION '月通报 #% 的内容不能修改;有误请退回重编,已发布的请走调整。', OLD.id
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER notice_stays BEFORE UPDATE ON settlements_notice
    FOR EACH ROW EXECUTE FUNCTION settlements_notice_stays();

-- Notices are numbered without gaps in each year.
CREATE FUNCTION settlements_notice_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_number integer;
BEGIN
    IF NEW.number IS NULL OR OLD.number IS NOT NULL THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('settlements_notice'));
    SELECT max(number) INTO last_number FROM settlements_notice WHERE year = NEW.year;
    IF NEW.number <> COALESCE(last_number, 0) + 1 THEN
        RAISE EXCEPTION '月通报号 % 不连续:% 年的下一号是 %。',
            NEW.number, NEW.year, COALESCE(last_number, 0) + 1 USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER notice_follows BEFORE UPDATE ON settlements_notice
    FOR EACH ROW EXECUTE FUNCTION settlements_notice_follows();

CREATE FUNCTION settlements_signature_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.void_at IS NOT NULL OR to_jsonb(NEW) - 'void_at' <> to_jsonb(OLD) - 'void_at' THEN
        RAISE EXCEPTION '签认 #% 不能修改,只能因数据变动作废一次。', OLD.id USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER signature_stays BEFORE UPDATE ON settlements_settlementsignature
    FOR EACH ROW EXECUTE FUNCTION settlements_signature_stays();

-- The differences of an adjustment come in one INSERT and sum to zero.
CREATE FUNCTION settlements_adjustment_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT n.adjustment_id, sum(n.yuan) AS total INTO wrong FROM new_rows n
        GROUP BY n.adjustment_id
        HAVING sum(n.yuan) <> 0 OR count(*) <> (SELECT count(*) FROM settlements_adjustmentnet a
            WHERE a.adjustment_id = n.adjustment_id)
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '调整 #% 的差额合计 % 元;须一次写入,合计为零。',
            wrong.adjustment_id, wrong.total USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER adjustment_balances AFTER INSERT ON settlements_adjustmentnet
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_adjustment_balances();

-- An approved adjustment's finding is fixed.
CREATE FUNCTION settlements_adjustment_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('approved', 'dismissed') OR
       OLD.state = 'reviewed' AND (NEW.outcome, NEW.inputs, NEW.input_digest) IS DISTINCT FROM
                                  (OLD.outcome, OLD.inputs, OLD.input_digest) THEN
        RAISE EXCEPTION '调整 #% 已%,不能修改。', OLD.id,
            CASE OLD.state WHEN 'approved' THEN '批准' WHEN 'dismissed' THEN '不予调整'
            ELSE '提请批准' END USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER adjustment_stays BEFORE UPDATE ON settlements_adjustment
    FOR EACH ROW EXECUTE FUNCTION settlements_adjustment_stays();

-- An accrual: preliminary → published → settled; from its publication only the state moves.
CREATE OR REPLACE FUNCTION settlements_settled_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'settled' THEN
        RAISE EXCEPTION '月核算 #% 已结清,不能修改;更正请提出调整。', OLD.id
            USING ERRCODE = '23514';
    END IF;
    IF OLD.state = 'published' THEN
        IF TG_OP = 'DELETE' OR NEW.state NOT IN ('published', 'settled')
           OR to_jsonb(NEW) - 'state' <> to_jsonb(OLD) - 'state' THEN
            RAISE EXCEPTION '月核算 #% 已发布,不能修改;更正请提出调整。', OLD.id
                USING ERRCODE = '23514';
        END IF;
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE OR REPLACE FUNCTION settlements_transfer_settled_stays() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    fixed bigint;
BEGIN
    -- OLD and NEW both: a transfer is neither moved out of a published accrual nor into one.
    SELECT id INTO fixed FROM settlements_accrual
        WHERE state IN ('published', 'settled') AND id IN (
        CASE WHEN TG_OP <> 'INSERT' THEN OLD.accrual_id END,
        CASE WHEN TG_OP <> 'DELETE' THEN NEW.accrual_id END) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '月核算 #% 已发布,收付不能修改;更正请提出调整。', fixed
            USING ERRCODE = '23514';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

-- A closed year: nothing but 已关账 ↔ 已清缴 as debts are paid or a payment is reversed.
CREATE OR REPLACE FUNCTION settlements_closed_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closed bigint;
BEGIN
    IF TG_TABLE_NAME = 'settlements_settlement' THEN
        IF OLD.state IN ('closed', 'cleared') THEN
            IF TG_OP = 'DELETE' OR NEW.state NOT IN ('closed', 'cleared')
               OR to_jsonb(NEW) - '{state,cleared_on}'::text[]
                  <> to_jsonb(OLD) - '{state,cleared_on}'::text[] THEN
                RAISE EXCEPTION '% 年结算 #% 已关账,不能修改。', OLD.year, OLD.id
                    USING ERRCODE = '23514';
            END IF;
        ELSIF TG_OP = 'DELETE' AND OLD.state <> 'open' THEN
            RAISE EXCEPTION '% 年结算 #% 已签认,不能删除。', OLD.year, OLD.id
                USING ERRCODE = '23514';
        END IF;
        RETURN COALESCE(NEW, OLD);
    END IF;
    SELECT id INTO closed FROM settlements_settlement
        WHERE state IN ('closed', 'cleared') AND id IN (
        CASE WHEN TG_OP <> 'INSERT' THEN OLD.settlement_id END,
        CASE WHEN TG_OP <> 'DELETE' THEN NEW.settlement_id END) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '结算 #% 已关账,净额不能修改。', closed USING ERRCODE = '23514';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;
"""


def make_moves(apps, schema_editor):
    schema_editor.execute(moves_sql())


class Migration(migrations.Migration):
    dependencies = [("settlements", "0007_workflow"), ("monitoring", "0005_verdicts")]
    operations = [
        migrations.RunPython(make_moves, migrations.RunPython.noop),
        migrations.RunSQL(GUARDS, migrations.RunSQL.noop),
    ]
