-- 监测数据: every change marks the section's month and keeps what was, in its own transaction.

-- The month a moment belongs to, here.
CREATE OR REPLACE FUNCTION monitoring_month_of(at timestamptz) RETURNS date
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT date_trunc('month', at AT TIME ZONE 'Asia/Shanghai')::date $$;

-- An update that changes what we know says when we knew it; one that changes nothing does not.
CREATE OR REPLACE FUNCTION monitoring_reading_known_since() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.section_id, NEW.indicator_id, NEW.sampled_at, NEW.origin,
        NEW.value, NEW.below_limit, NEW.flag) IS DISTINCT FROM
       (OLD.section_id, OLD.indicator_id, OLD.sampled_at, OLD.origin,
        OLD.value, OLD.below_limit, OLD.flag) THEN
        NEW.recorded_at := basins_recorded_at(now());
    ELSE
        NEW.recorded_at := OLD.recorded_at;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER reading_known_since BEFORE UPDATE ON monitoring_reading
    FOR EACH ROW EXECUTE FUNCTION monitoring_reading_known_since();

-- What a statement's readings name must be there, and stay until it commits: asked once for all of
-- them, where foreign keys would ask for each. What would take away or renumber it is refused by
-- monitoring_reading_refers (_reading_refers.sql).
CREATE OR REPLACE FUNCTION monitoring_reading_names_what_is_there() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sections   bigint[];
    indicators smallint[];
    batches    bigint[];
    there      bigint;
BEGIN
    SELECT array_agg(DISTINCT section_id), array_agg(DISTINCT indicator_id),
        coalesce(array_agg(DISTINCT batch_id) FILTER (WHERE batch_id IS NOT NULL), '{}')
    INTO sections, indicators, batches
    FROM (SELECT DISTINCT section_id, indicator_id, batch_id FROM new_rows) AS named;
    PERFORM 1 FROM monitoring_section WHERE id = ANY (sections) ORDER BY id FOR KEY SHARE;
    GET DIAGNOSTICS there = ROW_COUNT;
    IF there < cardinality(sections) THEN
        RAISE EXCEPTION '监测数据的断面 % 不存在,请先建断面。',
            (SELECT string_agg(id::text, '、' ORDER BY id) FROM unnest(sections) AS id
             WHERE id NOT IN (SELECT s.id FROM monitoring_section s)) USING ERRCODE = '23503';
    END IF;
    PERFORM 1 FROM monitoring_indicator WHERE id = ANY (indicators) ORDER BY id FOR KEY SHARE;
    GET DIAGNOSTICS there = ROW_COUNT;
    IF there < cardinality(indicators) THEN
        RAISE EXCEPTION '监测数据的指标 % 不存在,请先建指标。',
            (SELECT string_agg(id::text, '、' ORDER BY id) FROM unnest(indicators) AS id
             WHERE id NOT IN (SELECT i.id FROM monitoring_indicator i)) USING ERRCODE = '23503';
    END IF;
    PERFORM 1 FROM monitoring_importbatch WHERE id = ANY (batches) ORDER BY id FOR KEY SHARE;
    GET DIAGNOSTICS there = ROW_COUNT;
    IF there < cardinality(batches) THEN
        RAISE EXCEPTION '监测数据的导入批次 % 不存在,请先登记批次。',
            (SELECT string_agg(id::text, '、' ORDER BY id) FROM unnest(batches) AS id
             WHERE id NOT IN (SELECT b.id FROM monitoring_importbatch b)) USING ERRCODE = '23503';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER reading_names_on_insert AFTER INSERT ON monitoring_reading
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_reading_names_what_is_there();

CREATE TRIGGER reading_names_on_update AFTER UPDATE ON monitoring_reading
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_reading_names_what_is_there();

-- A reading is recorded when it comes: only a demonstration that is being seeded gives other times.
-- The mark is updated, not skipped, when it is there already: the row lock makes a worker
-- leave it alone until this transaction has committed the readings it stands for. What is measured where,
-- and in which month last, is written only where that is news: a row that stays would be locked all the same.
CREATE OR REPLACE FUNCTION monitoring_reading_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT basins_seeding_open() AND EXISTS (
            SELECT 1 FROM new_rows WHERE recorded_at < now() OR recorded_at > clock_timestamp()) THEN
        RAISE EXCEPTION '监测数据的入库时间由数据库记下，不能另给。' USING ERRCODE = '23514';
    END IF;
    INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
    SELECT DISTINCT section_id, monitoring_month_of(sampled_at), now() FROM new_rows
    ORDER BY 1, 2
    ON CONFLICT (section_id, month) DO UPDATE
        SET marked_at = EXCLUDED.marked_at, retry_at = NULL, error = '';
    INSERT INTO monitoring_measuredseries AS held (section_id, indicator_id, month)
    SELECT * FROM (SELECT section_id, indicator_id, monitoring_month_of(max(sampled_at)) AS month
                   FROM new_rows GROUP BY 1, 2) AS told
    WHERE NOT EXISTS (SELECT 1 FROM monitoring_measuredseries s WHERE s.section_id = told.section_id
                      AND s.indicator_id = told.indicator_id AND s.month >= told.month)
    ORDER BY 1, 2
    ON CONFLICT (section_id, indicator_id) DO UPDATE SET month = GREATEST(held.month, EXCLUDED.month);
    RETURN NULL;
