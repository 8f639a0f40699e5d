import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('basins', '0004_notifications'),
        ('monitoring', '0005_verdicts'),
        ('settlements', '0006_rulings'),
    ]

    operations = [
        migrations.CreateModel(
            name='AdjustmentNet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('yuan', models.DecimalField(decimal_places=2, max_digits=16, verbose_name='差额(元)')),
            ],
            options={
                'verbose_name': '调整差额',
                'verbose_name_plural': '调整差额',
            },
        ),
        migrations.CreateModel(
            name='AgreementMonth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField(help_text='当月第一天', verbose_name='月份')),
                ('state', models.CharField(choices=[('published', '异议期'), ('confirmed', '已确认'), ('objected', '有异议'), ('decided', '已裁决'), ('final', '已定稿')], default='published', max_length=12, verbose_name='状态')),
                ('objection_days', models.PositiveSmallIntegerField(verbose_name='异议期（工作日）')),
                ('objection_until', models.DateField(verbose_name='异议截止日')),
                ('provisional', models.BooleanField(default=False, verbose_name='暂定')),
            ],
            options={
                'verbose_name': '协议月度',
                'verbose_name_plural': '协议月度',
                'ordering': ['month', 'agreement'],
            },
        ),
        migrations.CreateModel(
            name='Evidence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item', models.CharField(help_text='证据清单中的项。', max_length=24, verbose_name='证据项')),
                ('file', models.FileField(max_length=120, upload_to='evidence', verbose_name='文件')),
                ('name', models.CharField(max_length=200, verbose_name='原文件名')),
                ('kind', models.CharField(max_length=80, verbose_name='类型')),
                ('size', models.PositiveBigIntegerField(verbose_name='字节数')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('at', models.DateTimeField(verbose_name='时间')),
            ],
            options={
                'verbose_name': '证据',
                'verbose_name_plural': '证据',
                'ordering': ['at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='FundProject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='项目名称')),
                ('purpose', models.CharField(choices=[('pollution_control', '污染治理'), ('ecological_protection', '生态保护'), ('monitoring', '监测能力')], max_length=24, verbose_name='用途')),
                ('allotted', models.DecimalField(decimal_places=2, max_digits=16, verbose_name='安排金额(元)')),
                ('allotted_on', models.DateField(verbose_name='安排日期')),
                ('document_number', models.CharField(blank=True, max_length=80, verbose_name='文号')),
                ('at', models.DateTimeField(verbose_name='登记时间')),
                ('closed_on', models.DateField(blank=True, null=True, verbose_name='完成日期')),
            ],
            options={
                'verbose_name': '资金项目',
                'verbose_name_plural': '资金项目',
                'ordering': ['-allotted_on', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='FundSpending',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('yuan', models.DecimalField(decimal_places=2, max_digits=16, verbose_name='金额(元)')),
                ('spent_on', models.DateField(verbose_name='支出日期')),
                ('text', models.CharField(max_length=200, verbose_name='摘要')),
                ('file', models.FileField(max_length=120, upload_to='spending', verbose_name='凭据')),
                ('filename', models.CharField(max_length=200, verbose_name='原文件名')),
                ('kind', models.CharField(max_length=80, verbose_name='类型')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('at', models.DateTimeField(verbose_name='登记时间')),
            ],
            options={
                'verbose_name': '资金支出',
                'verbose_name_plural': '资金支出',
                'ordering': ['spent_on', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='FuseTrip',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('tripped', '待核实'), ('released', '已放行'), ('dropped', '不予执行')], default='tripped', max_length=12, verbose_name='状态')),
                ('reasons', models.JSONField(verbose_name='原因')),
                ('changes', models.JSONField(verbose_name='将改变')),
                ('digest', models.CharField(max_length=64, verbose_name='摘要')),
                ('tripped_at', models.DateTimeField(verbose_name='停下时间')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='核实时间')),
                ('reason', models.TextField(blank=True, verbose_name='理由')),
            ],
            options={
                'verbose_name': '停下的重算',
                'verbose_name_plural': '停下的重算',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='JointSample',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sampled_at', models.DateTimeField(verbose_name='采样时间')),
                ('upstream', models.DecimalField(decimal_places=8, max_digits=20, verbose_name='上游方结果')),
                ('downstream', models.DecimalField(decimal_places=8, max_digits=20, verbose_name='下游方结果')),
                ('reserve', models.DecimalField(blank=True, decimal_places=8, max_digits=20, null=True, verbose_name='留样结果')),
                ('agreed_error', models.DecimalField(decimal_places=2, max_digits=6, verbose_name='约定相对误差(%)')),
                ('within', models.BooleanField(verbose_name='在误差内')),
                ('value', models.DecimalField(blank=True, decimal_places=8, help_text='空：超出误差而留样尚未检测。', max_digits=20, null=True, verbose_name='采用值')),
                ('at', models.DateTimeField(verbose_name='时间')),
            ],
            options={
                'verbose_name': '联合监测',
                'verbose_name_plural': '联合监测',
                'ordering': ['-sampled_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Measure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('assessment', '考核'), ('summons', '约谈'), ('project_stop', '区域限批'), ('rectification', '限期整改')], max_length=16, verbose_name='种类')),
                ('reason', models.TextField(verbose_name='事由')),
                ('document_number', models.CharField(blank=True, max_length=80, verbose_name='文号')),
                ('taken_on', models.DateField(verbose_name='实施日期')),
                ('due_on', models.DateField(blank=True, null=True, verbose_name='整改期限')),
                ('at', models.DateTimeField(verbose_name='登记时间')),
                ('report', models.TextField(blank=True, verbose_name='整改情况')),
                ('reported_at', models.DateTimeField(blank=True, null=True, verbose_name='报告时间')),
                ('lifted_on', models.DateField(blank=True, null=True, verbose_name='解除日期')),
                ('lifted_why', models.TextField(blank=True, verbose_name='解除理由')),
            ],
            options={
                'verbose_name': '措施',
                'verbose_name_plural': '措施',
                'ordering': ['-taken_on', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='MonthConfirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='时间')),
            ],
            options={
                'verbose_name': '月度确认',
                'verbose_name_plural': '月度确认',
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField(help_text='当月第一天', verbose_name='月份')),
                ('year', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='年度')),
                ('number', models.PositiveIntegerField(blank=True, null=True, verbose_name='号')),
                ('state', models.CharField(choices=[('prepared', '待签发'), ('published', '已发布'), ('returned', '已退回')], default='prepared', max_length=12, verbose_name='状态')),
                ('summary', models.TextField(verbose_name='摘要')),
                ('content', models.JSONField(verbose_name='内容')),
                ('digest', models.CharField(max_length=64, verbose_name='内容摘要')),
                ('ledger_head', models.CharField(blank=True, max_length=80, verbose_name='台账链首')),
                ('due_on', models.DateField(verbose_name='应发布日')),
                ('prepared_at', models.DateTimeField(verbose_name='编制时间')),
                ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='签发时间')),
            ],
            options={
                'verbose_name': '月通报',
                'verbose_name_plural': '月通报',
                'ordering': ['-month', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='NoticeReceipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='时间')),
            ],
            options={
                'verbose_name': '月通报阅读记录',
                'verbose_name_plural': '月通报阅读记录',
            },
        ),
        migrations.CreateModel(
            name='Objection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('data_error', '数据有误'), ('exclusion', '申请剔除'), ('no_fault', '上游无过错举证')], max_length=12, verbose_name='种类')),
                ('state', models.CharField(choices=[('raised', '待裁决'), ('answered', '对方已答复'), ('remeasuring', '复测中'), ('accepted', '已采纳'), ('rejected', '已驳回'), ('withdrawn', '已撤回')], default='raised', max_length=12, verbose_name='状态')),
                ('reason', models.TextField(verbose_name='理由')),
                ('raised_at', models.DateTimeField(verbose_name='提出时间')),
                ('evidence_until', models.DateField(verbose_name='举证截止日')),
                ('provisional', models.BooleanField(default=False, verbose_name='暂定')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='裁决时间')),
                ('decision', models.TextField(blank=True, verbose_name='裁决理由')),
                ('treatment', models.JSONField(blank=True, default=list, verbose_name='数据处理')),
            ],
            options={
                'verbose_name': '异议',
                'verbose_name_plural': '异议',
                'ordering': ['-raised_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='ObjectionReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sampled_at', models.DateTimeField(verbose_name='采样时间')),
                ('origin', models.SmallIntegerField(choices=[(1, '自动'), (2, '手工'), (3, '联合'), (4, '留样')], verbose_name='来源')),
                ('value', models.DecimalField(decimal_places=8, max_digits=20, verbose_name='当时的值')),
            ],
            options={
                'verbose_name': '有异议的数据',
                'verbose_name_plural': '有异议的数据',
            },
        ),
        migrations.CreateModel(
            name='ObjectionReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('answer', '答复'), ('remark', '补充说明'), ('remeasurement', '复测结果')], max_length=14, verbose_name='种类')),
                ('text', models.TextField(verbose_name='内容')),
                ('at', models.DateTimeField(verbose_name='时间')),
            ],
            options={
                'verbose_name': '异议往来',
                'verbose_name_plural': '异议往来',
                'ordering': ['at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Reminder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('thing', models.CharField(max_length=12, verbose_name='对象')),
                ('object_id', models.BigIntegerField(verbose_name='对象编号')),
                ('day', models.DateField(verbose_name='日期')),
                ('at', models.DateTimeField(verbose_name='时间')),
            ],
            options={
                'verbose_name': '催办',
                'verbose_name_plural': '催办',
            },
        ),
        migrations.CreateModel(
            name='SettlementSignature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(choices=[('data', '年度数据'), ('amount', '年度金额')], max_length=8, verbose_name='签认对象')),
                ('digest', models.CharField(max_length=64, verbose_name='所签内容摘要')),
                ('at', models.DateTimeField(verbose_name='时间')),
                ('void_at', models.DateTimeField(blank=True, null=True, verbose_name='作废时间')),
            ],
            options={
                'verbose_name': '年度签认',
                'verbose_name_plural': '年度签认',
                'ordering': ['at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='StateMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('thing', models.CharField(choices=[('adjustment', '调整'), ('fuse', '停下的重算'), ('month', '月度'), ('notice', '月通报'), ('objection', '异议'), ('payment', '付款'), ('settlement', '年度结算')], max_length=12, verbose_name='对象')),
                ('object_id', models.BigIntegerField(verbose_name='对象编号')),
                ('event', models.CharField(max_length=16, verbose_name='事件')),
                ('source', models.CharField(blank=True, max_length=12, verbose_name='原状态')),
                ('target', models.CharField(max_length=12, verbose_name='新状态')),
                ('at', models.DateTimeField(verbose_name='时间')),
                ('stored_at', models.DateTimeField(verbose_name='入库时间')),
                ('note', models.TextField(blank=True, verbose_name='说明')),
            ],
            options={
                'verbose_name': '流程记录',
                'verbose_name_plural': '流程记录',
                'ordering': ['pk'],
            },
        ),
        migrations.AlterModelOptions(
            name='adjustment',
            options={'ordering': ['pk'], 'verbose_name': '调整', 'verbose_name_plural': '调整'},
        ),
        migrations.RemoveConstraint(
            model_name='settlement',
            name='settlement_closed_has_date',
        ),
        migrations.AddField(
            model_name='adjustment',
            name='approved_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='批准时间'),
        ),
        migrations.AddField(
            model_name='adjustment',
            name='approved_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='批准人'),
        ),
        migrations.AddField(
            model_name='adjustment',
            name='cause',
            field=models.CharField(blank=True, max_length=200, verbose_name='起因'),
        ),
        migrations.AddField(
            model_name='adjustment',
            name='reason',
            field=models.TextField(blank=True, verbose_name='理由'),
        ),
        migrations.AddField(
            model_name='adjustment',
            name='reviewed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='审核时间'),
        ),
        migrations.AddField(
            model_name='adjustment',
            name='reviewed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='审核人'),
        ),
        migrations.AddField(
            model_name='settlement',
            name='cleared_on',
            field=models.DateField(blank=True, null=True, verbose_name='清缴日期'),
        ),
        migrations.AlterField(
            model_name='adjustment',
            name='state',
            field=models.CharField(choices=[('proposed', '待审'), ('reviewed', '待批'), ('approved', '已批准'), ('dismissed', '不予调整'), ('withdrawn', '已撤回')], default='proposed', max_length=12, verbose_name='状态'),
        ),
        migrations.AlterField(
            model_name='settlement',
            name='state',
            field=models.CharField(choices=[('open', '核算中'), ('signed', '数据已签认'), ('confirmed', '各方已确认'), ('prepared', '待关账'), ('closed', '已关账'), ('cleared', '已清缴')], default='open', max_length=12, verbose_name='状态'),
        ),
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['proposed', 'reviewed'])), fields=('accrual',), name='adjustment_one_pending'),
        ),
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_by__isnull', False), ('state', 'approved')), models.Q(models.Q(('state', 'approved'), _negated=True), ('approved_by__isnull', True)), _connector='OR'), name='adjustment_approved_by_someone'),
        ),
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by__isnull', True), models.Q(('approved_by', models.F('reviewed_by')), _negated=True), _connector='OR'), name='adjustment_two_persons', violation_error_message='审核人不能批准自己提请的调整。'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_on__isnull', False), ('state__in', ['closed', 'cleared'])), models.Q(models.Q(('state__in', ['closed', 'cleared']), _negated=True), ('closed_on__isnull', True)), _connector='OR'), name='settlement_closed_has_date'),
        ),
        migrations.AddField(
            model_name='adjustmentnet',
            name='adjustment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='nets', to='settlements.adjustment', verbose_name='调整'),
        ),
        migrations.AddField(
            model_name='adjustmentnet',
            name='jurisdiction',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='basins.jurisdiction', verbose_name='行政区'),
        ),
        migrations.AddField(
            model_name='agreementmonth',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='months', to='settlements.agreement', verbose_name='协议'),
        ),
        migrations.AddField(
            model_name='evidence',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提交人'),
        ),
        migrations.AddField(
            model_name='evidence',
            name='jurisdiction',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='basins.jurisdiction', verbose_name='提交方'),
        ),
        migrations.AddField(
            model_name='fundproject',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='fund_projects', to='settlements.agreement', verbose_name='协议'),
        ),
        migrations.AddField(
            model_name='fundproject',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人'),
        ),
        migrations.AddField(
            model_name='fundproject',
            name='jurisdiction',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='fund_projects', to='basins.jurisdiction', verbose_name='行政区'),
        ),
        migrations.AddField(
            model_name='fundspending',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人'),
        ),
        migrations.AddField(
            model_name='fundspending',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='spendings', to='settlements.fundproject', verbose_name='项目'),
        ),
        migrations.AddField(
            model_name='fusetrip',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='fuse_trips', to='settlements.agreement', verbose_name='协议'),
        ),
        migrations.AddField(
            model_name='fusetrip',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='核实人'),
        ),
        migrations.AddField(
            model_name='jointsample',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人'),
        ),
        migrations.AddField(
            model_name='jointsample',
            name='indicator',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='monitoring.indicator', verbose_name='指标'),
        ),
        migrations.AddField(
            model_name='jointsample',
            name='section',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='joint_samples', to='monitoring.section', verbose_name='断面'),
        ),
        migrations.AddField(
            model_name='measure',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人'),
        ),
        migrations.AddField(
            model_name='measure',
            name='jurisdiction',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='measures', to='basins.jurisdiction', verbose_name='对象'),
        ),
        migrations.AddField(
            model_name='measure',
            name='lifted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='解除人'),
        ),
        migrations.AddField(
            model_name='measure',
            name='reported_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='报告人'),
        ),
        migrations.AddField(
            model_name='measure',
            name='river',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='measures', to='basins.river', verbose_name='河流'),
        ),
        migrations.AddField(
            model_name='monthconfirmation',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='确认人'),
        ),
        migrations.AddField(
            model_name='monthconfirmation',
            name='jurisdiction',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='basins.jurisdiction', verbose_name='行政区'),
        ),
        migrations.AddField(
            model_name='monthconfirmation',
            name='month',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='confirmations', to='settlements.agreementmonth', verbose_name='月度'),
        ),
        migrations.AddField(
            model_name='notice',
            name='prepared_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='编制人'),
        ),
        migrations.AddField(
            model_name='notice',
            name='published_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='签发人'),
        ),
        migrations.AddField(
            model_name='agreementmonth',
            name='notice',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='months', to='settlements.notice', verbose_name='月通报'),
        ),
        migrations.AddField(
            model_name='noticereceipt',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='阅读人'),
        ),
        migrations.AddField(
            model_name='noticereceipt',
            name='jurisdiction',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='basins.jurisdiction', verbose_name='行政区'),
        ),
        migrations.AddField(
            model_name='noticereceipt',
            name='notice',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='receipts', to='settlements.notice', verbose_name='月通报'),
        ),
        migrations.AddField(
            model_name='objection',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='裁决人'),
        ),
        migrations.AddField(
            model_name='objection',
            name='jurisdiction',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='basins.jurisdiction', verbose_name='提出方'),
        ),
        migrations.AddField(
            model_name='objection',
            name='month',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='objections', to='settlements.agreementmonth', verbose_name='月度'),
        ),
        migrations.AddField(
            model_name='objection',
            name='raised_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提出人'),
        ),
        migrations.AddField(
            model_name='objection',
            name='section',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='monitoring.section', verbose_name='断面'),
        ),
        migrations.AddField(
            model_name='jointsample',
            name='objection',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='joint_samples', to='settlements.objection', verbose_name='异议'),
        ),
        migrations.AddField(
            model_name='evidence',
            name='objection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='settlements.objection', verbose_name='异议'),
        ),
        migrations.AddField(
            model_name='objectionreading',
            name='indicator',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='monitoring.indicator', verbose_name='指标'),
        ),
        migrations.AddField(
            model_name='objectionreading',
            name='objection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='readings', to='settlements.objection', verbose_name='异议'),
        ),
        migrations.AddField(
            model_name='objectionreply',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='发言人'),
        ),
        migrations.AddField(
            model_name='objectionreply',
            name='jurisdiction',
            field=models.ForeignKey(blank=True, help_text='空为市局。', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='basins.jurisdiction', verbose_name='行政区'),
        ),
        migrations.AddField(
            model_name='objectionreply',
            name='objection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='replies', to='settlements.objection', verbose_name='异议'),
        ),
        migrations.AddField(
            model_name='reminder',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='催办人'),
        ),
        migrations.AddField(
            model_name='reminder',
            name='jurisdiction',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='basins.jurisdiction', verbose_name='行政区'),
        ),
        migrations.AddField(
            model_name='settlementsignature',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='签认人'),
        ),
        migrations.AddField(
            model_name='settlementsignature',
            name='jurisdiction',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='basins.jurisdiction', verbose_name='行政区'),
        ),
        migrations.AddField(
            model_name='settlementsignature',
            name='settlement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signatures', to='settlements.settlement', verbose_name='年度结算'),
        ),
        migrations.AddField(
            model_name='statemove',
            name='by',
            field=models.ForeignKey(help_text='空为系统。', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='经办人'),
        ),
        migrations.AddConstraint(
            model_name='adjustmentnet',
            constraint=models.UniqueConstraint(fields=('adjustment', 'jurisdiction'), name='adjustment_net_once'),
        ),
        migrations.AddConstraint(
            model_name='adjustmentnet',
            constraint=models.CheckConstraint(condition=models.Q(('yuan', 0), _negated=True), name='adjustment_net_not_zero'),
        ),
        migrations.AddConstraint(
            model_name='fundproject',
            constraint=models.UniqueConstraint(fields=('jurisdiction', 'agreement', 'name'), name='fund_project_once', violation_error_message='该协议下已有同名项目。'),
        ),
        migrations.AddConstraint(
            model_name='fundproject',
            constraint=models.CheckConstraint(condition=models.Q(('allotted__gt', 0)), name='fund_project_allots', violation_error_message='安排金额须大于零。'),
        ),
        migrations.AddConstraint(
            model_name='fundspending',
            constraint=models.CheckConstraint(condition=models.Q(('yuan', 0), _negated=True), name='fund_spending_not_zero'),
        ),
        migrations.AddConstraint(
            model_name='fusetrip',
            constraint=models.UniqueConstraint(fields=('agreement', 'digest'), name='fuse_trip_once_per_change'),
        ),
        migrations.AddConstraint(
            model_name='measure',
            constraint=models.CheckConstraint(condition=models.Q(('lifted_on__isnull', True), ('lifted_on__gte', models.F('taken_on')), _connector='OR'), name='measure_dates_in_order', violation_error_message='解除日期不能早于实施日期。'),
        ),
        migrations.AddConstraint(
            model_name='monthconfirmation',
            constraint=models.UniqueConstraint(fields=('month', 'jurisdiction'), name='month_confirmed_once'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'prepared')), fields=('month',), name='notice_one_prepared_per_month', violation_error_message='该月已有一份待签发的月通报。'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(fields=('year', 'number'), name='notice_number_once'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('number__isnull', False), ('published_at__isnull', False), ('state', 'published')), models.Q(models.Q(('state', 'published'), _negated=True), ('number__isnull', True), ('published_at__isnull', True)), _connector='OR'), name='notice_published_has_number'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(('published_by__isnull', True), models.Q(('published_by', models.F('prepared_by')), _negated=True), _connector='OR'), name='notice_two_persons', violation_error_message='编制人不能签发自己编制的月通报。'),
        ),
        migrations.AddIndex(
            model_name='agreementmonth',
            index=models.Index(fields=['state', 'objection_until'], name='month_by_deadline'),
        ),
        migrations.AddConstraint(
            model_name='agreementmonth',
            constraint=models.UniqueConstraint(fields=('agreement', 'month'), name='agreement_month_once'),
        ),
        migrations.AddConstraint(
            model_name='noticereceipt',
            constraint=models.UniqueConstraint(fields=('notice', 'by'), name='receipt_once_per_person'),
        ),
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['raised', 'answered', 'remeasuring'])), fields=('month', 'jurisdiction', 'section', 'kind'), name='objection_one_open', violation_error_message='贵方对该断面该月同类异议尚在处理中。'),
        ),
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('state__in', ['accepted', 'rejected'])), models.Q(models.Q(('state__in', ['accepted', 'rejected']), _negated=True), ('decided_by__isnull', True)), _connector='OR'), name='objection_decided_by_someone'),
        ),
        migrations.AddConstraint(
            model_name='jointsample',
            constraint=models.UniqueConstraint(fields=('section', 'indicator', 'sampled_at'), name='joint_sample_once'),
        ),
        migrations.AddConstraint(
            model_name='jointsample',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('value__isnull', False), ('within', True)), models.Q(('reserve__isnull', True), ('value__isnull', True), ('within', False)), models.Q(('reserve__isnull', False), ('value__isnull', False), ('within', False)), _connector='OR'), name='joint_sample_reserve_decides'),
        ),
        migrations.AddConstraint(
            model_name='evidence',
            constraint=models.UniqueConstraint(fields=('objection', 'sha256'), name='evidence_once'),
        ),
        migrations.AddConstraint(
            model_name='objectionreading',
            constraint=models.UniqueConstraint(fields=('objection', 'indicator', 'sampled_at', 'origin'), name='objection_reading_once'),
        ),
        migrations.AddConstraint(
            model_name='reminder',
            constraint=models.UniqueConstraint(fields=('thing', 'object_id', 'jurisdiction', 'day'), name='reminder_once_a_day', violation_error_message='今天已经催办过。'),
        ),
        migrations.AddConstraint(
            model_name='settlementsignature',
            constraint=models.UniqueConstraint(condition=models.Q(('void_at__isnull', True)), fields=('settlement', 'jurisdiction', 'subject'), name='signature_one_valid'),
        ),
        migrations.AddIndex(
            model_name='statemove',
            index=models.Index(fields=['thing', 'object_id', 'id'], name='state_move_by_object'),
        ),
        migrations.AddIndex(
            model_name='statemove',
            index=models.Index(fields=['by', '-id'], name='state_move_by_person'),
        ),
    ]
