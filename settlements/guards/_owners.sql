-- Whose by now is what was booked for a party of an agreement by an entry: the first carry-over after it
-- (区划结转, not taken back) made it the successor's, and so on. By the numbers of the entries, so that
-- what was booked on an old account since stays there until it is carried over in its turn.
CREATE OR REPLACE FUNCTION settlements_owner(
    of_agreement bigint, party bigint, entry_year integer, entry_number integer)
RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    next record;
BEGIN
    LOOP
        SELECT c.successor_id, e.year, e.number INTO next
            FROM settlements_carryoverline l
            JOIN settlements_carryover c ON c.id = l.carryover_id
            JOIN settlements_ledgeraccount a ON a.id = l.account_id
            JOIN settlements_journalentry e ON e.carryover_id = l.id
            WHERE a.agreement_id = of_agreement AND a.jurisdiction_id = party
                AND a.kind = 'compensation' AND (e.year, e.number) > (entry_year, entry_number)
                AND NOT EXISTS (SELECT 1 FROM settlements_journalentry r WHERE r.reverses_id = e.id)
            ORDER BY e.year, e.number LIMIT 1;
        EXIT WHEN NOT FOUND;
        party := next.successor_id;
        entry_year := next.year;
        entry_number := next.number;
    END LOOP;
    RETURN party;
END $$;

-- Whose debt a 拨款通知 asks for by now: made with the entry of the year's closing, or of an adjustment.
CREATE OR REPLACE FUNCTION settlements_demand_owner(demand_id bigint)
RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    asked record;
BEGIN
    SELECT d.jurisdiction_id, s.agreement_id, e.year, e.number INTO asked
        FROM settlements_demand d
        JOIN settlements_settlement s ON s.id = d.settlement_id
        JOIN settlements_journalentry e ON CASE WHEN d.adjustment_id IS NULL
            THEN e.settlement_id = d.settlement_id AND e.cause = 'settlement'
            ELSE e.adjustment_id = d.adjustment_id END
        WHERE d.id = demand_id;
    IF NOT FOUND THEN
        RETURN (SELECT jurisdiction_id FROM settlements_demand WHERE id = demand_id);
    END IF;
    RETURN settlements_owner(asked.agreement_id, asked.jurisdiction_id, asked.year, asked.number);
END $$;
