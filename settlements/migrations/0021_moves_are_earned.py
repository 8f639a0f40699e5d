"""A state is reached by its event and when its guard holds, and money is where the states say.

Until now the system's own moves needed no event, and guards were held by the services alone.
"""

from importlib import import_module

from django.db import migrations

FUNCTION = import_module("settlements.migrations.0015_state_moves_in_bulk").FUNCTION

# Only what is made (a computed year, a proposal) is made without being told an event.
TELLING = "(m.event = acting.event OR acting.event = '' AND m.by_system)"
EARNED = FUNCTION.replace(
    TELLING, "(m.event = acting.event OR acting.event = '' AND m.by_system AND before = '')"
).replace(
    "    INSERT INTO settlements_statemove",
    """    unearned := settlements_unearned(TG_ARGV[0], move.event, NEW.id, acting.moment);
    IF unearned IS NOT NULL THEN
        RAISE EXCEPTION '流程不允许:% #% 的“%”,%。', TG_ARGV[0], NEW.id, move.event, unearned
            USING ERRCODE = '23514';
    END IF;
    INSERT INTO settlements_statemove""",
).replace("    move   record;", "    move   record;\n    unearned text;")

GUARDS = """
-- Jurisdictions that answer for a month: the parties of that month that signed.
CREATE FUNCTION settlements_answering(month_id bigint) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    SELECT p.jurisdiction_id FROM settlements_agreementmonth m
        JOIN settlements_party p ON p.agreement_id = m.agreement_id
    WHERE m.id = month_id AND p.role <> 'municipal_fill'
      AND (p.since IS NULL OR p.since < m.month + interval '1 month')
      AND (p.until IS NULL OR p.until > m.month)
$$;

-- Whether a party of the closed year still owes or is owed for it (services/clearing.outstanding).
CREATE FUNCTION settlements_owing(year_id bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    WITH moved (jurisdiction_id, yuan) AS (
        SELECT jurisdiction_id, yuan FROM settlements_settlementnet WHERE settlement_id = year_id
        UNION ALL
        SELECT payer_id, yuan FROM settlements_payment
        WHERE settlement_id = year_id AND state = 'approved' AND reversed_on IS NULL
          AND kind IN ('direct', 'collection', 'deduction', 'offset')
        UNION ALL
        SELECT payee_id, -yuan FROM settlements_payment
        WHERE settlement_id = year_id AND state = 'approved' AND reversed_on IS NULL
          AND kind IN ('direct', 'disbursement', 'offset')
    ), standing (jurisdiction_id, yuan) AS (
        SELECT a.jurisdiction_id, COALESCE(sum(n.net), 0) FROM settlements_settlement s
            JOIN settlements_ledgeraccount a
                ON a.agreement_id = s.agreement_id AND a.kind = 'compensation'
            LEFT JOIN settlements_accountmonth n ON n.account_id = a.id AND n.basis = 'booked'
        WHERE s.id = year_id GROUP BY a.jurisdiction_id
    )
    SELECT EXISTS (
        SELECT 1 FROM moved m LEFT JOIN standing s USING (jurisdiction_id)
        WHERE s.yuan IS DISTINCT FROM 0
        GROUP BY m.jurisdiction_id HAVING sum(m.yuan) <> 0)
$$;

-- Why the guard of a move does not hold (Chinese), else NULL: the guards of settlements.workflow
-- that rest on nothing but what is stored.
CREATE FUNCTION settlements_unearned(thing text, event text, object bigint, moment timestamptz)
RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    month settlements_agreementmonth;
BEGIN
    IF thing = 'month' AND event <> 'publish' THEN
        SELECT * INTO month FROM settlements_agreementmonth WHERE id = object;
        IF event IN ('lapse', 'confirm', 'decide', 'withdraw', 'finalise') AND EXISTS (
                SELECT 1 FROM settlements_objection WHERE month_id = object
                AND state IN ('raised', 'answered', 'remeasuring')) THEN
            RETURN '尚有未办结的异议';
        END IF;
        IF event = 'lapse' AND month.objection_until
                >= (moment AT TIME ZONE 'Asia/Shanghai')::date THEN
            RETURN format('异议期到 %s 才届满', month.objection_until);
        ELSIF event = 'confirm' AND EXISTS (
                SELECT settlements_answering(object) EXCEPT SELECT jurisdiction_id
                FROM settlements_monthconfirmation WHERE month_id = object) THEN
            RETURN '协议各方尚未都确认';
        ELSIF event = 'object' AND NOT EXISTS (
                SELECT 1 FROM settlements_objection WHERE month_id = object
                AND state IN ('raised', 'answered', 'remeasuring')) THEN
            RETURN '没有提出的异议';
        ELSIF event = 'decide' AND NOT EXISTS (
                SELECT 1 FROM settlements_objection WHERE month_id = object
                AND state IN ('accepted', 'rejected')) THEN
            RETURN '没有已裁决的异议';
        ELSIF event = 'finalise' AND (EXISTS (
                SELECT 1 FROM settlements_fusetrip
                WHERE agreement_id = month.agreement_id AND state = 'tripped') OR EXISTS (
                SELECT 1 FROM settlements_adjustment d
                    JOIN settlements_accrual a ON a.id = d.accrual_id
                    JOIN settlements_term t ON t.id = a.term_id
                WHERE d.state IN ('proposed', 'reviewed') AND t.agreement_id = month.agreement_id
                  AND CASE WHEN a.yearly THEN date_trunc('year', month.month) = a.period
                           AND extract(month FROM month.month) = 12
                      ELSE a.period = month.month END)) THEN
            RETURN '尚有待审的调整或停下的重算';
        END IF;
    ELSIF thing = 'settlement' AND event IN ('sign_data', 'confirm') THEN
        IF EXISTS (
                SELECT jurisdiction_id FROM settlements_settlementnet WHERE settlement_id = object
                EXCEPT SELECT jurisdiction_id FROM settlements_settlementsignature
                WHERE settlement_id = object AND void_at IS NULL
                  AND subject = CASE event WHEN 'confirm' THEN 'amount' ELSE 'data' END) THEN
            RETURN '尚有一方未签认';
        END IF;
    ELSIF thing = 'settlement' AND event = 'clear' AND settlements_owing(object) THEN
        RETURN '尚有未付清的金额';
    ELSIF thing = 'settlement' AND event = 'reopen_debt' AND NOT settlements_owing(object) THEN
        RETURN '没有未付清的金额';
    END IF;
    RETURN NULL;
END $$;

-- A closed year stands in the journal as its nets, an open one not at all.
CREATE FUNCTION settlements_check_year(year_id bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    year settlements_settlement;
BEGIN
    SELECT * INTO year FROM settlements_settlement WHERE id = year_id;
    IF year.state NOT IN ('closed', 'cleared') AND EXISTS (
            SELECT 1 FROM settlements_journalentry
            WHERE settlement_id = year_id AND cause = 'settlement') THEN
        RAISE EXCEPTION '% 年结算 #% 未关账,不能有年清缴凭证。', year.year, year_id
            USING ERRCODE = '23514';
    END IF;
    IF year.state IN ('closed', 'cleared') AND EXISTS (
            SELECT 1 FROM (
                SELECT jurisdiction_id, yuan FROM settlements_settlementnet
                WHERE settlement_id = year_id
                UNION ALL
                SELECT a.jurisdiction_id, -p.yuan FROM settlements_journalentry e
                    JOIN settlements_posting p ON p.entry_id = e.id
                    JOIN settlements_ledgeraccount a ON a.id = p.account_id
                WHERE e.settlement_id = year_id AND e.cause = 'settlement') d
            GROUP BY jurisdiction_id HAVING sum(yuan) <> 0) THEN
        RAISE EXCEPTION '% 年结算 #% 已关账,台账上的年清缴与各方净额不符。', year.year, year_id
            USING ERRCODE = '23514';
    END IF;
END $$;

-- An approved payment has its entry, a reversed one its counter-entry; no other has.
CREATE FUNCTION settlements_check_payment(checked_id bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    payment  settlements_payment;
    entry_id bigint;
BEGIN
    SELECT * INTO payment FROM settlements_payment WHERE id = checked_id;
    SELECT id INTO entry_id FROM settlements_journalentry WHERE payment_id = checked_id;
    IF (payment.state = 'approved') <> (entry_id IS NOT NULL) THEN
        RAISE EXCEPTION '付款 #% 与台账不符:复核入账的须有凭证,未复核的不能有。', checked_id
            USING ERRCODE = '23514';
    END IF;
    IF (payment.reversed_on IS NOT NULL) <>
            EXISTS (SELECT 1 FROM settlements_journalentry WHERE reverses_id = entry_id) THEN
        RAISE EXCEPTION '付款 #% 与台账不符:记为冲销的须有冲销凭证,没有的不能有。', checked_id
            USING ERRCODE = '23514';
    END IF;
END $$;

-- Looked at when the transaction ends: states and entries are written one after the other.
CREATE FUNCTION settlements_money_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paid bigint;
BEGIN
    IF TG_TABLE_NAME = 'settlements_settlement' THEN
        PERFORM settlements_check_year(NEW.id);
    ELSIF TG_TABLE_NAME = 'settlements_payment' THEN
        PERFORM settlements_check_payment(NEW.id);
    ELSE
        IF NEW.cause = 'settlement' THEN
            PERFORM settlements_check_year(NEW.settlement_id);
        END IF;
        SELECT COALESCE(NEW.payment_id, e.payment_id) INTO paid FROM (SELECT 1) one
            LEFT JOIN settlements_journalentry e ON e.id = NEW.reverses_id;
        IF paid IS NOT NULL THEN
            PERFORM settlements_check_payment(paid);
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER settlement_money AFTER INSERT OR UPDATE ON settlements_settlement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state IN ('closed', 'cleared')) EXECUTE FUNCTION settlements_money_follows();
CREATE CONSTRAINT TRIGGER payment_money AFTER INSERT OR UPDATE ON settlements_payment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION settlements_money_follows();
CREATE CONSTRAINT TRIGGER entry_money AFTER INSERT ON settlements_journalentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.cause = 'settlement' OR NEW.payment_id IS NOT NULL OR NEW.reverses_id IS NOT NULL)
    EXECUTE FUNCTION settlements_money_follows();

-- A closed year and an approved adjustment are corrected by an adjustment, never cancelled.
CREATE FUNCTION settlements_entry_reversible() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM settlements_journalentry
            WHERE id = NEW.reverses_id AND cause IN ('settlement', 'adjustment')) THEN
        RAISE EXCEPTION '年清缴和调整的凭证不冲销;更正请提出调整。' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER entry_reversible BEFORE INSERT ON settlements_journalentry
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION settlements_entry_reversible();
"""

UNDO = """
DROP TRIGGER entry_reversible ON settlements_journalentry;
DROP FUNCTION settlements_entry_reversible();
DROP TRIGGER entry_money ON settlements_journalentry;
DROP TRIGGER payment_money ON settlements_payment;
DROP TRIGGER settlement_money ON settlements_settlement;
DROP FUNCTION settlements_money_follows();
DROP FUNCTION settlements_check_payment(bigint);
DROP FUNCTION settlements_check_year(bigint);
DROP FUNCTION settlements_unearned(text, text, bigint, timestamptz);
DROP FUNCTION settlements_owing(bigint);
DROP FUNCTION settlements_answering(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("settlements", "0020_version_triggers")]
    operations = [
        migrations.RunSQL(GUARDS, UNDO),
        migrations.RunSQL(EARNED, FUNCTION),
    ]
