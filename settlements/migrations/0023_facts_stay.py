"""What was said stays as it was said, results are published by their notice alone, and histories
are written by the tables they are of.

Until now these were kept by the services, and a direct statement could pass them by. A later
migration that gives stored terms a parameter at its old meaning disables `term_stays` around it.
"""

from django.db import migrations

GUARDS = """
-- Arguments: columns that change freely, then columns filled in once. All others stay.
CREATE FUNCTION settlements_said_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    freely text[] := string_to_array(TG_ARGV[0], ' ');
    once text[] := string_to_array(TG_ARGV[1], ' ');
    before jsonb := to_jsonb(OLD);
    changed text;
BEGIN
    SELECT key INTO changed FROM jsonb_each(to_jsonb(NEW)) AS now (key, value)
    WHERE value IS DISTINCT FROM before -> key AND key <> ALL (freely)
      AND NOT (key = ANY (once) AND before -> key IN ('null', '""', '[]', '{}'))
    ORDER BY key LIMIT 1;
    IF changed IS NOT NULL THEN
        RAISE EXCEPTION '% #% 的 % 登记后不能修改。', TG_TABLE_NAME, OLD.id, changed
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

DO $$
DECLARE
    t record;
BEGIN
    FOR t IN SELECT * FROM (VALUES
        ('settlements_objection', 'state evidence_until provisional',
            'decided_at decided_by_id decision treatment'),
        ('settlements_agreementmonth', 'state objection_until provisional', ''),
        ('settlements_adjustment', 'state reviewed_by_id reviewed_at approved_by_id approved_at reason', ''),
        ('settlements_fusetrip', 'state', 'decided_at decided_by_id reason'),
        ('settlements_jointsample', 'value', 'reserve'),
        ('settlements_fundproject', '', 'closed_on'),
        ('settlements_measure', 'report reported_at reported_by_id',
            'lifted_on lifted_by_id lifted_why')
    ) AS given (name, freely, once) LOOP
        EXECUTE format('CREATE TRIGGER said_stays BEFORE UPDATE ON %I
            FOR EACH ROW EXECUTE FUNCTION settlements_said_stays(%L, %L)', t.name, t.freely, t.once);
    END LOOP;
END $$;

-- A term under which results were published is ended and followed by another, never changed.
CREATE FUNCTION settlements_term_stays() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER term_stays BEFORE UPDATE ON settlements_term
    FOR EACH ROW EXECUTE FUNCTION settlements_term_stays();
CREATE TRIGGER term_section_stays BEFORE UPDATE ON settlements_termsection
    FOR EACH ROW EXECUTE FUNCTION settlements_term_stays();

-- A result is published with its agreement's month (a year's with December), settled with its
-- closed year; asked when the transaction ends.
CREATE FUNCTION settlements_accrual_earned() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held record;
    earned boolean;
BEGIN
    SELECT a.state, a.period, a.yearly, t.agreement_id INTO held
    FROM settlements_accrual a JOIN settlements_term t ON t.id = a.term_id WHERE a.id = NEW.id;
    IF held.state IS NULL OR held.state = 'preliminary' THEN
        RETURN NULL;
    END IF;
    earned := EXISTS (
        SELECT 1 FROM settlements_agreementmonth m
            JOIN settlements_notice n ON n.id = m.notice_id AND n.state = 'published'
        WHERE m.agreement_id = held.agreement_id
          AND m.month = CASE WHEN held.yearly THEN (held.period + interval '11 months')::date
              ELSE held.period END);
    IF earned AND held.state = 'settled' THEN
        earned := EXISTS (
            SELECT 1 FROM settlements_settlement s
            WHERE s.agreement_id = held.agreement_id AND s.state IN ('closed', 'cleared')
              AND s.year = extract(year FROM held.period));
    END IF;
    IF NOT earned THEN
        RAISE EXCEPTION '月核算 #% 不能%。', NEW.id, CASE held.state
            WHEN 'published' THEN '算作已发布:所属月度没有已发布的通报'
            ELSE '算作已结清:所属年度尚未关账' END USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER accrual_earned AFTER INSERT OR UPDATE OF state ON settlements_accrual
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state <> 'preliminary')
    EXECUTE FUNCTION settlements_accrual_earned();

-- Steps and versions are written by the triggers of the tables they are of; what readings were
-- (also by an import, of values replaced within one file) only grows.
CREATE FUNCTION settlements_written_by_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION '% 由触发器记录,不能直接写入。', TG_TABLE_NAME USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER written_by_trigger BEFORE INSERT ON settlements_statemove
    FOR EACH ROW EXECUTE FUNCTION settlements_written_by_trigger();
CREATE TRIGGER written_by_trigger BEFORE INSERT ON settlements_accrualversion
    FOR EACH ROW EXECUTE FUNCTION settlements_written_by_trigger();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON monitoring_readingrevision
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON monitoring_readingrevision
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
"""

UNDO = """
DROP TRIGGER never_truncated ON monitoring_readingrevision;
DROP TRIGGER only_grows ON monitoring_readingrevision;
DROP TRIGGER written_by_trigger ON settlements_accrualversion;
DROP TRIGGER written_by_trigger ON settlements_statemove;
DROP FUNCTION settlements_written_by_trigger();
DROP TRIGGER accrual_earned ON settlements_accrual;
DROP FUNCTION settlements_accrual_earned();
DROP TRIGGER term_section_stays ON settlements_termsection;
DROP TRIGGER term_stays ON settlements_term;
DROP FUNCTION settlements_term_stays();
DROP TRIGGER said_stays ON settlements_measure;
DROP TRIGGER said_stays ON settlements_fundproject;
DROP TRIGGER said_stays ON settlements_jointsample;
DROP TRIGGER said_stays ON settlements_fusetrip;
DROP TRIGGER said_stays ON settlements_adjustment;
DROP TRIGGER said_stays ON settlements_agreementmonth;
DROP TRIGGER said_stays ON settlements_objection;
DROP FUNCTION settlements_said_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("settlements", "0022_fill_of_any_level")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
