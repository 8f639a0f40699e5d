-- 核算版本: written by the triggers of accruals and transfers alone; a version ends, nothing else.

-- A version's end is written once. Its payments are written in the transaction that made it (the
-- trigger asks only what is refused otherwise, so that ending a version costs no call).
CREATE OR REPLACE FUNCTION settlements_version_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION '% 不允许 %:核算版本只增不减。', TG_TABLE_NAME, TG_OP
            USING ERRCODE = '23514';
    END IF;
    IF OLD.known_to IS NULL AND to_jsonb(NEW) - 'known_to' = to_jsonb(OLD) - 'known_to' THEN
        RETURN NEW;
    END IF;
    IF OLD.known_to IS NULL AND OLD.transaction = settlements_found_in(OLD.period, OLD.yearly)
       AND to_jsonb(NEW) - 'transfers' = to_jsonb(OLD) - 'transfers' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '核算版本 #% 不能修改:只可在有新版本时记下截止时间。', OLD.id
        USING ERRCODE = '23514';
END $$;

CREATE TRIGGER version_stays BEFORE UPDATE ON settlements_accrualversion
    FOR EACH ROW WHEN (OLD.known_to IS NOT NULL OR
        (NEW.id, NEW.accrual_id, NEW.term_section_id, NEW.period, NEW.yearly, NEW.month_state,
         NEW.water_class, NEW.transfers, NEW.rule_revision, NEW.input_digest, NEW.known_from,
         NEW.transaction) IS DISTINCT FROM
        (OLD.id, OLD.accrual_id, OLD.term_section_id, OLD.period, OLD.yearly, OLD.month_state,
         OLD.water_class, OLD.transfers, OLD.rule_revision, OLD.input_digest, OLD.known_from,
         OLD.transaction))
    EXECUTE FUNCTION settlements_version_stays();
CREATE TRIGGER version_kept BEFORE DELETE ON settlements_accrualversion
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_version_stays();
CREATE TRIGGER version_never_truncated BEFORE TRUNCATE ON settlements_accrualversion
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_version_stays();
CREATE TRIGGER written_by_trigger BEFORE INSERT ON settlements_accrualversion
    FOR EACH ROW EXECUTE FUNCTION settlements_written_by_trigger();
