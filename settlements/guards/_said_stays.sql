-- What was said stays as it was said. Arguments: columns that change freely, then columns that are
-- filled in once. All others stay.
CREATE OR REPLACE FUNCTION settlements_said_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    freely text[] := string_to_array(TG_ARGV[0], ' ');
    once text[] := string_to_array(TG_ARGV[1], ' ');
    before jsonb := to_jsonb(OLD);
    changed text;
BEGIN
    SELECT key INTO changed FROM jsonb_each(to_jsonb(NEW)) AS now (key, value)
    WHERE value IS DISTINCT FROM before -> key AND key <> ALL (freely)
      AND NOT (key = ANY (once) AND before -> key IN ('null', '""', '[]', '{}'))
    ORDER BY key LIMIT 1;
    IF changed IS NOT NULL THEN
        RAISE EXCEPTION '% #% 的 % 登记后不能修改。', TG_TABLE_NAME, OLD.id, changed
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
