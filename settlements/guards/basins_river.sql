-- 河流: a code under which an agreement stands stays (its own name may change).
CREATE OR REPLACE FUNCTION settlements_river_code_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM settlements_agreement WHERE river_id = OLD.id)
       OR EXISTS (SELECT 1 FROM settlements_agreementdraft
                  WHERE state IN ('draft', 'submitted') AND data::text LIKE '%"' || OLD.code || '"%') THEN
        RAISE EXCEPTION '%的代码 % 已写在协议里,不能修改;名称可以改。', OLD.name, OLD.code
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER river_code_stays BEFORE UPDATE OF code ON basins_river
    FOR EACH ROW WHEN (OLD.code IS DISTINCT FROM NEW.code)
    EXECUTE FUNCTION settlements_river_code_stays();

CREATE TRIGGER facts_follow AFTER UPDATE OF name, former_names ON basins_river
    FOR EACH ROW WHEN ((OLD.name, OLD.former_names) IS DISTINCT FROM (NEW.name, NEW.former_names))
    EXECUTE FUNCTION settlements_facts_follow();
