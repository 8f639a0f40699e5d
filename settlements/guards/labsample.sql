-- 实验室样品: what was typed in stays; a correction is of the same section and moment.

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON settlements_labsample
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_labsample
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();

-- Another section or moment is another sample: the wrong one is corrected to no values at all.
CREATE OR REPLACE FUNCTION settlements_labsample_corrects_its_own() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM settlements_labsample s WHERE s.id = NEW.corrects_id
            AND s.section_id = NEW.section_id AND s.sampled_at = NEW.sampled_at) THEN
        RAISE EXCEPTION '实验室样品 #% 的更正须是同一断面、同一采样时间。', NEW.corrects_id
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER corrects_its_own BEFORE INSERT ON settlements_labsample
    FOR EACH ROW WHEN (NEW.corrects_id IS NOT NULL)
    EXECUTE FUNCTION settlements_labsample_corrects_its_own();
