-- 行政区: a code that results name stays (a name may change: 县改区 keeps the code it settled under).

-- Terms, accruals, notices, papers and addresses name a jurisdiction by its code.
CREATE OR REPLACE FUNCTION settlements_code_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM settlements_party WHERE jurisdiction_id = OLD.id)
       OR EXISTS (SELECT 1 FROM settlements_termsection
                  WHERE OLD.id IN (upstream_id, downstream_id))
       OR EXISTS (SELECT 1 FROM settlements_ledgeraccount WHERE jurisdiction_id = OLD.id)
       OR EXISTS (SELECT 1 FROM monitoring_observation WHERE jurisdiction_id = OLD.id)
       OR EXISTS (SELECT 1 FROM settlements_agreementdraft
                  WHERE state IN ('draft', 'submitted') AND data::text LIKE '%"' || OLD.code || '"%') THEN
        RAISE EXCEPTION '%的代码 % 已写在协议与结算结果里,不能修改;名称可以改。撤县设区等换了新代码的,请另建新的行政区,自变更之日起修订协议,由新区接替原方。',
            OLD.name, OLD.code USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER code_stays BEFORE UPDATE OF code ON basins_jurisdiction
    FOR EACH ROW WHEN (OLD.code IS DISTINCT FROM NEW.code)
    EXECUTE FUNCTION settlements_code_stays();

CREATE TRIGGER facts_follow AFTER UPDATE OF name, former_names ON basins_jurisdiction
    FOR EACH ROW WHEN ((OLD.name, OLD.former_names) IS DISTINCT FROM (NEW.name, NEW.former_names))
    EXECUTE FUNCTION settlements_facts_follow();
