"""Accounts per agreement, causes and their links, business dates, payments, 对账, month nets.

Entries made before keep hash version 1 and their booking date as business date.
"""

import django.db.models.deletion
import django.db.models.expressions
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


FILL = """
ALTER TABLE settlements_journalentry DISABLE TRIGGER entry_never_changes;
UPDATE settlements_journalentry SET effective_on = booked_on;
ALTER TABLE settlements_journalentry ENABLE TRIGGER entry_never_changes;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('settlements', '0008_workflow_guards'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountMonth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('basis', models.CharField(choices=[('effective', '业务日期'), ('booked', '记账日期')], max_length=10, verbose_name='口径')),
                ('month', models.DateField(verbose_name='月份')),
                ('net', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='净额(元)')),
            ],
            options={
                'verbose_name': '账户月净额',
                'verbose_name_plural': '账户月净额',
            },
        ),
        migrations.CreateModel(
            name='BalanceStatement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('as_of', models.DateField(verbose_name='截止日期')),
                ('yuan', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='对方账面余额(元)')),
                ('our_yuan', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='台账余额(元)')),
                ('difference', models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(models.F('yuan'), '-', models.F('our_yuan')), output_field=models.DecimalField(decimal_places=2, max_digits=18, verbose_name='差额(元)'))),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='说明')),
                ('at', models.DateTimeField(verbose_name='对账时间')),
            ],
            options={
                'verbose_name': '对账记录',
                'verbose_name_plural': '对账记录',
                'ordering': ['account', '-as_of', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='OpeningBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('prepared', '待复核'), ('approved', '已复核入账'), ('rejected', '已退回')], default='prepared', max_length=12, verbose_name='状态')),
                ('prepared_at', models.DateTimeField(verbose_name='登记时间')),
                ('approved_at', models.DateTimeField(blank=True, null=True, verbose_name='复核时间')),
                ('rejected_why', models.CharField(blank=True, max_length=300, verbose_name='退回理由')),
                ('on', models.DateField(verbose_name='期初日期')),
                ('filename', models.CharField(max_length=200, verbose_name='文件名')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('rows', models.JSONField(verbose_name='各行')),
            ],
            options={
                'verbose_name': '期初余额',
                'verbose_name_plural': '期初余额',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('prepared', '待复核'), ('approved', '已复核入账'), ('rejected', '已退回')], default='prepared', max_length=12, verbose_name='状态')),
                ('prepared_at', models.DateTimeField(verbose_name='登记时间')),
                ('approved_at', models.DateTimeField(blank=True, null=True, verbose_name='复核时间')),
                ('rejected_why', models.CharField(blank=True, max_length=300, verbose_name='退回理由')),
                ('kind', models.CharField(choices=[('direct', '直接支付'), ('collection', '市级代收'), ('disbursement', '市级拨付'), ('offset', '协议间抵扣'), ('deduction', '上级扣缴')], default='direct', max_length=12, verbose_name='方式')),
                ('yuan', models.DecimalField(decimal_places=2, max_digits=16, verbose_name='金额(元)')),
                ('due_yuan', models.DecimalField(decimal_places=2, default=Decimal('0.00'), max_digits=16, verbose_name='登记时应付(元)')),
                ('overpayment', models.BooleanField(default=False, verbose_name='超付')),
                ('voucher', models.CharField(max_length=60, verbose_name='付款凭证号')),
                ('paid_on', models.DateField(verbose_name='付款日期')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='说明')),
                ('reversed_on', models.DateField(blank=True, null=True, verbose_name='冲销日期')),
            ],
            options={
                'verbose_name': '付款',
                'verbose_name_plural': '付款',
                'ordering': ['-paid_on', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Reversal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('prepared', '待复核'), ('approved', '已复核入账'), ('rejected', '已退回')], default='prepared', max_length=12, verbose_name='状态')),
                ('prepared_at', models.DateTimeField(verbose_name='登记时间')),
                ('approved_at', models.DateTimeField(blank=True, null=True, verbose_name='复核时间')),
                ('rejected_why', models.CharField(blank=True, max_length=300, verbose_name='退回理由')),
                ('why', models.CharField(max_length=150, verbose_name='理由')),
            ],
            options={
                'verbose_name': '冲销申请',
                'verbose_name_plural': '冲销申请',
                'ordering': ['-pk'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='journalentry',
            name='entry_voucher_once',
        ),
        migrations.RemoveConstraint(
            model_name='ledgeraccount',
            name='account_once',
        ),
        migrations.AddField(
            model_name='journalentry',
            name='adjustment',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entry', to='settlements.adjustment', verbose_name='调整'),
        ),
        migrations.AddField(
            model_name='journalentry',
            name='effective_on',
            field=models.DateField(null=True, verbose_name='业务日期'),
        ),
        migrations.RunSQL(
            sql=FILL,
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name='journalentry',
            name='effective_on',
            field=models.DateField(db_index=True, verbose_name='业务日期'),
        ),
        migrations.AddField(
            model_name='journalentry',
            name='hash_version',
            field=models.PositiveSmallIntegerField(default=1, verbose_name='摘要版本'),
        ),
        migrations.AlterField(
            model_name='journalentry',
            name='hash_version',
            field=models.PositiveSmallIntegerField(default=2, verbose_name='摘要版本'),
        ),
        migrations.AddField(
            model_name='journalentry',
            name='reverses',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversal', to='settlements.journalentry', verbose_name='所冲销的凭证'),
        ),
        migrations.AddField(
            model_name='ledgeraccount',
            name='agreement',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='settlements.agreement', verbose_name='协议'),
        ),
        migrations.AddField(
            model_name='ledgeraccount',
            name='closed_on',
            field=models.DateField(blank=True, null=True, verbose_name='销户日期'),
        ),
        migrations.AlterField(
            model_name='journalentry',
            name='booked_on',
            field=models.DateField(db_index=True, verbose_name='记账日期'),
        ),
        migrations.AlterField(
            model_name='journalentry',
            name='cause',
            field=models.CharField(choices=[('settlement', '年清缴'), ('payment', '付款'), ('collection', '市级代收'), ('disbursement', '市级拨付'), ('offset', '协议间抵扣'), ('deduction', '上级扣缴'), ('adjustment', '调整'), ('award', '奖励'), ('reversal', '冲销'), ('opening', '期初'), ('reconciliation', '对账更正')], max_length=16, verbose_name='事由'),
        ),
        migrations.AlterField(
            model_name='journalentry',
            name='hash',
            field=models.CharField(db_index=True, max_length=64, verbose_name='摘要值'),
        ),
        migrations.AlterField(
            model_name='journalentry',
            name='settlement',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='settlements.settlement', verbose_name='年度结算'),
        ),
        migrations.AlterField(
            model_name='journalentry',
            name='voucher',
            field=models.CharField(blank=True, db_index=True, max_length=60, verbose_name='付款凭证号'),
        ),
        migrations.AlterField(
            model_name='ledgeraccount',
            name='kind',
            field=models.CharField(choices=[('compensation', '补偿资金'), ('transit', '市级清算过渡')], default='compensation', max_length=16, verbose_name='种类'),
        ),
        migrations.AddConstraint(
            model_name='ledgeraccount',
            constraint=models.UniqueConstraint(fields=('jurisdiction', 'agreement', 'kind'), name='account_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='ledgeraccount',
            constraint=models.CheckConstraint(condition=models.Q(('closed_on__isnull', True), ('closed_on__gte', models.F('opened_on')), _connector='OR'), name='account_closed_after_opened'),
        ),
        migrations.AddConstraint(
            model_name='ledgeraccount',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'transit'), _negated=True), ('agreement__isnull', False), _connector='OR'), name='account_transit_of_an_agreement'),
        ),
        migrations.AddField(
            model_name='accountmonth',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='months', to='settlements.ledgeraccount', verbose_name='账户'),
        ),
        migrations.AddField(
            model_name='balancestatement',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='settlements.ledgeraccount', verbose_name='账户'),
        ),
        migrations.AddField(
            model_name='balancestatement',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='对账人'),
        ),
        migrations.AddField(
            model_name='journalentry',
            name='statement',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entry', to='settlements.balancestatement', verbose_name='对账记录'),
        ),
        migrations.AddField(
            model_name='openingbatch',
            name='approved_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='复核人'),
        ),
        migrations.AddField(
            model_name='openingbatch',
            name='prepared_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人'),
        ),
        migrations.AddField(
            model_name='journalentry',
            name='opening',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entry', to='settlements.openingbatch', verbose_name='期初余额'),
        ),
        migrations.AddField(
            model_name='payment',
            name='agreement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='settlements.agreement', verbose_name='协议'),
        ),
        migrations.AddField(
            model_name='payment',
            name='approved_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='复核人'),
        ),
        migrations.AddField(
            model_name='payment',
            name='other_agreement',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='offsets', to='settlements.agreement', verbose_name='抵扣的另一协议'),
        ),
        migrations.AddField(
            model_name='payment',
            name='payee',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments_taken', to='basins.jurisdiction', verbose_name='收款方'),
        ),
        migrations.AddField(
            model_name='payment',
            name='payer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments_made', to='basins.jurisdiction', verbose_name='付款方'),
        ),
        migrations.AddField(
            model_name='payment',
            name='prepared_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人'),
        ),
        migrations.AddField(
            model_name='payment',
            name='settlement',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='settlements.settlement', verbose_name='年度结算'),
        ),
        migrations.AddField(
            model_name='journalentry',
            name='payment',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entry', to='settlements.payment', verbose_name='付款'),
        ),
        migrations.AddConstraint(
            model_name='journalentry',
            constraint=models.CheckConstraint(condition=models.Q(('effective_on__lte', models.F('booked_on'))), name='entry_effective_before_booked'),
        ),
        migrations.AddConstraint(
            model_name='journalentry',
            constraint=models.CheckConstraint(condition=models.Q(('hash_version', 1), models.Q(('adjustment__isnull', True), ('cause__in', ['settlement', 'award']), ('opening__isnull', True), ('payment__isnull', True), ('reverses__isnull', True), ('settlement__isnull', False), ('statement__isnull', True)), models.Q(('adjustment__isnull', True), ('cause__in', ['payment', 'collection', 'disbursement', 'offset', 'deduction']), ('opening__isnull', True), ('payment__isnull', False), ('reverses__isnull', True), ('settlement__isnull', True), ('statement__isnull', True)), models.Q(('adjustment__isnull', False), ('cause__in', ['adjustment']), ('opening__isnull', True), ('payment__isnull', True), ('reverses__isnull', True), ('settlement__isnull', True), ('statement__isnull', True)), models.Q(('adjustment__isnull', True), ('cause__in', ['reversal']), ('opening__isnull', True), ('payment__isnull', True), ('reverses__isnull', False), ('settlement__isnull', True), ('statement__isnull', True)), models.Q(('adjustment__isnull', True), ('cause__in', ['opening']), ('opening__isnull', False), ('payment__isnull', True), ('reverses__isnull', True), ('settlement__isnull', True), ('statement__isnull', True)), models.Q(('adjustment__isnull', True), ('cause__in', ['reconciliation']), ('opening__isnull', True), ('payment__isnull', True), ('reverses__isnull', True), ('settlement__isnull', True), ('statement__isnull', False)), _connector='OR'), name='entry_one_cause'),
        ),
        migrations.AddField(
            model_name='reversal',
            name='approved_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='复核人'),
        ),
        migrations.AddField(
            model_name='reversal',
            name='entry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reversal_requests', to='settlements.journalentry', verbose_name='凭证'),
        ),
        migrations.AddField(
            model_name='reversal',
            name='prepared_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人'),
        ),
        migrations.AddConstraint(
            model_name='accountmonth',
            constraint=models.UniqueConstraint(fields=('basis', 'account', 'month'), include=('net',), name='account_month_once'),
        ),
        migrations.AddConstraint(
            model_name='balancestatement',
            constraint=models.CheckConstraint(condition=models.Q(('yuan', models.F('our_yuan')), models.Q(('note', ''), _negated=True), _connector='OR'), name='statement_difference_has_note', violation_error_message='余额不符时须写明情况。'),
        ),
        migrations.AddConstraint(
            model_name='openingbatch',
            constraint=models.CheckConstraint(condition=models.Q(('prepared_by__isnull', True), ('state', 'rejected'), models.Q(('approved_by__isnull', True), ('state', 'prepared')), models.Q(('approved_by__isnull', False), ('state', 'approved'), models.Q(('approved_by', models.F('prepared_by')), _negated=True)), _connector='OR'), name='opening_two_persons', violation_error_message='登记人不能复核自己登记的事项。'),
        ),
        migrations.AddConstraint(
            model_name='openingbatch',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'rejected'), _negated=True), fields=('sha256', 'on'), name='opening_file_once', violation_error_message='这个文件已导入过。'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('prepared_by__isnull', True), ('state', 'rejected'), models.Q(('approved_by__isnull', True), ('state', 'prepared')), models.Q(('approved_by__isnull', False), ('state', 'approved'), models.Q(('approved_by', models.F('prepared_by')), _negated=True)), _connector='OR'), name='payment_two_persons', violation_error_message='登记人不能复核自己登记的事项。'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('yuan__gt', 0)), name='payment_positive'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('yuan__lte', models.F('due_yuan')), ('overpayment', True), _connector='OR'), name='payment_within_due', violation_error_message='金额超过应付；确为超付请注明。'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('payer', models.F('payee')), _negated=True), name='payment_two_parties'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('voucher', ''), _negated=True), name='payment_has_voucher'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'offset'), ('other_agreement__isnull', False), models.Q(('other_agreement', models.F('agreement')), _negated=True)), models.Q(models.Q(('kind', 'offset'), _negated=True), ('other_agreement__isnull', True)), _connector='OR'), name='payment_offset_of_two_agreements'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'approved'), ('reversed_on__isnull', True), _connector='OR'), name='payment_reversed_was_approved'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('state', 'rejected'), _negated=True), ('reversed_on__isnull', True)), fields=('voucher',), name='payment_voucher_once'),
        ),
        migrations.AddConstraint(
            model_name='reversal',
            constraint=models.CheckConstraint(condition=models.Q(('prepared_by__isnull', True), ('state', 'rejected'), models.Q(('approved_by__isnull', True), ('state', 'prepared')), models.Q(('approved_by__isnull', False), ('state', 'approved'), models.Q(('approved_by', models.F('prepared_by')), _negated=True)), _connector='OR'), name='reversal_two_persons', violation_error_message='登记人不能复核自己登记的事项。'),
        ),
        migrations.AddConstraint(
            model_name='reversal',
            constraint=models.CheckConstraint(condition=models.Q(('why', ''), _negated=True), name='reversal_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='reversal',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'rejected'), _negated=True), fields=('entry',), name='reversal_once', violation_error_message='这张凭证已申请冲销或已冲销。'),
        ),
    ]
