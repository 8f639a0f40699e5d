-- 断面: a code that results, files and addresses name stays (its name may change).
CREATE OR REPLACE FUNCTION settlements_section_code_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM monitoring_monthlymean WHERE section_id = OLD.id)
       OR EXISTS (SELECT 1 FROM monitoring_reading WHERE section_id = OLD.id)
       OR EXISTS (SELECT 1 FROM monitoring_observation WHERE section_id = OLD.id)
       OR EXISTS (SELECT 1 FROM settlements_termsection
                  WHERE OLD.id IN (section_id, inflow_id, reference_id))
       OR EXISTS (SELECT 1 FROM settlements_agreementdraft
                  WHERE state IN ('draft', 'submitted') AND data::text LIKE '%"' || OLD.code || '"%') THEN
        RAISE EXCEPTION '断面%的编码 % 已有监测数据或核算结果,不能修改;名称可以改。换了新编码的,请另建断面,自启用之日起修订协议。',
            OLD.name, OLD.code USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER section_code_stays BEFORE UPDATE OF code ON monitoring_section
    FOR EACH ROW WHEN (OLD.code IS DISTINCT FROM NEW.code)
    EXECUTE FUNCTION settlements_section_code_stays();

CREATE TRIGGER facts_follow
    AFTER UPDATE OF name, former_names, predecessor_id, began_on ON monitoring_section
    FOR EACH ROW WHEN ((OLD.name, OLD.former_names, OLD.predecessor_id, OLD.began_on)
        IS DISTINCT FROM (NEW.name, NEW.former_names, NEW.predecessor_id, NEW.began_on))
    EXECUTE FUNCTION settlements_facts_follow();
