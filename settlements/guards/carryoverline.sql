-- 结转的账户: of the jurisdiction that ended, what stood on it when it was asked for; never changed.

CREATE OR REPLACE FUNCTION settlements_carried_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    asked   settlements_carryover;
    account settlements_ledgeraccount;
    stands  numeric;
BEGIN
    SELECT * INTO asked FROM settlements_carryover WHERE id = NEW.carryover_id;
    SELECT * INTO account FROM settlements_ledgeraccount WHERE id = NEW.account_id;
    IF asked.state <> 'prepared' THEN
        RAISE EXCEPTION '区划结转 #% 已办结，不能再加账户。', asked.id USING ERRCODE = '23514';
    END IF;
    IF account.jurisdiction_id <> asked.ended_id OR account.kind <> 'compensation' THEN
        RAISE EXCEPTION '账户 #% 不是被撤并行政区的补偿资金账户。', account.id USING ERRCODE = '23514';
    END IF;
    SELECT COALESCE(sum(net), 0) INTO stands FROM settlements_accountmonth
        WHERE account_id = account.id AND basis = 'booked';
    IF NEW.yuan <> stands THEN
        RAISE EXCEPTION '账户 #% 的余额是 % 元，不是 % 元。', account.id, stands, NEW.yuan
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER carried_line BEFORE INSERT ON settlements_carryoverline
    FOR EACH ROW EXECUTE FUNCTION settlements_carried_line();
CREATE TRIGGER carried_stays BEFORE UPDATE OR DELETE ON settlements_carryoverline
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER carried_never_truncated BEFORE TRUNCATE ON settlements_carryoverline
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
