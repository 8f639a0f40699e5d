-- 待重算月份: how long a mark waited, and that it was worked, is kept by the mark itself.

-- A mark set again keeps the time it waits since; a transaction that began before moves it back.
CREATE OR REPLACE FUNCTION monitoring_mark_waits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.waiting_since := NEW.marked_at;
    RETURN NEW;
END $$;

CREATE TRIGGER mark_waits BEFORE UPDATE ON monitoring_dirtymonth
    FOR EACH ROW WHEN (NEW.marked_at < OLD.waiting_since)
    EXECUTE FUNCTION monitoring_mark_waits();

-- Rolled back with the worker's transaction: the mark is then there again.
CREATE OR REPLACE FUNCTION monitoring_mark_worked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO monitoring_markworked (section_id, month, waiting_since, worked_at, transaction)
    SELECT section_id, month, LEAST(waiting_since, worked), worked, basins_recorded_in(worked, month)
    FROM (
        SELECT section_id, month, waiting_since,
            basins_recorded_at(GREATEST(clock_timestamp(), waiting_since), month) AS worked
        FROM old_rows
    ) marks;
    RETURN NULL;
END $$;

CREATE TRIGGER mark_worked AFTER DELETE ON monitoring_dirtymonth
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_mark_worked();
