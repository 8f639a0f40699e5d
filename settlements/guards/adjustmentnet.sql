-- 调整差额: whole, even, and never changed.

-- The differences of an adjustment come in one INSERT and sum to zero.
CREATE OR REPLACE FUNCTION settlements_adjustment_balances() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON settlements_adjustmentnet
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_adjustmentnet
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();
