"""How often mail to somebody failed, and what was given up."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("basins", "0001_squashed_0005_audit_trail")]

    operations = [
        migrations.AddField(
            "notification",
            "mail_tries",
            models.PositiveSmallIntegerField("邮件试发次数", default=0),
        ),
        migrations.AddField(
            "notification",
            "mail_given_up_at",
            models.DateTimeField("放弃邮件的时间", null=True, blank=True),
        ),
        migrations.AddField(
            "delivery", "failures", models.PositiveSmallIntegerField("连续发送失败", default=0)
        ),
        migrations.AddField(
            "delivery", "failed_to", models.CharField("失败的邮箱", max_length=254, blank=True)
        ),
        migrations.AddField(
            "delivery", "error", models.CharField("最近的错误", max_length=300, blank=True)
        ),
        migrations.AddField(
            "delivery", "retry_at", models.DateTimeField("再试时间", null=True, blank=True)
        ),
        migrations.AddField(
            "delivery", "stopped_at", models.DateTimeField("停发时间", null=True, blank=True)
        ),
    ]
