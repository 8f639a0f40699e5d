"""What counts of an accrual in its year, as a view: see settlements.models.counted."""

from django.db import migrations, models

VIEW = """
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
"""


class Migration(migrations.Migration):
    dependencies = [("settlements", "0015_state_moves_in_bulk")]
    operations = [
        migrations.RunSQL(VIEW, "DROP VIEW settlements_countedtransfer"),
        migrations.CreateModel(
            name="CountedTransfer",
            fields=[
                (
                    "id",
                    models.BigIntegerField(
                        primary_key=True, serialize=False, verbose_name="编号"
                    ),
                ),
                (
                    "yuan",
                    models.DecimalField(decimal_places=2, max_digits=16, verbose_name="金额(元)"),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="事由")),
            ],
            options={
                "verbose_name": "计入年度的收付",
                "verbose_name_plural": "计入年度的收付",
                "db_table": "settlements_countedtransfer",
                "managed": False,
            },
        ),
    ]
