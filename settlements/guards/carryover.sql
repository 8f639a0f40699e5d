-- 区划结转: two persons decide once; what was decided is what the journal says.

CREATE TRIGGER carryover_decided_once BEFORE UPDATE OR DELETE ON settlements_carryover
    FOR EACH ROW EXECUTE FUNCTION settlements_decided_once();
CREATE TRIGGER carryover_never_truncated BEFORE TRUNCATE ON settlements_carryover
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_decided_once();

-- Of a place that had ended by the day from which the other takes over.
CREATE OR REPLACE FUNCTION settlements_carryover_of_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM basins_jurisdiction j
            WHERE j.id = NEW.ended_id AND j.ended_on <= NEW."on") THEN
        RAISE EXCEPTION '行政区 #% 没有停用，或承继日期早于停用，不能结转。', NEW.ended_id
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER carryover_of_ended BEFORE INSERT ON settlements_carryover
    FOR EACH ROW EXECUTE FUNCTION settlements_carryover_of_ended();

-- An approved carry-over has of each of its lines the one entry that takes the amount off the old
-- account and puts it on the successor's in the same agreement; no other has one, and an approved
-- one has lines.
CREATE OR REPLACE FUNCTION settlements_check_carryover(checked_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    asked settlements_carryover;
BEGIN
    SELECT * INTO asked FROM settlements_carryover WHERE id = checked_id;
    IF NOT EXISTS (SELECT 1 FROM settlements_carryoverline WHERE carryover_id = checked_id) THEN
        RAISE EXCEPTION '区划结转 #% 没有账户。', checked_id USING ERRCODE = '23514';
    END IF;
    IF EXISTS (
            SELECT 1 FROM settlements_carryoverline l
            LEFT JOIN settlements_journalentry e ON e.carryover_id = l.id
            WHERE l.carryover_id = checked_id AND (asked.state = 'approved') <> (e.id IS NOT NULL)) THEN
        RAISE EXCEPTION '区划结转 #% 与台账不符：复核入账的每个账户须有凭证，未复核的不能有。', checked_id
            USING ERRCODE = '23514';
    END IF;
    IF EXISTS (
            SELECT 1 FROM settlements_carryoverline l
            JOIN settlements_ledgeraccount old ON old.id = l.account_id
            JOIN settlements_journalentry e ON e.carryover_id = l.id
            LEFT JOIN settlements_posting p ON p.entry_id = e.id
            LEFT JOIN settlements_ledgeraccount a ON a.id = p.account_id
            WHERE l.carryover_id = checked_id
            GROUP BY l.id, e.id
            HAVING count(*) <> 2 OR e.effective_on <> asked."on"
                OR count(*) FILTER (WHERE p.account_id = l.account_id AND p.yuan = -l.yuan) <> 1
                OR count(*) FILTER (WHERE a.jurisdiction_id = asked.successor_id AND p.yuan = l.yuan
                    AND a.kind = old.kind AND a.agreement_id IS NOT DISTINCT FROM old.agreement_id) <> 1) THEN
        RAISE EXCEPTION '区划结转 #% 的凭证与登记的账户和余额不符。', checked_id USING ERRCODE = '23514';
    END IF;
END $$;

-- Asked when the transaction ends: the decision and its entries are written one after the other.
CREATE OR REPLACE FUNCTION settlements_carryover_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'settlements_carryover' THEN
        PERFORM settlements_check_carryover(NEW.id);
    ELSE
        PERFORM settlements_check_carryover(l.carryover_id)
            FROM settlements_carryoverline l WHERE l.id = NEW.carryover_id;
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER carryover_money AFTER INSERT OR UPDATE ON settlements_carryover
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION settlements_carryover_follows();
