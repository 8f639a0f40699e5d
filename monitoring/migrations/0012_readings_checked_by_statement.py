"""That a reading's section, indicator and batch are there is asked once a statement.

By guards/reading.sql; a foreign key asks for every row, which was most of the time of a COPY.
Databases made since have none to drop.
"""

from django.db import migrations

DROP = """
ALTER TABLE monitoring_reading
    DROP CONSTRAINT IF EXISTS monitoring_reading_section_id_fkey,
    DROP CONSTRAINT IF EXISTS monitoring_reading_indicator_id_fkey,
    DROP CONSTRAINT IF EXISTS monitoring_reading_batch_id_fkey
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0011_section_water_body_assumed")]

    operations = [migrations.RunSQL(DROP, migrations.RunSQL.noop)]
