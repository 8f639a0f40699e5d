"""Issued papers: numbered without gaps, only added to; held by the database."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

GUARDS = """
-- A paper takes the next number of its kind and year, and the place of its subject's newest.
CREATE FUNCTION settlements_paper_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_number integer;
    replaced    text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('settlements_papers'));
    SELECT max(number) INTO last_number FROM settlements_issuedpaper
        WHERE kind = NEW.kind AND year = NEW.year;
    IF NEW.number <> COALESCE(last_number, 0) + 1 THEN
        RAISE EXCEPTION '文书号 % 不连续:% 年该种类的下一号是 %。',
            NEW.number, NEW.year, COALESCE(last_number, 0) + 1 USING ERRCODE = '23514';
    END IF;
    IF NEW.year <> extract(year FROM NEW.issued_at AT TIME ZONE 'Asia/Shanghai') THEN
        RAISE EXCEPTION '文书年度 % 与签发时间 % 不符。', NEW.year, NEW.issued_at
            USING ERRCODE = '23514';
    END IF;
    IF NEW.supersedes_id IS NOT NULL THEN
        SELECT subject INTO replaced FROM settlements_issuedpaper WHERE id = NEW.supersedes_id;
        IF replaced IS DISTINCT FROM NEW.subject THEN
            RAISE EXCEPTION '文书只能取代同一对象的文书,不能取代 %。', replaced
                USING ERRCODE = '23514';
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER paper_follows BEFORE INSERT ON settlements_issuedpaper
    FOR EACH ROW EXECUTE FUNCTION settlements_paper_follows();

CREATE FUNCTION settlements_paper_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '已签发的文书只增不改:% 不允许 %。内容有变请另行签发。', TG_TABLE_NAME, TG_OP
        USING ERRCODE = '23514';
END $$;

CREATE TRIGGER paper_never_changes BEFORE UPDATE OR DELETE ON settlements_issuedpaper
    FOR EACH ROW EXECUTE FUNCTION settlements_paper_never_changes();
CREATE TRIGGER paper_never_truncated BEFORE TRUNCATE ON settlements_issuedpaper
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_paper_never_changes();
CREATE TRIGGER paper_file_never_changes BEFORE UPDATE OR DELETE ON settlements_paperfile
    FOR EACH ROW EXECUTE FUNCTION settlements_paper_never_changes();
CREATE TRIGGER paper_file_never_truncated BEFORE TRUNCATE ON settlements_paperfile
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_paper_never_changes();
"""

UNDO = """
DROP TRIGGER paper_file_never_truncated ON settlements_paperfile;
DROP TRIGGER paper_file_never_changes ON settlements_paperfile;
DROP TRIGGER paper_never_truncated ON settlements_issuedpaper;
DROP TRIGGER paper_never_changes ON settlements_issuedpaper;
DROP TRIGGER paper_follows ON settlements_issuedpaper;
DROP FUNCTION settlements_paper_never_changes();
DROP FUNCTION settlements_paper_follows();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("basins", "0003_calendar"),
        ("settlements", "0010_ledger_keeps"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name='IssuedPaper',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('district', '区县对账单'), ('agreement', '年度结算单'), ('notice', '月通报')], max_length=12, verbose_name='种类')),
                ('year', models.PositiveSmallIntegerField(verbose_name='签发年度')),
                ('number', models.PositiveIntegerField(verbose_name='号')),
                ('subject', models.CharField(max_length=80, verbose_name='对象')),
                ('period_year', models.PositiveSmallIntegerField(verbose_name='所属年度')),
                ('period_month', models.PositiveSmallIntegerField(null=True, verbose_name='所属月份')),
                ('title', models.CharField(max_length=160, verbose_name='标题')),
                ('content', models.JSONField(verbose_name='内容')),
                ('digest', models.CharField(max_length=64, verbose_name='摘要值')),
                ('body_digest', models.CharField(max_length=64, verbose_name='正文摘要值')),
                ('code', models.CharField(max_length=16, unique=True, verbose_name='核验码')),
                ('ledger_head', models.CharField(blank=True, max_length=90, verbose_name='台账链首')),
                ('issued_at', models.DateTimeField(verbose_name='签发时间')),
                ('agreement', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='papers', to='settlements.agreement', verbose_name='协议')),
                ('issued_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='签发人')),
                ('jurisdiction', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='papers', to='basins.jurisdiction', verbose_name='行政区')),
                ('supersedes', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='superseded_by', to='settlements.issuedpaper', verbose_name='取代')),
            ],
            options={
                'verbose_name': '已签发文书',
                'verbose_name_plural': '已签发文书',
                'ordering': ['-issued_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='PaperFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('format', models.CharField(choices=[('pdf', 'PDF'), ('xlsx', 'XLSX')], max_length=4, verbose_name='格式')),
                ('sha256', models.CharField(db_index=True, max_length=64, verbose_name='文件摘要值')),
                ('size', models.PositiveIntegerField(verbose_name='字节')),
                ('made_at', models.DateTimeField(verbose_name='生成时间')),
                ('paper', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='settlements.issuedpaper', verbose_name='文书')),
            ],
            options={
                'verbose_name': '文书文件',
                'verbose_name_plural': '文书文件',
            },
        ),
        migrations.AddConstraint(
            model_name='issuedpaper',
            constraint=models.UniqueConstraint(fields=('kind', 'year', 'number'), name='paper_number_once'),
        ),
        migrations.AddConstraint(
            model_name='issuedpaper',
            constraint=models.UniqueConstraint(condition=models.Q(('supersedes__isnull', True)), fields=('subject',), name='paper_one_first_per_subject'),
        ),
        migrations.AddConstraint(
            model_name='paperfile',
            constraint=models.UniqueConstraint(fields=('paper', 'format', 'sha256'), name='paper_file_once'),
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]
