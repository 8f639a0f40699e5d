from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("settlements", "0043_offset_consent")]

    operations = [
        migrations.AddIndex(
            model_name="accrual",
            index=models.Index(
                condition=models.Q(("state", "preliminary")), fields=["period"], name="accrual_open"
            ),
        ),
        migrations.AddIndex(
            model_name="agreementmonth",
            index=models.Index(fields=["month"], name="agreement_month_by_month"),
        ),
    ]
