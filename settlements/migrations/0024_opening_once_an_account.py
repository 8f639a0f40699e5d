"""One opening in force for an account (guards/openingbatch.sql), whatever its file's bytes are.

A file whose entry was reversed may come again, which the constraint on its bytes refused.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("settlements", "0001_squashed_0023_facts_stay")]

    operations = [
        migrations.RemoveConstraint(model_name="openingbatch", name="opening_file_once"),
    ]
