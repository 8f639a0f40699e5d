"""The tables of monitoring, that of readings by month, and the indicators; 0001 to 0012 in one."""

from django.conf import settings
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from basins.tables import CreateTables


READINGS = """
-- Columns ordered by alignment: 8 bytes, 2 bytes, 1 byte, variable. That sections, batches and
-- indicators are there is asked once a statement (guards/reading.sql).
CREATE TABLE monitoring_reading (
    section_id   bigint      NOT NULL,
    sampled_at   timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT now(),
    batch_id     bigint,
    indicator_id smallint    NOT NULL,
    origin       smallint    NOT NULL,
    below_limit  boolean     NOT NULL DEFAULT false,
    flag         varchar(4)  NOT NULL DEFAULT 'N',
    value        numeric(20, 8) NOT NULL,
    CONSTRAINT reading_key PRIMARY KEY (section_id, indicator_id, sampled_at, origin),
    CONSTRAINT reading_origin_known CHECK (origin BETWEEN 1 AND 4),
    CONSTRAINT reading_is_a_number CHECK (value <> 'NaN')
) PARTITION BY RANGE (sampled_at);

-- One partition a month (Asia/Shanghai); later ones are made by monitoring_ensure_partition. Their
-- triggers are made with the guards, after migrate.
DO $$
DECLARE
    first date;
    part  text;
BEGIN
    FOR first IN SELECT generate_series('2018-01-01'::date, '2027-12-01'::date, interval '1 month')
    LOOP
        part := 'monitoring_reading_' || to_char(first, 'YYYY_MM');
        EXECUTE format('CREATE TABLE %I (LIKE monitoring_reading
                        INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
        EXECUTE format('ALTER TABLE monitoring_reading ATTACH PARTITION %I
                        FOR VALUES FROM (%L) TO (%L)', part,
            first::timestamp AT TIME ZONE 'Asia/Shanghai',
            (first + interval '1 month')::timestamp AT TIME ZONE 'Asia/Shanghai');
    END LOOP;
END $$;
"""

# The indicators that stations and laboratories report (HJ 525; decimals as stations show):
# code, name, factor of HJ 525, unit, decimals shown
INDICATORS = [
    ("WT", "水温", "w01010", "℃", 1),
    ("pH", "pH", "w01001", "", 2),
    ("DO", "溶解氧", "w01009", "mg/L", 2),
    ("EC", "电导率", "w01014", "μS/cm", 1),
    ("TURB", "浊度", "w01003", "NTU", 1),
    ("CODMn", "高锰酸盐指数", "w01019", "mg/L", 2),
    ("COD", "化学需氧量", "w01018", "mg/L", 1),
    ("BOD5", "五日生化需氧量", "w01017", "mg/L", 1),
    ("NH3-N", "氨氮", "w21003", "mg/L", 3),
    ("TP", "总磷", "w21011", "mg/L", 3),
    ("TN", "总氮", "w21001", "mg/L", 2),
    ("Cu", "铜", "", "mg/L", 4),
    ("Zn", "锌", "", "mg/L", 4),
    ("F", "氟化物", "", "mg/L", 2),
    ("Se", "硒", "", "mg/L", 4),
    ("As", "砷", "", "mg/L", 4),
    ("Hg", "汞", "", "mg/L", 5),
    ("Cd", "镉", "", "mg/L", 5),
    ("Cr6", "六价铬", "", "mg/L", 3),
    ("Pb", "铅", "", "mg/L", 4),
    ("CN", "氰化物", "", "mg/L", 3),
    ("VP", "挥发酚", "", "mg/L", 4),
    ("petroleum", "石油类", "", "mg/L", 2),
    ("LAS", "阴离子表面活性剂", "", "mg/L", 2),
    ("sulfide", "硫化物", "", "mg/L", 3),
    ("FC", "粪大肠菌群", "", "个/L", 0),
    ("sulfate", "硫酸盐", "", "mg/L", 1),
    ("chloride", "氯化物", "", "mg/L", 1),
    ("nitrate-N", "硝酸盐氮", "", "mg/L", 2),
    ("Fe", "铁", "", "mg/L", 3),
    ("Mn", "锰", "w20124", "mg/L", 4),
    ("Chla", "叶绿素a", "w01016", "mg/L", 3),
    ("algae", "藻密度", "", "cells/L", 0),
]


