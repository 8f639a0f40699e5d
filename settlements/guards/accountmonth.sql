-- 账户月净额, 账户年净额: the running totals of postings, which nobody else may write.

CREATE OR REPLACE FUNCTION settlements_months_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' OR pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION '%由分录触发器维护，不能直接改动。', CASE TG_TABLE_NAME
            WHEN 'settlements_accountyear' THEN '账户年净额' ELSE '账户月净额' END USING ERRCODE = '23514';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE TRIGGER months_follow BEFORE INSERT OR UPDATE OR DELETE ON settlements_accountmonth
    FOR EACH ROW EXECUTE FUNCTION settlements_months_follow();
CREATE TRIGGER months_never_truncated BEFORE TRUNCATE ON settlements_accountmonth
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_months_follow();
