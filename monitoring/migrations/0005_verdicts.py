import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0004_observations'),
    ]

    operations = [
        migrations.CreateModel(
            name='Verdict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sampled_at', models.DateTimeField(verbose_name='采样时间')),
                ('origin', models.SmallIntegerField(choices=[(1, '自动'), (2, '手工'), (3, '联合'), (4, '留样')], verbose_name='来源')),
                ('outcome', models.CharField(choices=[('accepted', '有效'), ('invalidated', '无效'), ('corrected', '更正')], max_length=12, verbose_name='结论')),
                ('value_before', models.DecimalField(decimal_places=8, max_digits=20, verbose_name='原值')),
                ('flag_before', models.CharField(max_length=4, verbose_name='原标识')),
                ('value_after', models.DecimalField(decimal_places=8, max_digits=20, verbose_name='现值')),
                ('flag_after', models.CharField(max_length=4, verbose_name='现标识')),
                ('reason', models.CharField(max_length=500, verbose_name='理由')),
                ('cause', models.CharField(blank=True, max_length=60, verbose_name='起因')),
                ('at', models.DateTimeField(verbose_name='审核时间')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='审核人')),
                ('indicator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='monitoring.indicator', verbose_name='指标')),
                ('section', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='verdicts', to='monitoring.section', verbose_name='断面')),
            ],
            options={
                'verbose_name': '审核结论',
                'verbose_name_plural': '审核结论',
                'ordering': ['-at', '-pk'],
                'indexes': [models.Index(fields=['section', 'indicator', 'sampled_at', 'origin'], name='verdict_by_reading')],
            },
        ),
    ]
