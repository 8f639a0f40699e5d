"""A share is kept as it was agreed, a third as a third: text, "0.5" or "1/3"."""

from decimal import Decimal

from django.db import migrations

import settlements.models.shares
from settlements.models.shares import share_is_a_part

WHOLE = """
ALTER TABLE settlements_termsection ALTER COLUMN share TYPE varchar(20)
    USING trim(trailing '.' FROM trim(trailing '0' FROM share::text))
"""
CUT = """
ALTER TABLE settlements_termsection ALTER COLUMN share TYPE numeric(5, 4)
    USING round(split_part(share, '/', 1)::numeric
                / coalesce(nullif(split_part(share, '/', 2), ''), '1')::numeric, 4)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0007_exact_means"),
        ("settlements", "0001_squashed_0023_facts_stay"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="termsection", name="term_section_share"),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(WHOLE, CUT)],
            state_operations=[
                migrations.AlterField(
                    model_name="termsection",
                    name="share",
                    field=settlements.models.shares.ShareField(
                        default=Decimal("1"),
                        help_text="占补偿标准的比例：1 为全额，也可以是 1/3。",
                        verbose_name="份额",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="termsection", constraint=share_is_a_part("term_section_share")
        ),
    ]
