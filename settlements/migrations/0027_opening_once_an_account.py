"""One opening in force for an account (guards/openingbatch.sql), whatever its file's bytes are.

A file whose entry was reversed may come again, which the constraint on its bytes refused.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("settlements", "0026_joint_sample_keeps_the_mark")]

    operations = [
        migrations.RemoveConstraint(model_name="openingbatch", name="opening_file_once"),
    ]
