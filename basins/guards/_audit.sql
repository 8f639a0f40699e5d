-- 操作记录: the function called by the triggers of every table with a history. Those triggers follow
-- from `@audited` beside each model and are made by basins/audit.py.

-- What of a row is kept: left-out columns are gone, of masked ones there is a digest.
CREATE OR REPLACE FUNCTION basins_audit_shown(line jsonb, without text[], masked text[])
RETURNS jsonb LANGUAGE sql AS $$
    SELECT (line - without) || COALESCE((
        SELECT jsonb_object_agg(
            name, '#' || left(encode(sha256(convert_to(line ->> name, 'UTF8')), 'hex'), 16))
        FROM unnest(masked) AS name WHERE line ->> name IS NOT NULL), '{}'::jsonb)
$$;

-- One record, with who acts (jobs.acting tells the session). What is seeded as having been there
-- before is 既有 (B); its other records stand at the moment they tell of, a year's at its beginning.
CREATE OR REPLACE FUNCTION basins_audit_note(of text, key text, op text, was jsonb, become jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    acting jsonb := COALESCE(NULLIF(current_setting('rivers.acting', true), ''), '{}')::jsonb;
    year date;
    moment timestamptz;
BEGIN
    IF op = 'I' AND (acting ->> 'established')::boolean AND basins_seeding_open() THEN
        op := 'B';
    END IF;
    IF current_setting('rivers.moment', true) = 'period' THEN
        year := make_date((become ->> 'year')::int, 1, 1);
    END IF;
    moment := basins_recorded_at(clock_timestamp(), year);
    INSERT INTO basins_auditrecord (at, "table", key, op, before, after, user_id, who, address,
            act, path, why, database_role, transaction)
        VALUES (moment, of, key, op, was, become, (acting ->> 'user_id')::bigint,
            left(COALESCE(acting ->> 'who', ''), 200),
            left(COALESCE(acting ->> 'address', ''), 45),
            left(COALESCE(acting ->> 'act', ''), 200),
            left(COALESCE(acting ->> 'path', ''), 500),
            left(COALESCE(acting ->> 'why', ''), 500),
            session_user, basins_recorded_in(moment, year));
END $$;

-- Every row a table holds now, as records of one kind.
CREATE OR REPLACE FUNCTION basins_audit_all(of text, op text, key text, without text, masked text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    line jsonb;
BEGIN
    FOR line IN EXECUTE format('SELECT to_jsonb(t) FROM %I t ORDER BY t.%I', of, key) LOOP
        PERFORM basins_audit_note(of, line ->> key, op,
            CASE WHEN op = 'D' THEN basins_audit_shown(
                line, string_to_array(without, ','), string_to_array(masked, ',')) END,
            CASE WHEN op <> 'D' THEN basins_audit_shown(
                line, string_to_array(without, ','), string_to_array(masked, ',')) END);
    END LOOP;
END $$;

-- What a statement adds, once for all its rows. Arguments of this and the next trigger: key column, left-out
-- columns, masked columns.
CREATE OR REPLACE FUNCTION basins_audit_added() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    without text[] := string_to_array(TG_ARGV[1], ',');
    masked  text[] := string_to_array(TG_ARGV[2], ',');
    whole   boolean := TG_ARGV[1] = '' AND TG_ARGV[2] = '';
    acting  jsonb;
    doer    record;
    kind    text := 'I';
    moment  timestamptz;
    line    jsonb;
BEGIN
    IF current_setting('rivers.moment', true) = 'period' THEN  -- each row has a moment of its own
        FOR line IN SELECT to_jsonb(n) FROM new_rows n LOOP
            line := basins_audit_shown(line, without, masked);
            PERFORM basins_audit_note(TG_TABLE_NAME, line ->> TG_ARGV[0], 'I', NULL, line);
        END LOOP;
        RETURN NULL;
    END IF;
    acting := COALESCE(NULLIF(current_setting('rivers.acting', true), ''), '{}')::jsonb;
    IF (acting ->> 'established')::boolean AND basins_seeding_open() THEN
        kind := 'B';
    END IF;
    moment := basins_recorded_at(clock_timestamp());
    SELECT (acting ->> 'user_id')::bigint AS id, left(COALESCE(acting ->> 'who', ''), 200) AS who,
        left(COALESCE(acting ->> 'address', ''), 45) AS address,
        left(COALESCE(acting ->> 'act', ''), 200) AS act,
        left(COALESCE(acting ->> 'path', ''), 500) AS path,
        left(COALESCE(acting ->> 'why', ''), 500) AS why,
        basins_recorded_in(moment) AS transaction INTO doer;
    INSERT INTO basins_auditrecord (at, "table", key, op, before, after, user_id, who, address,
            act, path, why, database_role, transaction)
        SELECT moment, TG_TABLE_NAME, n.line ->> TG_ARGV[0], kind, NULL,
            CASE WHEN whole THEN n.line ELSE basins_audit_shown(n.line, without, masked) END,
            doer.id, doer.who, doer.address, doer.act, doer.path, doer.why, session_user,
            doer.transaction
        FROM (SELECT to_jsonb(r) AS line FROM new_rows r OFFSET 0) n;  -- each is made once
    RETURN NULL;
END $$;

-- What a statement changes or takes away, row by row.
CREATE OR REPLACE FUNCTION basins_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    key     text := TG_ARGV[0];
    without text[] := string_to_array(TG_ARGV[1], ',');
    masked  text[] := string_to_array(TG_ARGV[2], ',');
    was     jsonb;
    become  jsonb;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM basins_audit_all(TG_TABLE_NAME, 'D', TG_ARGV[0], TG_ARGV[1], TG_ARGV[2]);
        RETURN NULL;
    END IF;
    was := basins_audit_shown(to_jsonb(OLD), without, masked);
    IF TG_OP <> 'DELETE' THEN
        become := basins_audit_shown(to_jsonb(NEW), without, masked);
    END IF;
    IF TG_OP = 'DELETE' THEN
        PERFORM basins_audit_note(TG_TABLE_NAME, was ->> key, 'D', was, NULL);
    ELSIF was ->> key <> become ->> key THEN
        PERFORM basins_audit_note(TG_TABLE_NAME, was ->> key, 'D', was, NULL);
        PERFORM basins_audit_note(TG_TABLE_NAME, become ->> key, 'I', NULL, become);
    ELSIF was <> become THEN
        PERFORM basins_audit_note(TG_TABLE_NAME, become ->> key, 'U', was, become);
    END IF;
    RETURN NULL;
END $$;