def fill_indicators(apps, schema_editor):
    indicator = apps.get_model("monitoring", "Indicator")
    indicator.objects.bulk_create(
        indicator(code=code, name=name, factor=factor, unit=unit, decimals=decimals, order=order)
        for order, (code, name, factor, unit, decimals) in enumerate(INDICATORS, start=1)
    )


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('monitoring', '0001_initial'),
        ('monitoring', '0002_readings_partitioned'),
        ('monitoring', '0003_indicators'),
        ('monitoring', '0004_observations'),
        ('monitoring', '0005_verdicts'),
        ('monitoring', '0006_marks_worked'),
        ('monitoring', '0007_exact_means'),
        ('monitoring', '0008_assessment_basis'),
        ('monitoring', '0009_verdict_keeps_the_mark'),
        ('monitoring', '0010_section_water_body_decided'),
        ('monitoring', '0011_section_water_body_assumed'),
        ('monitoring', '0012_readings_checked_by_statement'),
    ]

    dependencies = [
        ('basins', '0001_squashed_0012_data_marks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='Section',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.CharField(max_length=40, unique=True, verbose_name='编码')),
                    ('name', models.CharField(max_length=60, verbose_name='断面名称')),
                    ('km', models.DecimalField(blank=True, decimal_places=1, max_digits=7, null=True, verbose_name='距源头(km)')),
                    ('lon', models.DecimalField(blank=True, decimal_places=4, max_digits=8, null=True, verbose_name='经度')),
                    ('lat', models.DecimalField(blank=True, decimal_places=4, max_digits=7, null=True, verbose_name='纬度')),
                    ('water_body', models.CharField(choices=[('river', '河流'), ('lake', '湖库')], default='river', max_length=8, verbose_name='水体')),
                    ('grade', models.CharField(choices=[('national', '国控'), ('municipal', '市控'), ('district', '区控'), ('town', '乡镇')], default='municipal', max_length=10, verbose_name='级别')),
                    ('station_mn', models.CharField(blank=True, max_length=24, verbose_name='设备编码 MN')),
                    ('is_demo', models.BooleanField(default=False, verbose_name='演示名称')),
                    ('source', models.CharField(blank=True, max_length=200, verbose_name='来源')),
                    ('downstream', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sections_in', to='basins.jurisdiction', verbose_name='下游行政区')),
                    ('province', models.ForeignKey(help_text='不同省份有同名断面,名称在省内唯一。', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='basins.jurisdiction', verbose_name='所在省份')),
                    ('river', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sections', to='basins.river', verbose_name='河流')),
                    ('upstream', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sections_out', to='basins.jurisdiction', verbose_name='上游行政区')),
                    ('water_body_on', models.DateField(blank=True, null=True, verbose_name='水体核定日期')),
                    ('water_body_source', models.CharField(blank=True, db_default='', max_length=200, verbose_name='水体核定依据')),
                    ('water_body_why', models.CharField(blank=True, db_default='', max_length=200, verbose_name='水体的推定')),
                ],
                options={
                    'verbose_name': '断面',
                    'verbose_name_plural': '断面',
                    'ordering': ['river__level', 'river__code', 'km', 'code'],
                    'constraints': [models.UniqueConstraint(fields=('province', 'name'), name='section_name_in_province'), models.UniqueConstraint(condition=models.Q(('station_mn', ''), _negated=True), fields=('station_mn',), name='section_mn_once'), models.CheckConstraint(condition=models.Q(('upstream__isnull', True), ('downstream__isnull', True), models.Q(('upstream', models.F('downstream')), _negated=True), _connector='OR'), name='section_between_two', violation_error_message='交界断面的上游与下游不能是同一行政区。'), models.CheckConstraint(condition=models.Q(models.Q(('water_body_on__isnull', True), ('water_body_source', '')), models.Q(('water_body_on__isnull', False), models.Q(('water_body_source', ''), _negated=True)), _connector='OR'), name='section_water_body_has_source', violation_error_message='核定水体须写明日期和依据。')],
                },
            ),
            migrations.CreateModel(
                name='Target',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('water_class', models.PositiveSmallIntegerField(choices=[(1, 'Ⅰ类'), (2, 'Ⅱ类'), (3, 'Ⅲ类'), (4, 'Ⅳ类'), (5, 'Ⅴ类')], verbose_name='目标类别')),
                    ('in_force', django.contrib.postgres.fields.ranges.DateRangeField(verbose_name='有效期')),
                    ('source', models.CharField(max_length=200, verbose_name='来源')),
                    ('section', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='targets', to='monitoring.section', verbose_name='断面')),
                ],
                options={
                    'verbose_name': '断面目标',
                    'verbose_name_plural': '断面目标',
                    'ordering': ['section', 'in_force'],
                    'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func(models.F('section'), models.F('section'), models.Value('[]'), function='int8range'), '&&'), ('in_force', '&&')], name='target_no_overlap', violation_error_message='与本断面已有目标的有效期重叠。'), models.CheckConstraint(condition=models.Q(('water_class__gte', 1), ('water_class__lte', 5)), name='target_class_known')],
                },
            ),
            migrations.CreateModel(
                name='SamplingPlan',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('per_day', models.PositiveSmallIntegerField(verbose_name='每日次数')),
                    ('in_force', django.contrib.postgres.fields.ranges.DateRangeField(verbose_name='有效期')),
                    ('section', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sampling_plans', to='monitoring.section', verbose_name='断面')),
                ],
                options={
                    'verbose_name': '监测频次',
                    'verbose_name_plural': '监测频次',
                    'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func(models.F('section'), models.F('section'), models.Value('[]'), function='int8range'), '&&'), ('in_force', '&&')], name='sampling_plan_no_overlap', violation_error_message='与本断面已有监测频次的有效期重叠。'), models.CheckConstraint(condition=models.Q(('per_day__gte', 1), ('per_day__lte', 24)), name='sampling_plan_per_day')],
                },
            ),
            migrations.CreateModel(
                name='Indicator',
                fields=[
                    ('id', models.SmallAutoField(primary_key=True, serialize=False)),
                    ('code', models.CharField(max_length=16, unique=True, verbose_name='代码')),
                    ('name', models.CharField(max_length=30, verbose_name='名称')),
                    ('factor', models.CharField(blank=True, max_length=8, verbose_name='HJ 525 因子')),
                    ('unit', models.CharField(blank=True, max_length=12, verbose_name='单位')),
                    ('decimals', models.PositiveSmallIntegerField(verbose_name='显示小数位')),
                    ('order', models.PositiveSmallIntegerField(verbose_name='次序')),
                ],
                options={
                    'verbose_name': '指标',
                    'verbose_name_plural': '指标',
                    'ordering': ['order'],
                },
            ),
            migrations.CreateModel(
                name='ImportBatch',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('filename', models.CharField(max_length=255, verbose_name='文件')),
                    ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                    ('layout', models.CharField(max_length=20, verbose_name='版式')),
                    ('counts', models.JSONField(default=dict, verbose_name='统计')),
                    ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='导入时间')),
                    ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='导入人')),
                ],
                options={
                    'verbose_name': '导入批次',
                    'verbose_name_plural': '导入批次',
                    'ordering': ['-pk'],
                },
            ),
            migrations.CreateModel(
                name='Reading',
                fields=[
                    ('pk', models.CompositePrimaryKey('section_id', 'indicator_id', 'sampled_at', 'origin', blank=True, editable=False, primary_key=True, serialize=False)),
                    ('sampled_at', models.DateTimeField(verbose_name='采样时间')),
                    ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时间')),
                    ('origin', models.SmallIntegerField(choices=[(1, '自动'), (2, '手工'), (3, '联合'), (4, '留样')], verbose_name='来源')),
                    ('below_limit', models.BooleanField(db_default=False, verbose_name='未检出')),
                    ('flag', models.CharField(db_default='N', max_length=4, verbose_name='标识')),
                    ('value', models.DecimalField(decimal_places=8, max_digits=20, verbose_name='值')),
                ],
                options={
                    'verbose_name': '监测数据',
                    'verbose_name_plural': '监测数据',
                    'db_table': 'monitoring_reading',
                    'managed': False,
                },
            ),
            migrations.CreateModel(
                name='ReadingRevision',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('sampled_at', models.DateTimeField(verbose_name='采样时间')),
                    ('origin', models.SmallIntegerField(choices=[(1, '自动'), (2, '手工'), (3, '联合'), (4, '留样')], verbose_name='来源')),
                    ('value', models.DecimalField(decimal_places=8, max_digits=20, verbose_name='值')),
                    ('below_limit', models.BooleanField(verbose_name='未检出')),
                    ('flag', models.CharField(max_length=4, verbose_name='标识')),
                    ('batch_id', models.BigIntegerField(null=True, verbose_name='批次')),
                    ('known_from', models.DateTimeField(verbose_name='知悉自')),
                    ('known_to', models.DateTimeField(verbose_name='知悉至')),
                    ('indicator', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='monitoring.indicator', verbose_name='指标')),
                    ('section', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='monitoring.section', verbose_name='断面')),
                ],
                options={
                    'verbose_name': '数据更正史',
                    'verbose_name_plural': '数据更正史',
                    'indexes': [models.Index(fields=['section', 'indicator', 'sampled_at'], name='revision_by_reading')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('known_to__gte', models.F('known_from'))), name='revision_times_in_order')],
                },
            ),
            migrations.CreateModel(
                name='MonthlyMean',
                fields=[
                    ('pk', models.CompositePrimaryKey('section_id', 'indicator_id', 'month', blank=True, editable=False, primary_key=True, serialize=False)),
                    ('month', models.DateField(help_text='当月第一天', verbose_name='月份')),
                    ('mean', models.DecimalField(decimal_places=12, max_digits=24, verbose_name='月均值')),
                    ('valid', models.PositiveIntegerField(verbose_name='有效数')),
                    ('expected', models.PositiveIntegerField(verbose_name='应有数')),
                    ('below_limit', models.PositiveIntegerField(default=0, verbose_name='未检出数')),
                    ('origin', models.SmallIntegerField(choices=[(1, '自动'), (2, '手工'), (3, '联合'), (4, '留样')], verbose_name='来源')),
                    ('complete', models.BooleanField(verbose_name='数据完整')),
                    ('indicator', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='monitoring.indicator', verbose_name='指标')),
                    ('section', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='means', to='monitoring.section', verbose_name='断面')),
                    ('total', models.DecimalField(decimal_places=9, max_digits=30, null=True, verbose_name='合计')),
                ],
                options={
                    'verbose_name': '月均值',
                    'verbose_name_plural': '月均值',
                    'indexes': [models.Index(fields=['month', 'section'], name='mean_by_month')],
                },
            ),
            migrations.CreateModel(
                name='Assessment',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('month', models.DateField(help_text='当月第一天', verbose_name='月份')),
                    ('water_class', models.PositiveSmallIntegerField(choices=[(1, 'Ⅰ类'), (2, 'Ⅱ类'), (3, 'Ⅲ类'), (4, 'Ⅳ类'), (5, 'Ⅴ类'), (6, '劣Ⅴ类')], verbose_name='类别')),
                    ('deciding', models.JSONField(default=list, verbose_name='定类指标')),
                    ('exceedances', models.JSONField(default=list, verbose_name='超标项目')),
                    ('main_pollutants', models.JSONField(default=list, verbose_name='主要污染指标')),
                    ('assessed', models.JSONField(default=list, verbose_name='参评指标')),
                    ('complete', models.BooleanField(verbose_name='数据完整')),
                    ('computed_at', models.DateTimeField(auto_now=True, verbose_name='计算时间')),
                    ('section', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='assessments', to='monitoring.section', verbose_name='断面')),
                    ('basis', models.CharField(blank=True, db_default='', default='', max_length=40, verbose_name='统计口径')),
                ],
                options={
                    'verbose_name': '评价',
                    'verbose_name_plural': '评价',
                    'indexes': [models.Index(fields=['month', 'section'], name='assessment_by_month')],
                    'constraints': [models.UniqueConstraint(fields=('section', 'month'), name='assessment_once'), models.CheckConstraint(condition=models.Q(('water_class__gte', 1), ('water_class__lte', 6)), name='assessment_class_known')],
                },
            ),
            migrations.CreateModel(
                name='DirtyMonth',
                fields=[
                    ('pk', models.CompositePrimaryKey('section_id', 'month', blank=True, editable=False, primary_key=True, serialize=False)),
                    ('month', models.DateField(verbose_name='月份')),
                    ('marked_at', models.DateTimeField(verbose_name='标记时间')),
                    ('waiting_since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='等待始于')),
                    ('error', models.TextField(db_default='', verbose_name='错误')),
                    ('retry_at', models.DateTimeField(null=True, verbose_name='下次重试')),
                    ('section', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='monitoring.section', verbose_name='断面')),
                ],
                options={
                    'verbose_name': '待重算月份',
                    'verbose_name_plural': '待重算月份',
                },
            ),
            migrations.CreateModel(
                name='MarkWorked',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('month', models.DateField(verbose_name='月份')),
                    ('waiting_since', models.DateTimeField(verbose_name='等待始于')),
                    ('worked_at', models.DateTimeField(verbose_name='重算时间')),
                    ('transaction', models.BigIntegerField(verbose_name='事务')),
                    ('section', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='monitoring.section', verbose_name='断面')),
                ],
                options={
                    'verbose_name': '已重算的月份',
                    'verbose_name_plural': '已重算的月份',
                    'indexes': [models.Index(fields=['section', 'month'], name='worked_by_month')],
                },
            ),
            migrations.CreateModel(
                name='Observation',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=40, verbose_name='指标')),
                    ('period', models.DateField(help_text='该月或该年的第一天', verbose_name='期间')),
                    ('yearly', models.BooleanField(verbose_name='按年')),
                    ('value', models.DecimalField(decimal_places=6, max_digits=22, verbose_name='值')),
                    ('unit', models.CharField(blank=True, max_length=12, verbose_name='单位')),
                    ('source', models.CharField(max_length=200, verbose_name='出处')),
                    ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='录入时间')),
                    ('superseded_at', models.DateTimeField(blank=True, null=True, verbose_name='更正时间')),
                    ('jurisdiction', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='observations', to='basins.jurisdiction', verbose_name='行政区')),
                    ('recorded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='录入人')),
                    ('superseded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='更正人')),
                    ('section', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='observations', to='monitoring.section', verbose_name='断面')),
                ],
                options={
                    'verbose_name': '指标值',
                    'verbose_name_plural': '指标值',
                    'ordering': ['-period', 'name', 'pk'],
                    'indexes': [models.Index(fields=['section', 'period'], name='observation_by_section'), models.Index(fields=['jurisdiction', 'period'], name='observation_by_party')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('section__isnull', True), ('jurisdiction__isnull', True), _connector='XOR'), name='observation_of_one', violation_error_message='指标值须属于一个断面，或一个行政区。'), models.CheckConstraint(condition=models.Q(('period__day', 1), models.Q(('yearly', False), ('period__month', 1), _connector='OR')), name='observation_period_starts'), models.CheckConstraint(condition=models.Q(('superseded_at__isnull', True), ('superseded_at__gte', models.F('recorded_at')), _connector='OR'), name='observation_times_in_order'), models.UniqueConstraint(condition=models.Q(('section__isnull', False), ('superseded_at__isnull', True)), fields=('section', 'name', 'period', 'yearly'), name='observation_live_of_section'), models.UniqueConstraint(condition=models.Q(('jurisdiction__isnull', False), ('superseded_at__isnull', True)), fields=('jurisdiction', 'name', 'period', 'yearly'), name='observation_live_of_party')],
                },
            ),
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
                    ('below_after', models.BooleanField(db_default=False, default=False, verbose_name='现为未检出')),
                    ('below_before', models.BooleanField(db_default=False, default=False, verbose_name='原为未检出')),
                ],
                options={
                    'verbose_name': '审核结论',
                    'verbose_name_plural': '审核结论',
                    'ordering': ['-at', '-pk'],
                    'indexes': [models.Index(fields=['section', 'indicator', 'sampled_at', 'origin'], name='verdict_by_reading')],
                },
            ),
            migrations.CreateModel(
                name='AssessmentBasis',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('rounding', models.CharField(choices=[('unrounded', '未修约的均值'), ('rounded', '修约到参评小数位的均值')], max_length=10, verbose_name='定类用的均值')),
                    ('ph', models.CharField(choices=[('arithmetic', '算术平均'), ('hydrogen', '氢离子浓度平均')], max_length=10, verbose_name='pH 的均值')),
                    ('first', models.CharField(choices=[('automatic', '自动监测优先'), ('manual', '手工监测优先')], max_length=10, verbose_name='并存时')),
                    ('in_force', django.contrib.postgres.fields.ranges.DateRangeField(verbose_name='有效期')),
                    ('source', models.CharField(max_length=200, verbose_name='依据')),
                ],
                options={
                    'verbose_name': '统计口径',
                    'verbose_name_plural': '统计口径',
                    'ordering': ['in_force'],
                    'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('in_force', '&&')], name='basis_no_overlap', violation_error_message='与已有统计口径的有效期重叠。'), models.CheckConstraint(condition=models.Q(('first__in', ['automatic', 'manual']), ('ph__in', ['arithmetic', 'hydrogen']), ('rounding__in', ['unrounded', 'rounded'])), name='basis_known'), models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='basis_has_a_source')],
                },
            ),
        ]),
        migrations.RunSQL(READINGS, "DROP TABLE monitoring_reading"),
        migrations.RunPython(fill_indicators, migrations.RunPython.noop),
    ]
