-- 现行收付: an accrual's payments as they count now, or those that the newest approved adjustment
-- put in their place, whatever year it is booked in (settlements/models/counted.py).

CREATE VIEW settlements_currenttransfer AS
WITH newest AS (
    SELECT DISTINCT ON (a.accrual_id) a.id, a.accrual_id, a.outcome
    FROM settlements_adjustment a
    WHERE a.state = 'approved'
    ORDER BY a.accrual_id, a.approved_at DESC, a.id DESC
)
SELECT t.id, t.accrual_id, t.payer_id, t.payee_id, t.yuan, t.reason
FROM settlements_transfer t
WHERE NOT EXISTS (SELECT 1 FROM newest n WHERE n.accrual_id = t.accrual_id)
UNION ALL
SELECT -(n.id * 1000 + x.place), n.accrual_id, payer.id, payee.id,
    (x.paid ->> 'yuan')::numeric(16, 2), (x.paid ->> 'reason')::varchar(200)
FROM newest n
CROSS JOIN LATERAL jsonb_array_elements(n.outcome -> 'transfers')
    WITH ORDINALITY AS x (paid, place)
JOIN basins_jurisdiction payer ON payer.code = x.paid ->> 'payer'
JOIN basins_jurisdiction payee ON payee.code = x.paid ->> 'payee';
