-- 期初余额: two persons decide once.

CREATE TRIGGER opening_decided_once BEFORE UPDATE OR DELETE ON settlements_openingbatch
    FOR EACH ROW EXECUTE FUNCTION settlements_decided_once();
CREATE TRIGGER opening_never_truncated BEFORE TRUNCATE ON settlements_openingbatch
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_decided_once();

-- One opening in force for an account: not while another waits or was booked and not reversed.
-- Registered one after the other, whoever sends the statement (opening_once.lock_openings).
CREATE OR REPLACE FUNCTION settlements_opening_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('settlements_opening'));
    SELECT b.id, o.row ->> 'jurisdiction' AS place, o.row ->> 'agreement' AS agreement INTO other
        FROM settlements_openingbatch b
        CROSS JOIN LATERAL jsonb_path_query(b.rows, '$[*]') AS o(row)
        JOIN LATERAL jsonb_path_query(NEW.rows, '$[*]') AS n(row)
            ON n.row ->> 'jurisdiction' = o.row ->> 'jurisdiction'
            AND n.row ->> 'agreement' = o.row ->> 'agreement'
        WHERE b.state <> 'rejected' AND NOT EXISTS (
            SELECT 1 FROM settlements_journalentry e
            JOIN settlements_journalentry r ON r.reverses_id = e.id WHERE e.opening_id = b.id)
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% 在 % 的账户已有期初余额（第 % 批）；要改请先冲销它。',
            other.place, other.agreement, other.id USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER opening_once BEFORE INSERT ON settlements_openingbatch
    FOR EACH ROW EXECUTE FUNCTION settlements_opening_once();
