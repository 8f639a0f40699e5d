-- 计入年度的收付: an accrual's payments, or those an approved adjustment put in their place
-- (settlements/models/counted.py).

CREATE VIEW settlements_countedtransfer AS
WITH counted AS (
    SELECT DISTINCT ON (a.accrual_id) a.id, a.accrual_id, a.outcome
    FROM settlements_adjustment a
    WHERE a.state = 'approved'
      -- Without nets it changed no amount; with an entry it counts in the year it was booked.
      AND EXISTS (SELECT 1 FROM settlements_adjustmentnet n WHERE n.adjustment_id = a.id)
      AND NOT EXISTS (SELECT 1 FROM settlements_journalentry e WHERE e.adjustment_id = a.id)
    ORDER BY a.accrual_id, a.approved_at DESC, a.id DESC
)
SELECT t.id, t.accrual_id, t.payer_id, t.payee_id, t.yuan, t.reason
FROM settlements_transfer t
WHERE NOT EXISTS (SELECT 1 FROM counted c WHERE c.accrual_id = t.accrual_id)
UNION ALL
SELECT -(c.id * 1000 + x.place), c.accrual_id, payer.id, payee.id,
    (x.paid ->> 'yuan')::numeric(16, 2), (x.paid ->> 'reason')::varchar(200)
FROM counted c
CROSS JOIN LATERAL jsonb_array_elements(c.outcome -> 'transfers')
    WITH ORDINALITY AS x (paid, place)
JOIN basins_jurisdiction payer ON payer.code = x.paid ->> 'payer'
JOIN basins_jurisdiction payee ON payee.code = x.paid ->> 'payee';
