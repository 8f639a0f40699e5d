-- 样品的值: they stay, and come with their sample.

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON settlements_labvalue
    FOR EACH ROW EXECUTE FUNCTION settlements_only_grows();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON settlements_labvalue
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_only_grows();

-- A row's 32 bits of a transaction's number, made whole: of all that end in them, the nearest to the
-- running one. A savepoint's number is above that of its transaction.
CREATE OR REPLACE FUNCTION settlements_whole_xid(low xid) RETURNS xid8 LANGUAGE sql AS $$
    SELECT (here + ((low::text::bigint - here + 2147483648) & 4294967295) - 2147483648)::text::xid8
    FROM (SELECT pg_current_xact_id()::text::bigint AS here) running;
$$;

-- The values of a sample come in one INSERT, in its own transaction and before anything corrects it:
-- none is slipped in later.
CREATE OR REPLACE FUNCTION settlements_labvalues_at_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong bigint;
BEGIN
    SELECT n.sample_id INTO wrong
        FROM (SELECT sample_id, count(*) AS added FROM new_rows GROUP BY 1) n
        WHERE n.added < (SELECT count(*) FROM settlements_labvalue v WHERE v.sample_id = n.sample_id)
           OR EXISTS (SELECT 1 FROM settlements_labsample s WHERE s.corrects_id = n.sample_id)
           OR EXISTS (SELECT 1 FROM settlements_labsample s WHERE s.id = n.sample_id
                -- A row that is seen and still in progress is of this transaction, or of a savepoint in it.
                AND pg_xact_status(settlements_whole_xid(s.xmin)) IS DISTINCT FROM 'in progress')
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '实验室样品 #% 的值须一次登记；遗漏的请以更正补上。', wrong USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER labvalues_at_once AFTER INSERT ON settlements_labvalue
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_labvalues_at_once();
