from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('settlements', '0050_account_years'),
    ]

    operations = [
        migrations.RunSQL(
            """INSERT INTO settlements_accountyear (account_id, basis, year, net)
               SELECT account_id, basis, extract(year FROM month), sum(net)
               FROM settlements_accountmonth GROUP BY 1, 2, 3""",
            migrations.RunSQL.noop,
        ),
    ]
