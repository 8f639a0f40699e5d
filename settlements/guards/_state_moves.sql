-- States move as settlements/workflow.py says, whoever moves them, and each step is written down.

-- Who does what just now, told for the transaction by `moving` (Python).
CREATE OR REPLACE FUNCTION settlements_acting(
    OUT event text, OUT person bigint, OUT moment timestamptz, OUT words text)
LANGUAGE sql STABLE AS $$
    SELECT COALESCE(current_setting('rivers.event', true), ''),
           NULLIF(current_setting('rivers.by', true), '')::bigint,
           COALESCE(NULLIF(current_setting('rivers.at', true), '')::timestamptz, now()),
           COALESCE(current_setting('rivers.note', true), '')
$$;

-- Jurisdictions that answer for a month: the parties of that month that signed. Python asks the
-- same (`confirming`); a test asks both about the same rows.
CREATE OR REPLACE FUNCTION settlements_answering(month_id bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE AS $$
    SELECT p.jurisdiction_id FROM settlements_agreementmonth m
        JOIN settlements_party p ON p.agreement_id = m.agreement_id
    WHERE m.id = month_id AND p.role <> 'municipal_fill'
      AND (p.since IS NULL OR p.since < m.month + interval '1 month')
      AND (p.until IS NULL OR p.until > m.month)
$$;

-- What is left of a closed year by party (positive: it is still to receive): its nets, what
-- adjustments of its months booked after the closing, and the payments made for it, each under whose it
-- is by now (_owners.sql); nothing for a party whose whole account in the agreement is even. Python asks it here (`outstanding`); a test adds
-- the rows up by itself. Planned once a session, as it is asked for each year of a list.
CREATE OR REPLACE FUNCTION settlements_year_left(year_id bigint)
RETURNS TABLE (jurisdiction_id bigint, yuan numeric) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY WITH of_year AS (
        SELECT s.id, s.year, s.agreement_id FROM settlements_settlement s WHERE s.id = year_id
    ), booked (jurisdiction_id, yuan, year, number) AS (
        SELECT n.jurisdiction_id, n.yuan, e.year, e.number FROM settlements_settlementnet n
        LEFT JOIN settlements_journalentry e
            ON e.settlement_id = n.settlement_id AND e.cause = 'settlement'
        WHERE n.settlement_id = year_id
        UNION ALL
        SELECT p.payer_id, p.yuan, e.year, e.number FROM settlements_payment p
        LEFT JOIN settlements_journalentry e ON e.payment_id = p.id
        WHERE p.settlement_id = year_id AND p.state = 'approved' AND p.reversed_on IS NULL
          AND p.kind IN ('direct', 'collection', 'deduction', 'offset')
        UNION ALL
        SELECT p.payee_id, -p.yuan, e.year, e.number FROM settlements_payment p
        LEFT JOIN settlements_journalentry e ON e.payment_id = p.id
        WHERE p.settlement_id = year_id AND p.state = 'approved' AND p.reversed_on IS NULL
          AND p.kind IN ('direct', 'disbursement', 'offset')
        UNION ALL
        SELECT n.jurisdiction_id, n.yuan, e.year, e.number FROM of_year s
            JOIN settlements_term t ON t.agreement_id = s.agreement_id
            JOIN settlements_accrual a ON a.term_id = t.id
                AND a.period BETWEEN make_date(s.year, 1, 1) AND make_date(s.year, 12, 31)
            JOIN settlements_adjustment d ON d.accrual_id = a.id AND d.state = 'approved'
            JOIN settlements_journalentry e ON e.adjustment_id = d.id
            JOIN settlements_adjustmentnet n ON n.adjustment_id = d.id
    ), moved (jurisdiction_id, yuan) AS (
        SELECT CASE WHEN c.any
                THEN settlements_owner(s.agreement_id, b.jurisdiction_id, b.year, b.number)
                ELSE b.jurisdiction_id END, b.yuan
        FROM booked b CROSS JOIN of_year s
        CROSS JOIN LATERAL (SELECT EXISTS (SELECT 1 FROM settlements_carryoverline l
            JOIN settlements_ledgeraccount a ON a.id = l.account_id
            WHERE a.agreement_id = s.agreement_id) AS any) c
    ), standing (jurisdiction_id, yuan) AS (
        SELECT a.jurisdiction_id, COALESCE(sum(n.net), 0) FROM of_year s
            JOIN settlements_ledgeraccount a
                ON a.agreement_id = s.agreement_id AND a.kind = 'compensation'
            LEFT JOIN settlements_accountmonth n ON n.account_id = a.id AND n.basis = 'booked'
        GROUP BY a.jurisdiction_id
    )
    SELECT m.jurisdiction_id, sum(m.yuan) FROM moved m
        LEFT JOIN standing s ON s.jurisdiction_id = m.jurisdiction_id
    WHERE s.yuan IS DISTINCT FROM 0
    GROUP BY m.jurisdiction_id HAVING sum(m.yuan) <> 0;
END $$;

-- The same of one party; 0 where nothing is left.
CREATE OR REPLACE FUNCTION settlements_year_left_of(year_id bigint, party bigint) RETURNS numeric
LANGUAGE sql STABLE AS $$
    SELECT COALESCE((SELECT l.yuan FROM settlements_year_left(year_id) l
                     WHERE l.jurisdiction_id = party), 0)
$$;

-- Whether anybody of the closed year still owes or is owed for it.
CREATE OR REPLACE FUNCTION settlements_owing(year_id bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$ SELECT EXISTS (SELECT 1 FROM settlements_year_left(year_id)) $$;

-- Why the guard of a move does not hold (Chinese), else NULL: the guards of settlements/workflow.py
-- that rest on nothing but what is stored.
CREATE OR REPLACE FUNCTION settlements_unearned(
    thing text, event text, object bigint, moment timestamptz)
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
                WHERE agreement_id = month.agreement_id AND state IN ('tripped', 'releasing', 'dropping')) OR EXISTS (
                SELECT 1 FROM settlements_adjustment d
                    JOIN settlements_accrual a ON a.id = d.accrual_id
                    JOIN settlements_term t ON t.id = a.term_id
                WHERE d.state IN ('proposed', 'reviewed', 'declined') AND t.agreement_id = month.agreement_id
                  AND CASE WHEN a.yearly THEN date_trunc('year', month.month) = a.period
                           AND extract(month FROM month.month) = 12
                      ELSE a.period = month.month END)) THEN
            RETURN '尚有待审的调整或停下的重算';
        END IF;
    ELSIF thing = 'settlement' AND event IN ('sign_data', 'confirm', 'lapse') THEN
        IF EXISTS (
                SELECT 1 FROM settlements_amountrefusal WHERE settlement_id = object
                AND state IN ('raised', 'answered', 'rejected', 'escalated')) THEN
            RETURN '尚有一方的异议未办结';
        ELSIF EXISTS (
                SELECT jurisdiction_id FROM settlements_settlementnet WHERE settlement_id = object
                EXCEPT SELECT jurisdiction_id FROM settlements_settlementsignature
                WHERE settlement_id = object AND void_at IS NULL
                  AND subject = CASE event WHEN 'confirm' THEN 'amount' WHEN 'sign_data' THEN 'data'
                      ELSE (SELECT CASE state WHEN 'confirmed' THEN 'amount' ELSE 'data' END
                            FROM settlements_settlement WHERE id = object) END) THEN
            RETURN '尚有一方未签认';
        END IF;
    ELSIF thing = 'payment' AND event = 'approve' THEN
        IF EXISTS (
                SELECT unnest(ARRAY[payer_id, payee_id]) FROM settlements_payment
                WHERE id = object AND kind = 'offset'
                EXCEPT SELECT jurisdiction_id FROM settlements_offsetconsent
                WHERE payment_id = object) THEN
            RETURN '双方尚未都同意抵扣';
        ELSIF NOT EXISTS (SELECT 1 FROM settlements_paymentslip WHERE payment_id = object)
                AND EXISTS (SELECT 1 FROM settlements_payment
                            WHERE id = object AND kind <> 'offset') THEN
            RETURN '还没有附银行回单';
        END IF;
    ELSIF thing = 'settlement' AND event = 'clear' AND settlements_owing(object) THEN
        RETURN '尚有未付清的金额';
    ELSIF thing = 'settlement' AND event = 'reopen_debt' AND NOT settlements_owing(object) THEN
        RETURN '没有未付清的金额';
    END IF;
    RETURN NULL;
