-- When what is written is recorded. By the database's own clock, everywhere and always; only a
-- demonstration that is being seeded (seeding.sql) is recorded at the times it tells of.

-- Whether this transaction seeds an empty demonstration.
CREATE OR REPLACE FUNCTION basins_seeding_open() RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM basins_seeding WHERE ended_at IS NULL
                   AND transaction = pg_current_xact_id_if_assigned()::text::bigint);
END $$;

-- The moment of a record: `by_the_clock`, or what a seeding tells (rivers.moment: a moment, or
-- 'period' where one statement writes many months at once: each in the week after its own; a record of
-- no month by the clock). Never later than the seeding began.
CREATE OR REPLACE FUNCTION basins_recorded_at(by_the_clock timestamptz, month date DEFAULT NULL)
RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
    told text := current_setting('rivers.moment', true);
BEGIN
    IF COALESCE(told, '') = '' OR told = 'period' AND month IS NULL THEN
        RETURN by_the_clock;
    END IF;
    IF NOT basins_seeding_open() THEN
        RETURN by_the_clock;
    END IF;
    IF told <> 'period' THEN
        RETURN least(told::timestamptz, now());
    END IF;
    RETURN least((date_trunc('month', month)::date + interval '1 month 7 days 6 hours')
        AT TIME ZONE 'Asia/Shanghai', now());
END $$;

-- The transaction a record belongs to: the one that writes it; a seeding's moment stands for one of
-- its own, numbered below zero.
CREATE OR REPLACE FUNCTION basins_recorded_in(moment timestamptz, month date DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    told text := current_setting('rivers.moment', true);
BEGIN
    IF COALESCE(told, '') <> '' AND (told <> 'period' OR month IS NOT NULL)
            AND basins_seeding_open() THEN
        RETURN -(extract(epoch FROM moment) * 1000000)::bigint;
    END IF;
    RETURN pg_current_xact_id()::text::bigint;
END $$;

-- Whether a time is the one this transaction has: between its beginning and now.
CREATE OR REPLACE FUNCTION basins_is_now(moment timestamptz) RETURNS boolean LANGUAGE sql VOLATILE AS $$
    SELECT moment BETWEEN now() AND clock_timestamp()
$$;
