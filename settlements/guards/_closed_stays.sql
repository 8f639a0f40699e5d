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