END $$;

-- Argument: the thing. Refuses what the table (_moves.sql) does not name, a move not earned, and a
-- second step by the person of the first; then writes the step down.
CREATE OR REPLACE FUNCTION settlements_state_moves() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before text := CASE WHEN TG_OP = 'INSERT' THEN '' ELSE OLD.state END;
    acting record;
    move   record;
    unearned text;
    -- A year that is seeded with all others begins in its own.
    year   date := CASE TG_ARGV[0] WHEN 'settlement'
        THEN make_date((to_jsonb(NEW) ->> 'year')::int, 1, 1) END;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state = NEW.state THEN
        RETURN NULL;
    END IF;
    SELECT * INTO acting FROM settlements_acting();
    -- Without an event only the system's own moves are left.
    SELECT m.* INTO move FROM settlements_moves() m
        WHERE m.thing = TG_ARGV[0] AND m.source = before AND m.target = NEW.state
          AND (m.event = acting.event OR acting.event = '' AND m.by_system AND before = '')
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
    unearned := settlements_unearned(TG_ARGV[0], move.event, NEW.id, acting.moment);
    IF unearned IS NOT NULL THEN
        RAISE EXCEPTION '流程不允许:% #% 的“%”,%。', TG_ARGV[0], NEW.id, move.event, unearned
            USING ERRCODE = '23514';
    END IF;
    INSERT INTO settlements_statemove
        (thing, object_id, event, source, target, by_id, at, stored_at, note)
    VALUES (TG_ARGV[0], NEW.id, move.event, before, NEW.state,
        CASE WHEN move.by_system THEN NULL ELSE acting.person END,
        basins_recorded_at(acting.moment, year), basins_recorded_at(clock_timestamp(), year),
        acting.words);
    RETURN NULL;
END $$;
