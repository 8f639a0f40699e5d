"""The tables of basins, the provinces of GB/T 2260 and the calendar; 0001 to 0012 in one."""

import csv
from pathlib import Path

import basins.models.audit
from django.conf import settings
import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models

from basins.tables import CreateTables


DAYS = Path(__file__).resolve().parent.parent / "data" / "calendar.csv"

# The provinces a national release can name, so that an empty database takes one.
# code, name, short name, pinyin to sort by
PROVINCES = [
    ("110000", "北京市", "北京", "bei jing"),
    ("120000", "天津市", "天津", "tian jin"),
    ("130000", "河北省", "河北", "he bei"),
    ("140000", "山西省", "山西", "shan xi"),
    ("150000", "内蒙古自治区", "内蒙古", "nei meng gu"),
    ("210000", "辽宁省", "辽宁", "liao ning"),
    ("220000", "吉林省", "吉林", "ji lin"),
    ("230000", "黑龙江省", "黑龙江", "hei long jiang"),
    ("310000", "上海市", "上海", "shang hai"),
    ("320000", "江苏省", "江苏", "jiang su"),
    ("330000", "浙江省", "浙江", "zhe jiang"),
    ("340000", "安徽省", "安徽", "an hui"),
    ("350000", "福建省", "福建", "fu jian"),
    ("360000", "江西省", "江西", "jiang xi"),
    ("370000", "山东省", "山东", "shan dong"),
    ("410000", "河南省", "河南", "he nan"),
    ("420000", "湖北省", "湖北", "hu bei"),
    ("430000", "湖南省", "湖南", "hu nan"),
    ("440000", "广东省", "广东", "guang dong"),
    ("450000", "广西壮族自治区", "广西", "guang xi"),
    ("460000", "海南省", "海南", "hai nan"),
    ("500000", "重庆市", "重庆", "chong qing"),
    ("510000", "四川省", "四川", "si chuan"),
    ("520000", "贵州省", "贵州", "gui zhou"),
    ("530000", "云南省", "云南", "yun nan"),
    ("540000", "西藏自治区", "西藏", "xi zang"),
    ("610000", "陕西省", "陕西", "shaan xi"),
    ("620000", "甘肃省", "甘肃", "gan su"),
    ("630000", "青海省", "青海", "qing hai"),
    ("640000", "宁夏回族自治区", "宁夏", "ning xia"),
    ("650000", "新疆维吾尔自治区", "新疆", "xin jiang"),
    ("710000", "台湾省", "台湾", "tai wan"),
    ("810000", "香港特别行政区", "香港", "xiang gang"),
    ("820000", "澳门特别行政区", "澳门", "ao men"),
]


def fill_provinces(apps, schema_editor):
    jurisdiction = apps.get_model("basins", "Jurisdiction")
    jurisdiction.objects.bulk_create(
        jurisdiction(code=code, name=name, short_name=short, sort_key=key, level="province")
        for code, name, short, key in PROVINCES
    )