END $$;

CREATE TRIGGER reading_inserted AFTER INSERT ON monitoring_reading
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_reading_inserted();

-- Revised are only the rows whose value, or whose key, is another one now. A batch that corrects is
-- a later one, with a higher number; one that gets its value back when a later one is undone is not.
CREATE OR REPLACE FUNCTION monitoring_reading_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO monitoring_readingrevision (section_id, indicator_id, sampled_at, origin,
        value, below_limit, flag, batch_id, replaced_by, known_from, known_to)
    SELECT o.section_id, o.indicator_id, o.sampled_at, o.origin,
        o.value, o.below_limit, o.flag, o.batch_id,
        CASE WHEN n.batch_id > coalesce(o.batch_id, 0) THEN n.batch_id END, o.recorded_at,
        GREATEST(basins_recorded_at(now()), o.recorded_at)
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
    INSERT INTO monitoring_measuredseries AS held (section_id, indicator_id, month)
    SELECT * FROM (SELECT section_id, indicator_id, monitoring_month_of(max(sampled_at)) AS month
                   FROM new_rows GROUP BY 1, 2) AS told
    WHERE NOT EXISTS (SELECT 1 FROM monitoring_measuredseries s WHERE s.section_id = told.section_id
                      AND s.indicator_id = told.indicator_id AND s.month >= told.month)
    ORDER BY 1, 2
    ON CONFLICT (section_id, indicator_id) DO UPDATE SET month = GREATEST(held.month, EXCLUDED.month);
    RETURN NULL;
END $$;

CREATE TRIGGER reading_updated AFTER UPDATE ON monitoring_reading
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_reading_updated();

-- A deleted reading stays as a revision.
CREATE OR REPLACE FUNCTION monitoring_reading_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO monitoring_readingrevision (section_id, indicator_id, sampled_at, origin,
        value, below_limit, flag, batch_id, known_from, known_to)
    SELECT section_id, indicator_id, sampled_at, origin,
        value, below_limit, flag, batch_id, recorded_at,
        GREATEST(basins_recorded_at(now()), recorded_at)
    FROM old_rows;
    INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
    SELECT DISTINCT section_id, monitoring_month_of(sampled_at), now() FROM old_rows
    ORDER BY 1, 2
    ON CONFLICT (section_id, month) DO UPDATE
        SET marked_at = EXCLUDED.marked_at, retry_at = NULL, error = '';
    RETURN NULL;
END $$;

CREATE TRIGGER reading_deleted AFTER DELETE ON monitoring_reading
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_reading_deleted();

-- TRUNCATE would leave neither revisions nor marks.
CREATE OR REPLACE FUNCTION monitoring_reading_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% 不允许 TRUNCATE:读数须留更正史,请用 DELETE。', TG_TABLE_NAME
        USING ERRCODE = '23514';
END $$;

CREATE TRIGGER reading_truncated BEFORE TRUNCATE ON monitoring_reading
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_reading_truncated();

-- A statement trigger fires for the table the statement names, and only for that one: so each
-- partition has its own copies of those above.
CREATE OR REPLACE FUNCTION monitoring_watch(part regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    watch record;
BEGIN
    FOR watch IN SELECT tgname FROM pg_trigger
            WHERE tgrelid = part AND NOT tgisinternal AND tgparentid = 0 LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', watch.tgname, part);
    END LOOP;
    FOR watch IN SELECT pg_get_triggerdef(oid, true) AS definition FROM pg_trigger
            WHERE tgrelid = 'monitoring_reading'::regclass AND NOT tgisinternal
              AND tgtype & 1 = 0 LOOP  -- bit 0: for each row, which partitions inherit
        EXECUTE replace(watch.definition, ' ON monitoring_reading ', format(' ON %s ', part));
    END LOOP;
END $$;

-- The partition of the month `day` lies in (Asia/Shanghai), made if it is not there.
CREATE OR REPLACE FUNCTION monitoring_ensure_partition(day date) RETURNS text LANGUAGE plpgsql AS $$
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

-- The partitions that were there before the triggers above were.
SELECT monitoring_watch(inhrelid) FROM pg_inherits
WHERE inhparent = 'monitoring_reading'::regclass ORDER BY inhrelid;
