-- 收付: fixed with their accrual, and kept in its version.

CREATE OR REPLACE FUNCTION settlements_transfer_settled_stays() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    fixed bigint;
BEGIN
    -- OLD and NEW both: a transfer is neither moved out of a published accrual nor into one.
    SELECT id INTO fixed FROM settlements_accrual
        WHERE state IN ('published', 'settled') AND id IN (
        CASE WHEN TG_OP <> 'INSERT' THEN OLD.accrual_id END,
        CASE WHEN TG_OP <> 'DELETE' THEN NEW.accrual_id END) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '月核算 #% 已发布,收付不能修改;更正请提出调整。', fixed
            USING ERRCODE = '23514';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE TRIGGER transfer_settled_stays BEFORE INSERT OR UPDATE OR DELETE ON settlements_transfer
    FOR EACH ROW EXECUTE FUNCTION settlements_transfer_settled_stays();
CREATE TRIGGER transfer_never_truncated BEFORE TRUNCATE ON settlements_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_no_truncate();

-- What is paid follows the accrual in the same transaction. Transfers that come in a later one
-- begin a version of their own.
CREATE OR REPLACE FUNCTION settlements_transfer_versions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    at timestamptz := basins_recorded_at(clock_timestamp());
BEGIN
    WITH stale AS (
        UPDATE settlements_accrualversion SET known_to = greatest(at, known_from)
        WHERE known_to IS NULL AND transaction <> settlements_found_in(period, yearly)
          AND accrual_id IN (SELECT accrual_id FROM new_rows)
        RETURNING *
    )
    INSERT INTO settlements_accrualversion (accrual_id, term_section_id, period, yearly,
        month_state, water_class, transfers, rule_revision, input_digest, known_from, transaction)
    SELECT accrual_id, term_section_id, period, yearly, month_state, water_class, '[]',
        rule_revision, input_digest, known_to, basins_recorded_in(at)
    FROM stale;
    UPDATE settlements_accrualversion v SET transfers = paid.transfers
    FROM (
        SELECT t.accrual_id, jsonb_agg(jsonb_build_object('payer', a.code, 'payee', b.code,
            'yuan', t.yuan::text, 'reason', t.reason) ORDER BY t.id) AS transfers
        FROM settlements_transfer t
        JOIN basins_jurisdiction a ON a.id = t.payer_id
        JOIN basins_jurisdiction b ON b.id = t.payee_id
        WHERE t.accrual_id IN (SELECT accrual_id FROM new_rows)
        GROUP BY t.accrual_id
    ) paid
    WHERE v.accrual_id = paid.accrual_id AND v.known_to IS NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER transfer_versions AFTER INSERT ON settlements_transfer
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_transfer_versions();
