-- 对账记录: what the other side's books said on a day stays said.

CREATE OR REPLACE FUNCTION settlements_statement_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '对账记录只增不改；有变化请再对一次账。' USING ERRCODE = '23514';
END $$;

CREATE TRIGGER statement_stays BEFORE UPDATE OR DELETE ON settlements_balancestatement
    FOR EACH ROW EXECUTE FUNCTION settlements_statement_stays();
CREATE TRIGGER statement_never_truncated BEFORE TRUNCATE ON settlements_balancestatement
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_statement_stays();