def fill_calendar(apps, schema_editor):
    day = apps.get_model("basins", "CalendarDay")
    with DAYS.open(encoding="utf-8", newline="") as file:
        day.objects.bulk_create(
            day(
                date=row["date"],
                kind=row["kind"],
                name=row["name"],
                source=row["source"],
                announced=row["announced"] == "yes",
            )
            for row in csv.DictReader(file)
        )


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('basins', '0001_initial'),
        ('basins', '0002_provinces'),
        ('basins', '0003_calendar'),
        ('basins', '0004_notifications'),
        ('basins', '0005_audit_trail'),
        ('basins', '0006_mail_that_fails'),
        ('basins', '0007_sessions_and_own_password'),
        ('basins', '0008_sign_in_failures'),
        ('basins', '0009_acts_by_two'),
        ('basins', '0010_seeding'),
        ('basins', '0011_calendar_by_two'),
        ('basins', '0012_data_marks'),
    ]

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='CalendarDay',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('date', models.DateField(unique=True, verbose_name='日期')),
                    ('kind', models.CharField(choices=[('holiday', '放假'), ('workday', '调休上班')], max_length=8, verbose_name='类型')),
                    ('name', models.CharField(max_length=40, verbose_name='节日')),
                    ('source', models.CharField(max_length=200, verbose_name='来源')),
                    ('announced', models.BooleanField(default=True, verbose_name='已公布')),
                ],
                options={
                    'verbose_name': '节假日历',
                    'verbose_name_plural': '节假日历',
                    'ordering': ['date'],
                },
            ),
            migrations.CreateModel(
                name='Jurisdiction',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.CharField(help_text='GB/T 2260', max_length=12, unique=True, verbose_name='代码')),
                    ('name', models.CharField(max_length=60, verbose_name='名称')),
                    ('short_name', models.CharField(max_length=20, verbose_name='简称')),
                    ('name_en', models.CharField(blank=True, max_length=80, verbose_name='英文名')),
                    ('level', models.CharField(choices=[('province', '省(直辖市)'), ('treasury', '市级财政'), ('district', '区县'), ('township', '乡镇(街道)')], max_length=12, verbose_name='级别')),
                    ('sort_key', models.CharField(db_index=True, max_length=120, verbose_name='拼音')),
                    ('label_lon', models.DecimalField(blank=True, decimal_places=4, max_digits=8, null=True, verbose_name='标注经度')),
                    ('label_lat', models.DecimalField(blank=True, decimal_places=4, max_digits=7, null=True, verbose_name='标注纬度')),
                    ('boundary', models.JSONField(blank=True, help_text='GeoJSON 几何,示意,不作划界依据。', null=True, verbose_name='界线')),
                    ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='basins.jurisdiction', verbose_name='上级')),
                ],
                options={
                    'verbose_name': '行政区',
                    'verbose_name_plural': '行政区',
                    'ordering': ['sort_key', 'pk'],
                },
            ),
            migrations.CreateModel(
                name='User',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                    ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                    ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                    ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                    ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                    ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                    ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                    ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                    ('display_name', models.CharField(blank=True, max_length=40, verbose_name='姓名')),
                    ('unit', models.CharField(blank=True, max_length=80, verbose_name='单位')),
                    ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                    ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                    ('must_change_password', models.BooleanField(db_default=False, default=False, verbose_name='须更改密码')),
                ],
                options={
                    'verbose_name': '用户',
                    'verbose_name_plural': '用户',
                    'abstract': False,
                },
                managers=[
                    ('objects', django.contrib.auth.models.UserManager()),
                ],
            ),
            migrations.CreateModel(
                name='AuditRecord',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(verbose_name='时间')),
                    ('table', models.CharField(max_length=63, verbose_name='表')),
                    ('key', models.CharField(max_length=64, verbose_name='键')),
                    ('op', models.CharField(choices=[('I', '新增'), ('U', '修改'), ('D', '删除'), ('B', '既有')], max_length=1, verbose_name='动作')),
                    ('before', models.JSONField(decoder=basins.models.audit.ExactDecoder, null=True, verbose_name='改前')),
                    ('after', models.JSONField(decoder=basins.models.audit.ExactDecoder, null=True, verbose_name='改后')),
                    ('who', models.CharField(help_text='当时的姓名与单位。', max_length=200, verbose_name='操作人')),
                    ('address', models.CharField(max_length=45, verbose_name='地址')),
                    ('act', models.CharField(max_length=200, verbose_name='途径')),
                    ('path', models.CharField(max_length=500, verbose_name='网址')),
                    ('why', models.CharField(max_length=500, verbose_name='事由')),
                    ('database_role', models.CharField(max_length=63, verbose_name='数据库角色')),
                    ('transaction', models.BigIntegerField(verbose_name='事务')),
                    ('user', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='操作人')),
                ],
                options={
                    'verbose_name': '操作记录',
                    'verbose_name_plural': '操作记录',
                    'ordering': ['-pk'],
                    'indexes': [models.Index(fields=['table', 'key', '-id'], name='audit_by_object'), models.Index(fields=['at'], name='audit_by_time'), models.Index(fields=['user', '-id'], name='audit_by_user')],
                },
            ),
            migrations.CreateModel(
                name='AccessEvent',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='时间')),
                    ('kind', models.CharField(choices=[('sign_in', '登录'), ('failed', '登录失败'), ('locked', '锁定登录'), ('sign_out', '退出'), ('ended', '结束登录'), ('export', '导出'), ('refused', '拒绝访问')], max_length=12, verbose_name='事件')),
                    ('name', models.CharField(blank=True, max_length=150, verbose_name='所填用户名')),
                    ('who', models.CharField(blank=True, help_text='当时的姓名与单位。', max_length=200, verbose_name='操作人')),
                    ('address', models.CharField(blank=True, max_length=45, verbose_name='地址')),
                    ('user_agent', models.CharField(blank=True, max_length=300, verbose_name='浏览器')),
                    ('path', models.CharField(blank=True, max_length=500, verbose_name='网址')),
                    ('what', models.CharField(blank=True, max_length=200, verbose_name='内容')),
                    ('filters', models.JSONField(default=dict, verbose_name='查询条件')),
                    ('rows', models.PositiveIntegerField(null=True, verbose_name='行数')),
                    ('user', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='操作人')),
                ],
                options={
                    'verbose_name': '登录与导出',
                    'verbose_name_plural': '登录与导出',
                    'ordering': ['-pk'],
                    'indexes': [models.Index(fields=['at'], name='access_by_time'), models.Index(fields=['user', '-id'], name='access_by_user')],
                },
            ),
            migrations.CreateModel(
                name='CalendarChange',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('date', models.DateField(verbose_name='日期')),
                    ('before', models.CharField(blank=True, max_length=80, verbose_name='原为')),
                    ('after', models.CharField(blank=True, max_length=80, verbose_name='改为')),
                    ('reason', models.CharField(max_length=200, verbose_name='原因')),
                    ('at', models.DateTimeField(auto_now_add=True, verbose_name='时间')),
                    ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='修改人')),
                    ('second', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='复核人')),
                ],
                options={
                    'verbose_name': '节假日历修改',
                    'verbose_name_plural': '节假日历修改',
                    'ordering': ['-at', '-pk'],
                    'constraints': [models.CheckConstraint(condition=models.Q(('second__isnull', True), models.Q(('second', models.F('by')), _negated=True), _connector='OR'), name='calendar_change_by_two')],
                },
            ),
            migrations.CreateModel(
                name='Notification',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.CharField(max_length=80, verbose_name='事项')),
                    ('text', models.CharField(max_length=300, verbose_name='内容')),
                    ('link', models.CharField(blank=True, max_length=200, verbose_name='链接')),
                    ('created_at', models.DateTimeField(verbose_name='时间')),
                    ('read_at', models.DateTimeField(blank=True, null=True, verbose_name='已读时间')),
                    ('mailed_at', models.DateTimeField(blank=True, null=True, verbose_name='邮件时间')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to=settings.AUTH_USER_MODEL, verbose_name='用户')),
                    ('mail_tries', models.PositiveSmallIntegerField(default=0, verbose_name='邮件试发次数')),
                    ('mail_given_up_at', models.DateTimeField(blank=True, null=True, verbose_name='放弃邮件的时间')),
                ],
                options={
                    'verbose_name': '通知',
                    'verbose_name_plural': '通知',
                    'ordering': ['-created_at', '-pk'],
                    'indexes': [models.Index(condition=models.Q(('read_at__isnull', True)), fields=['user'], name='notification_unread'), models.Index(condition=models.Q(('mailed_at__isnull', True)), fields=['created_at'], name='notification_unmailed')],
                    'constraints': [models.UniqueConstraint(fields=('user', 'key'), name='notification_once')],
                },
            ),
            migrations.CreateModel(
                name='Delivery',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('rhythm', models.CharField(choices=[('at_once', '即时'), ('daily', '每日汇总'), ('weekly', '每周汇总')], default='at_once', max_length=8, verbose_name='频次')),
                    ('mail', models.BooleanField(default=False, verbose_name='同时发邮件')),
                    ('last_digest_at', models.DateTimeField(blank=True, null=True, verbose_name='上次汇总时间')),
                    ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='delivery', to=settings.AUTH_USER_MODEL, verbose_name='用户')),
                    ('failures', models.PositiveSmallIntegerField(default=0, verbose_name='连续发送失败')),
                    ('failed_to', models.CharField(blank=True, max_length=254, verbose_name='失败的邮箱')),
                    ('error', models.CharField(blank=True, max_length=300, verbose_name='最近的错误')),
                    ('retry_at', models.DateTimeField(blank=True, null=True, verbose_name='再试时间')),
                    ('stopped_at', models.DateTimeField(blank=True, null=True, verbose_name='停发时间')),
                ],
                options={
                    'verbose_name': '通知方式',
                    'verbose_name_plural': '通知方式',
                },
            ),
            migrations.CreateModel(
                name='Star',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('section', '断面'), ('river', '河流'), ('agreement', '协议')], max_length=10, verbose_name='种类')),
                    ('code', models.CharField(max_length=40, verbose_name='编码')),
                    ('since', models.DateTimeField(verbose_name='关注时间')),
                    ('seen_at', models.DateTimeField(verbose_name='上次查看时间')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stars', to=settings.AUTH_USER_MODEL, verbose_name='用户')),
                ],
                options={
                    'verbose_name': '关注',
                    'verbose_name_plural': '关注',
                    'constraints': [models.UniqueConstraint(fields=('user', 'kind', 'code'), name='star_once')],
                },
            ),
            migrations.CreateModel(
                name='Role',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('role', models.CharField(choices=[('bureau', '市生态环境局'), ('treasury', '市财政局'), ('district', '区县'), ('township', '乡镇'), ('admin', '协议管理员'), ('auditor', '审计管理员'), ('station', '监测站点')], max_length=12, verbose_name='角色')),
                    ('in_force', django.contrib.postgres.fields.ranges.DateRangeField(verbose_name='有效期')),
                    ('jurisdiction', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='roles', to='basins.jurisdiction', verbose_name='行政区')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='roles', to=settings.AUTH_USER_MODEL, verbose_name='用户')),
                ],
                options={
                    'verbose_name': '角色',
                    'verbose_name_plural': '角色',
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('jurisdiction__isnull', False), ('role__in', ['district', 'township'])), ('role__in', ['bureau', 'treasury', 'admin', 'auditor', 'station']), _connector='OR'), name='role_local_has_place', violation_error_message='区县、乡镇角色必须指定行政区。'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func(models.F('user'), models.F('user'), models.Value('[]'), function='int8range'), '&&'), ('in_force', '&&')], name='role_one_at_a_time', violation_error_message='同一用户在同一时期只能有一个角色。'), models.CheckConstraint(condition=models.Q(('in_force__isempty', True), _negated=True), name='role_dates_in_order', violation_error_message='有效期的止日须晚于起日。')],
                },
            ),
            migrations.CreateModel(
                name='River',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.CharField(max_length=20, unique=True, verbose_name='代码')),
                    ('name', models.CharField(max_length=40, verbose_name='名称')),
                    ('name_en', models.CharField(blank=True, max_length=60, verbose_name='英文名')),
                    ('level', models.PositiveSmallIntegerField(default=1, help_text='长江为 0,一级支流为 1。', verbose_name='级别')),
                    ('length_km', models.DecimalField(blank=True, decimal_places=1, max_digits=7, null=True, verbose_name='长度(km)')),
                    ('catchment_km2', models.DecimalField(blank=True, decimal_places=1, max_digits=10, null=True, verbose_name='流域面积(km²)')),
                    ('schematic', models.BooleanField(default=False, verbose_name='示意走向')),
                    ('confidence', models.CharField(choices=[('A', '有据'), ('B', '报道'), ('C', '演示')], default='C', max_length=1, verbose_name='可信度')),
                    ('source', models.CharField(blank=True, max_length=200, verbose_name='来源')),
                    ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tributaries', to='basins.river', verbose_name='汇入')),
                ],
                options={
                    'verbose_name': '河流',
                    'verbose_name_plural': '河流',
                    'ordering': ['level', 'code'],
                },
            ),
            migrations.CreateModel(
                name='RiverReach',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('order', models.PositiveSmallIntegerField(verbose_name='自源头次序')),
                    ('from_km', models.DecimalField(decimal_places=1, max_digits=7, verbose_name='起(km)')),
                    ('to_km', models.DecimalField(decimal_places=1, max_digits=7, verbose_name='止(km)')),
                    ('course', models.JSONField(default=list, help_text='[[经度, 纬度], …],自上游起。', verbose_name='走向')),
                    ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reaches', to='basins.jurisdiction', verbose_name='行政区')),
                    ('river', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reaches', to='basins.river', verbose_name='河流')),
                ],
                options={
                    'verbose_name': '河段',
                    'verbose_name_plural': '河段',
                    'ordering': ['river', 'order'],
                    'constraints': [models.UniqueConstraint(fields=('river', 'order'), name='reach_order_once'), models.CheckConstraint(condition=models.Q(('to_km__gte', models.F('from_km'))), name='reach_runs_downstream', violation_error_message='河段的止点不能在起点上游。')],
                },
            ),
            migrations.CreateModel(
                name='SignInSession',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('session_key', models.CharField(max_length=64, unique=True, verbose_name='键的摘要')),
                    ('session_data', models.TextField(verbose_name='内容')),
                    ('expire_date', models.DateTimeField(db_index=True, verbose_name='到期')),
                    ('started_at', models.DateTimeField(null=True, verbose_name='登录时间')),
                    ('last_seen_at', models.DateTimeField(verbose_name='最近使用')),
                    ('address', models.CharField(blank=True, max_length=45, verbose_name='地址')),
                    ('user_agent', models.CharField(blank=True, max_length=300, verbose_name='浏览器')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='结束时间')),
                    ('ended_why', models.CharField(blank=True, choices=[('own', '本人结束'), ('limit', '登录处数已满'), ('password', '更改了密码'), ('administration', '账号管理')], max_length=16, verbose_name='结束原因')),
                    ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sign_in_sessions', to=settings.AUTH_USER_MODEL, verbose_name='用户')),
                ],
                options={
                    'verbose_name': '登录会话',
                    'verbose_name_plural': '登录会话',
                },
            ),
            migrations.CreateModel(
                name='SignInFailure',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(blank=True, max_length=150, verbose_name='所填用户名')),
                    ('address', models.CharField(blank=True, max_length=45, verbose_name='地址')),
                    ('failures', models.PositiveIntegerField(verbose_name='次数')),
                    ('last_at', models.DateTimeField(verbose_name='最近一次')),
                    ('waits_until', models.DateTimeField(null=True, verbose_name='等到')),
                ],
                options={
                    'verbose_name': '登录失败次数',
                    'verbose_name_plural': '登录失败次数',
                    'constraints': [models.UniqueConstraint(fields=('name', 'address'), name='failures_once')],
                },
            ),
            migrations.CreateModel(
                name='PersonAct',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('new', '新建账号'), ('grant', '授予角色'), ('end', '终止角色'), ('reset', '重置密码'), ('unlock', '解除锁定'), ('close', '停用账号'), ('reopen', '恢复账号'), ('rename', '更改资料')], max_length=8, verbose_name='事项')),
                    ('state', models.CharField(choices=[('proposed', '待复核'), ('approved', '已办理'), ('rejected', '已退回'), ('withdrawn', '已撤回')], default='proposed', max_length=10, verbose_name='状态')),
                    ('username', models.CharField(blank=True, max_length=150, verbose_name='用户名')),
                    ('display_name', models.CharField(blank=True, max_length=40, verbose_name='姓名')),
                    ('unit', models.CharField(blank=True, max_length=80, verbose_name='单位')),
                    ('email', models.EmailField(blank=True, max_length=254, verbose_name='邮箱')),
                    ('role', models.CharField(blank=True, choices=[('bureau', '市生态环境局'), ('treasury', '市财政局'), ('district', '区县'), ('township', '乡镇'), ('admin', '协议管理员'), ('auditor', '审计管理员'), ('station', '监测站点')], max_length=12, verbose_name='角色')),
                    ('from_day', models.DateField(null=True, verbose_name='起')),
                    ('until_day', models.DateField(null=True, verbose_name='止（不含）')),
                    ('why', models.CharField(max_length=500, verbose_name='事由')),
                    ('on_machine', models.BooleanField(default=False, verbose_name='在服务器上办理')),
                    ('proposed_at', models.DateTimeField(verbose_name='提出时间')),
                    ('decided_at', models.DateTimeField(null=True, verbose_name='复核时间')),
                    ('decided_why', models.CharField(blank=True, max_length=500, verbose_name='退回理由')),
                    ('first_half', models.CharField(blank=True, max_length=128, verbose_name='前半一次性密码')),
                    ('second_half', models.CharField(blank=True, max_length=128, verbose_name='后半一次性密码')),
                    ('code_until', models.DateTimeField(null=True, verbose_name='一次性密码有效至')),
                    ('code_used_at', models.DateTimeField(null=True, verbose_name='一次性密码使用时间')),
                    ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='复核人')),
                    ('held', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='basins.role', verbose_name='现有角色')),
                    ('jurisdiction', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='basins.jurisdiction', verbose_name='行政区')),
                    ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='acts', to=settings.AUTH_USER_MODEL, verbose_name='用户')),
                    ('proposed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提出人')),
                ],
                options={
                    'verbose_name': '账号事项',
                    'verbose_name_plural': '账号事项',
                    'ordering': ['-pk'],
                    'indexes': [models.Index(fields=['state', '-id'], name='person_act_by_state')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('on_machine', True), ('state', 'approved')), models.Q(('on_machine', False), ('proposed_by__isnull', False)), _connector='OR'), name='person_act_has_a_proposer', violation_error_message='账号事项须有提出人。'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), ('on_machine', True), models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='person_act_by_two', violation_error_message='账号事项须由另一名协议管理员复核。'), models.CheckConstraint(condition=models.Q(('decided_by', models.F('person')), ('state', 'approved'), _negated=True), name='person_act_not_of_oneself', violation_error_message='不能复核关于自己的账号事项。'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('state', 'proposed')), models.Q(models.Q(('state', 'proposed'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='person_act_decided_when'), models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('person', 'kind'), name='person_act_open_once'), models.UniqueConstraint(condition=models.Q(('kind', 'new'), ('state', 'proposed')), fields=('username',), name='person_act_new_once')],
                },
            ),
            migrations.CreateModel(
                name='Seeding',
                fields=[
                    ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                    ('started_at', models.DateTimeField(verbose_name='开始')),
                    ('ended_at', models.DateTimeField(null=True, verbose_name='结束')),
                    ('transaction', models.BigIntegerField(verbose_name='事务')),
                ],
                options={
                    'verbose_name': '演示数据的载入',
                    'verbose_name_plural': '演示数据的载入',
                    'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='seeding_once')],
                },
            ),
            migrations.CreateModel(
                name='CalendarAct',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('year', '全年安排'), ('day', '修改一天')], max_length=4, verbose_name='事项')),
                    ('state', models.CharField(choices=[('proposed', '待复核'), ('approved', '已生效'), ('rejected', '已退回'), ('withdrawn', '已撤回')], default='proposed', max_length=10, verbose_name='状态')),
                    ('year', models.PositiveSmallIntegerField(verbose_name='年度')),
                    ('on', models.DateField(null=True, verbose_name='日期')),
                    ('days', models.JSONField(verbose_name='日子')),
                    ('source', models.CharField(max_length=200, verbose_name='通知文号或原因')),
                    ('proposed_at', models.DateTimeField(verbose_name='提出时间')),
                    ('decided_at', models.DateTimeField(null=True, verbose_name='复核时间')),
                    ('decided_why', models.CharField(blank=True, max_length=200, verbose_name='退回理由')),
                    ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='复核人')),
                    ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提出人')),
                ],
                options={
                    'verbose_name': '日历事项',
                    'verbose_name_plural': '日历事项',
                    'ordering': ['-pk'],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='calendar_act_by_two', violation_error_message='节假日历须由另一名协议管理员复核。'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('state', 'proposed')), models.Q(models.Q(('state', 'proposed'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='calendar_act_decided_when'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'day'), ('on__isnull', False)), models.Q(('kind', 'year'), ('on__isnull', True)), _connector='OR'), name='calendar_act_day_named'), models.UniqueConstraint(condition=models.Q(('kind', 'year'), ('state', 'proposed')), fields=('year',), name='calendar_act_year_once'), models.UniqueConstraint(condition=models.Q(('kind', 'day'), ('state', 'proposed')), fields=('on',), name='calendar_act_day_once')],
                },
            ),
            migrations.CreateModel(
                name='DataMark',
                fields=[
                    ('mark', models.BigIntegerField(primary_key=True, serialize=False, verbose_name='标记')),
                ],
                options={
                    'verbose_name': '数据标记',
                    'verbose_name_plural': '数据标记',
                },
            ),
        ]),
        migrations.RunPython(fill_provinces, migrations.RunPython.noop),
        migrations.RunPython(fill_calendar, migrations.RunPython.noop),
    ]
