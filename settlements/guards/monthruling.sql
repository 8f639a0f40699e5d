-- 月度状态认定: appended and revoked, never changed, and each marks the month it is of.

-- A ruling is appended and revoked once; nothing else of it ever changes.
CREATE OR REPLACE FUNCTION settlements_ruling_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION '% 不允许 %:认定只追加、可撤销,不删除。', TG_TABLE_NAME, TG_OP
            USING ERRCODE = '23514';
    END IF;
    IF OLD.revoked_at IS NOT NULL THEN
        RAISE EXCEPTION '认定 #% 已撤销,不能再改;需要的请另行认定。', OLD.id
            USING ERRCODE = '23514';
    END IF;
    IF NEW.revoked_at IS NULL OR
       (NEW.id, NEW.section_id, NEW.month, NEW.agreement_id, NEW.state, NEW.ground, NEW.reason,
        NEW.evidence, NEW.evidence_name, NEW.evidence_kind, NEW.evidence_sha256,
        NEW.decided_by_id, NEW.decided_at) IS DISTINCT FROM
       (OLD.id, OLD.section_id, OLD.month, OLD.agreement_id, OLD.state, OLD.ground, OLD.reason,
        OLD.evidence, OLD.evidence_name, OLD.evidence_kind, OLD.evidence_sha256,
        OLD.decided_by_id, OLD.decided_at) THEN
        RAISE EXCEPTION '认定 #% 不能修改;请撤销后另行认定。', OLD.id USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER ruling_stays BEFORE UPDATE OR DELETE ON settlements_monthruling
    FOR EACH ROW EXECUTE FUNCTION settlements_ruling_stays();
CREATE TRIGGER ruling_never_truncated BEFORE TRUNCATE ON settlements_monthruling
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_ruling_stays();

-- The month is computed again, also when a ruling is revoked.
CREATE OR REPLACE FUNCTION settlements_ruling_marks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
    VALUES (NEW.section_id, NEW.month, now())
    ON CONFLICT (section_id, month) DO UPDATE
        SET marked_at = EXCLUDED.marked_at, retry_at = NULL, error = '';
    RETURN NULL;
END $$;

CREATE TRIGGER ruling_marks AFTER INSERT OR UPDATE ON settlements_monthruling
    FOR EACH ROW EXECUTE FUNCTION settlements_ruling_marks();
