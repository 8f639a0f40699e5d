-- Money is where the states say.

-- A closed year stands in the journal as its nets, an open one not at all.
CREATE OR REPLACE FUNCTION settlements_check_year(year_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
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
CREATE OR REPLACE FUNCTION settlements_check_payment(checked_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
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

-- Asked when the transaction ends: states and entries are written one after the other.
CREATE OR REPLACE FUNCTION settlements_money_follows() RETURNS trigger LANGUAGE plpgsql AS $$
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
