-- 月核算: published with its notice, settled with its year, fixed from its publication on; every
-- finding it ever held is kept as a version.

-- preliminary → published → settled; from its publication only the state moves.
CREATE OR REPLACE FUNCTION settlements_settled_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'settled' THEN
        RAISE EXCEPTION '月核算 #% 已结清,不能修改;更正请提出调整。', OLD.id
            USING ERRCODE = '23514';
    END IF;
    IF OLD.state = 'published' THEN
        IF TG_OP = 'DELETE' OR NEW.state NOT IN ('published', 'settled')
           OR to_jsonb(NEW) - 'state' <> to_jsonb(OLD) - 'state' THEN
            RAISE EXCEPTION '月核算 #% 已发布,不能修改;更正请提出调整。', OLD.id
                USING ERRCODE = '23514';
        END IF;
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE TRIGGER accrual_settled_stays BEFORE UPDATE OR DELETE ON settlements_accrual
    FOR EACH ROW EXECUTE FUNCTION settlements_settled_stays();
CREATE TRIGGER accrual_never_truncated BEFORE TRUNCATE ON settlements_accrual
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_no_truncate();

-- Asked when the transaction ends: published is what the agreement's month is published with (a
-- year's with December), settled what its closed year settles.
CREATE OR REPLACE FUNCTION settlements_accrual_earned() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held record;
    earned boolean;
BEGIN
    SELECT a.state, a.period, a.yearly, t.agreement_id INTO held
    FROM settlements_accrual a JOIN settlements_term t ON t.id = a.term_id WHERE a.id = NEW.id;
    IF held.state IS NULL OR held.state = 'preliminary' THEN
        RETURN NULL;
    END IF;
    earned := EXISTS (
        SELECT 1 FROM settlements_agreementmonth m
            JOIN settlements_notice n ON n.id = m.notice_id AND n.state = 'published'
        WHERE m.agreement_id = held.agreement_id
          AND m.month = CASE WHEN held.yearly THEN (held.period + interval '11 months')::date
              ELSE held.period END);
    IF earned AND held.state = 'settled' THEN
        earned := EXISTS (
            SELECT 1 FROM settlements_settlement s
            WHERE s.agreement_id = held.agreement_id AND s.state IN ('closed', 'cleared')
              AND s.year = extract(year FROM held.period));
    END IF;
    IF NOT earned THEN
        RAISE EXCEPTION '月核算 #% 不能%。', NEW.id, CASE held.state
            WHEN 'published' THEN '算作已发布:所属月度没有已发布的通报'
            ELSE '算作已结清:所属年度尚未关账' END USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER accrual_earned AFTER INSERT OR UPDATE OF state ON settlements_accrual
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state <> 'preliminary')
    EXECUTE FUNCTION settlements_accrual_earned();

-- The month after which a finding of the period can be made: a year's is its last.
CREATE OR REPLACE FUNCTION settlements_last_month(period date, yearly boolean) RETURNS date
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN yearly THEN (period + interval '11 months')::date ELSE period END
$$;

-- The transaction in which a version made now of the period would be.
CREATE OR REPLACE FUNCTION settlements_found_in(period date, yearly boolean) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    month date := settlements_last_month(period, yearly);
BEGIN
    RETURN basins_recorded_in(basins_recorded_at(clock_timestamp(), month), month);
END $$;

-- Versions, one a finding.
CREATE OR REPLACE FUNCTION settlements_accrual_begun() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    at timestamptz := clock_timestamp();
BEGIN
    INSERT INTO settlements_accrualversion (accrual_id, term_section_id, period, yearly,
        month_state, water_class, transfers, rule_revision, input_digest, known_from, transaction)
    SELECT id, term_section_id, period, yearly, month_state, water_class, '[]', rule_revision,
        input_digest, known, basins_recorded_in(known, settlements_last_month(period, yearly))
    FROM (SELECT *, basins_recorded_at(at, settlements_last_month(period, yearly)) AS known
          FROM new_rows) n;
    RETURN NULL;
END $$;

CREATE TRIGGER accrual_begun AFTER INSERT ON settlements_accrual
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_accrual_begun();

-- Once a statement, not a row: a recomputation revises by the thousand. No version ends before it
-- began: a seeding revises at the moment it tells of what it recorded in the week after its month.
CREATE OR REPLACE FUNCTION settlements_accruals_revised() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    at timestamptz := basins_recorded_at(clock_timestamp());
    ids bigint[];
BEGIN
    SELECT array_agg(n.id) INTO ids FROM new_rows n JOIN old_rows o USING (id)
        WHERE n.input_digest IS DISTINCT FROM o.input_digest;
    IF ids IS NULL THEN
        RETURN NULL;
    END IF;
    WITH ended AS (
        UPDATE settlements_accrualversion SET known_to = greatest(at, known_from)
        WHERE accrual_id = ANY(ids) AND known_to IS NULL
        RETURNING accrual_id, known_to
    )
    INSERT INTO settlements_accrualversion (accrual_id, term_section_id, period, yearly,
        month_state, water_class, transfers, rule_revision, input_digest, known_from, transaction)
    SELECT n.id, n.term_section_id, n.period, n.yearly, n.month_state, n.water_class, '[]',
        n.rule_revision, n.input_digest, coalesce(ended.known_to, at), basins_recorded_in(at)
    FROM new_rows n LEFT JOIN ended ON ended.accrual_id = n.id WHERE n.id = ANY(ids);
    RETURN NULL;
END $$;

CREATE TRIGGER accrual_revised AFTER UPDATE ON settlements_accrual
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_accruals_revised();

-- A preliminary accrual whose section or term is gone ends its version.
CREATE OR REPLACE FUNCTION settlements_accrual_dropped() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE settlements_accrualversion
        SET known_to = greatest(basins_recorded_at(clock_timestamp()), known_from)
        WHERE accrual_id = OLD.id AND known_to IS NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER accrual_dropped AFTER DELETE ON settlements_accrual
    FOR EACH ROW EXECUTE FUNCTION settlements_accrual_dropped();
