"""The partitioned reading table, with its dirty marks and its correction history."""

from django.db import migrations

TABLE = """
-- Columns ordered by alignment: 8 bytes, 2 bytes, 1 byte, variable.
CREATE TABLE monitoring_reading (
    section_id   bigint      NOT NULL REFERENCES monitoring_section (id),
    sampled_at   timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT now(),
    batch_id     bigint      REFERENCES monitoring_importbatch (id),
    indicator_id smallint    NOT NULL REFERENCES monitoring_indicator (id),
    origin       smallint    NOT NULL,
    below_limit  boolean     NOT NULL DEFAULT false,
    flag         varchar(4)  NOT NULL DEFAULT 'N',
    value        numeric(20, 8) NOT NULL,
    CONSTRAINT reading_key PRIMARY KEY (section_id, indicator_id, sampled_at, origin),
    CONSTRAINT reading_origin_known CHECK (origin BETWEEN 1 AND 4),
    CONSTRAINT reading_is_a_number CHECK (value <> 'NaN')
) PARTITION BY RANGE (sampled_at);

CREATE FUNCTION monitoring_month_of(at timestamptz) RETURNS date
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT date_trunc('month', at AT TIME ZONE 'Asia/Shanghai')::date $$;

-- An update that changes what we know says when we knew it; one that changes nothing does not.
CREATE FUNCTION monitoring_reading_known_since() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.section_id, NEW.indicator_id, NEW.sampled_at, NEW.origin,
        NEW.value, NEW.below_limit, NEW.flag) IS DISTINCT FROM
       (OLD.section_id, OLD.indicator_id, OLD.sampled_at, OLD.origin,
        OLD.value, OLD.below_limit, OLD.flag) THEN
        NEW.recorded_at := now();
    ELSE
        NEW.recorded_at := OLD.recorded_at;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER reading_known_since BEFORE UPDATE ON monitoring_reading
    FOR EACH ROW EXECUTE FUNCTION monitoring_reading_known_since();

-- The mark is updated, not skipped, when it is there already: the row lock makes a worker
-- leave it alone until this transaction has committed the readings it stands for.
CREATE FUNCTION monitoring_reading_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
    SELECT DISTINCT section_id, monitoring_month_of(sampled_at), now() FROM new_rows
    ORDER BY 1, 2
    ON CONFLICT (section_id, month) DO UPDATE
        SET marked_at = EXCLUDED.marked_at, retry_at = NULL, error = '';
    RETURN NULL;
END $$;

CREATE FUNCTION monitoring_reading_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO monitoring_readingrevision (section_id, indicator_id, sampled_at, origin,
        value, below_limit, flag, batch_id, known_from, known_to)
    SELECT o.section_id, o.indicator_id, o.sampled_at, o.origin,
        o.value, o.below_limit, o.flag, o.batch_id, o.recorded_at, GREATEST(now(), o.recorded_at)
    FROM old_rows o
    LEFT JOIN new_rows n USING (section_id, indicator_id, sampled_at, origin)
    WHERE n.section_id IS NULL OR (n.value, n.below_limit, n.flag)
          IS DISTINCT FROM (o.value, o.below_limit, o.flag);
    INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
    SELECT section_id, monitoring_month_of(sampled_at), now() FROM old_rows
    UNION SELECT section_id, monitoring_month_of(sampled_at), now() FROM new_rows
    ORDER BY 1, 2
    ON CONFLICT (section_id, month) DO UPDATE
        SET marked_at = EXCLUDED.marked_at, retry_at = NULL, error = '';
    RETURN NULL;
END $$;

CREATE FUNCTION monitoring_reading_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO monitoring_readingrevision (section_id, indicator_id, sampled_at, origin,
        value, below_limit, flag, batch_id, known_from, known_to)
    SELECT section_id, indicator_id, sampled_at, origin,
        value, below_limit, flag, batch_id, recorded_at, GREATEST(now(), recorded_at)
    FROM old_rows;
    INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
    SELECT DISTINCT section_id, monitoring_month_of(sampled_at), now() FROM old_rows
    ORDER BY 1, 2
    ON CONFLICT (section_id, month) DO UPDATE
        SET marked_at = EXCLUDED.marked_at, retry_at = NULL, error = '';
    RETURN NULL;
END $$;

CREATE FUNCTION monitoring_reading_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% 不允许 TRUNCATE:读数须留更正史,请用 DELETE。', TG_TABLE_NAME
        USING ERRCODE = '23514';
END $$;

-- What a month's class also rests on: the kind of water, how often one samples, the target.
-- Every month of the section that has readings is then computed again.
CREATE FUNCTION monitoring_section_basis_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed bigint[];
BEGIN
    IF TG_TABLE_NAME = 'monitoring_section' THEN
        changed := ARRAY[NEW.id];
    ELSE
        changed := ARRAY[CASE WHEN TG_OP <> 'INSERT' THEN OLD.section_id END,
                         CASE WHEN TG_OP <> 'DELETE' THEN NEW.section_id END];
    END IF;
    INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
    SELECT DISTINCT section_id, month, now() FROM monitoring_monthlymean
    WHERE section_id = ANY(changed)
    ORDER BY 1, 2
    ON CONFLICT (section_id, month) DO UPDATE
        SET marked_at = EXCLUDED.marked_at, retry_at = NULL, error = '';
    RETURN NULL;
END $$;

CREATE TRIGGER section_basis_changed AFTER UPDATE OF water_body ON monitoring_section
    FOR EACH ROW WHEN (OLD.water_body IS DISTINCT FROM NEW.water_body)
    EXECUTE FUNCTION monitoring_section_basis_changed();
CREATE TRIGGER plan_basis_changed AFTER INSERT OR UPDATE OR DELETE ON monitoring_samplingplan
    FOR EACH ROW EXECUTE FUNCTION monitoring_section_basis_changed();
CREATE TRIGGER target_basis_changed AFTER INSERT OR UPDATE OR DELETE ON monitoring_target
    FOR EACH ROW EXECUTE FUNCTION monitoring_section_basis_changed();

-- A statement trigger fires for the table the statement names, and only for that one: so the
-- parent has the three, and each partition has its own three.
CREATE FUNCTION monitoring_watch(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER reading_inserted AFTER INSERT ON %s
        REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION monitoring_reading_inserted()', target);
    EXECUTE format('CREATE TRIGGER reading_updated AFTER UPDATE ON %s
        REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION monitoring_reading_updated()', target);
    EXECUTE format('CREATE TRIGGER reading_deleted AFTER DELETE ON %s
        REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION monitoring_reading_deleted()', target);
    EXECUTE format('CREATE TRIGGER reading_truncated BEFORE TRUNCATE ON %s
        FOR EACH STATEMENT EXECUTE FUNCTION monitoring_reading_truncated()', target);
END $$;

SELECT monitoring_watch('monitoring_reading');

-- The partition of the month `day` lies in (Asia/Shanghai), made if it is not there.
CREATE FUNCTION monitoring_ensure_partition(day date) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    first date := date_trunc('month', day)::date;
    part  text := 'monitoring_reading_' || to_char(first, 'YYYY_MM');
BEGIN
    IF to_regclass(part) IS NULL THEN
        PERFORM pg_advisory_xact_lock(hashtext('monitoring_ensure_partition'));
        IF to_regclass(part) IS NULL THEN
            EXECUTE format('CREATE TABLE %I (LIKE monitoring_reading
                            INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
            EXECUTE format('ALTER TABLE monitoring_reading ATTACH PARTITION %I
                            FOR VALUES FROM (%L) TO (%L)', part,
                first::timestamp AT TIME ZONE 'Asia/Shanghai',
                (first + interval '1 month')::timestamp AT TIME ZONE 'Asia/Shanghai');
            PERFORM monitoring_watch(part::regclass);
        END IF;
    END IF;
    RETURN part;
END $$;

SELECT monitoring_ensure_partition(first::date)
FROM generate_series('2018-01-01'::date, '2027-12-01'::date, interval '1 month') AS first;
"""

UNDO = """
DROP TABLE monitoring_reading;
DROP TRIGGER target_basis_changed ON monitoring_target;
DROP TRIGGER plan_basis_changed ON monitoring_samplingplan;
DROP TRIGGER section_basis_changed ON monitoring_section;
DROP FUNCTION monitoring_section_basis_changed();
DROP FUNCTION monitoring_reading_truncated();
DROP FUNCTION monitoring_ensure_partition(date);
DROP FUNCTION monitoring_watch(regclass);
DROP FUNCTION monitoring_reading_deleted();
DROP FUNCTION monitoring_reading_updated();
DROP FUNCTION monitoring_reading_inserted();
DROP FUNCTION monitoring_reading_known_since();
DROP FUNCTION monitoring_month_of(timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial")]
    operations = [migrations.RunSQL(TABLE, UNDO)]
