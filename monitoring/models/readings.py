"""监测数据: one row a value, partitioned by month, with everything it ever was.

The table and its partitions are made by the first migration in SQL, for Django cannot declare a
partitioned table; the triggers stand in guards/reading.sql. What the triggers promise: every
insert, update and delete marks the section's month dirty and, for update and delete, keeps the
old value as a revision, in the same transaction, also for SQL sent straight to a partition.
"""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from basins.version import aside
from monitoring.models.sections import Indicator, Section
from monitoring.protocols.hj212 import COUNTED_BY_HAND, VERSIONED, flag_words


class Origin(models.IntegerChoices):
    AUTOMATIC = 1, "自动"
    MANUAL = 2, "手工"
    JOINT = 3, "联合"
    RESERVE = 4, "留样"


class ImportBatch(models.Model):
    """导入批次: one file or request of readings and what became of each of its rows.

    One whose readings were taken back (撤销) stays, with who did it, when and why.
    """

    filename = models.CharField("文件", max_length=255)
    sha256 = models.CharField("SHA-256", max_length=64)
    layout = models.CharField("版式", max_length=20)
    counts = models.JSONField("统计", default=dict)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="导入人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField("导入时间", auto_now_add=True)
    sender = models.CharField("报送单位", max_length=100, blank=True, db_default="", default="")
    # Of each sheet: its name, layout and counts.
    sheets = models.JSONField("工作表", default=list, db_default=[])
    mapping = models.JSONField("列对应关系", default=dict, db_default={})
    unread = models.JSONField("没有读的列和表", default=list, db_default=[])
    # Of what it told, the same readings again included; None: nothing, or not known.
    first_sampled = models.DateTimeField("最早采样", null=True, blank=True)
    last_sampled = models.DateTimeField("最晚采样", null=True, blank=True)
    # Reviewed elsewhere before it came: by whom, and the document that says so.
    reviewed_by = models.CharField(
        "审核单位", max_length=100, blank=True, db_default="", default=""
    )
    reviewed_document = models.CharField(
        "审核文件", max_length=200, blank=True, db_default="", default=""
    )
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="撤销人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)
    undone_why = models.CharField("撤销理由", max_length=500, blank=True, db_default="", default="")

    class Meta:
        verbose_name = verbose_name_plural = "导入批次"
        ordering = ["-pk"]
        indexes = [  # the gateway commits by the second, people by the week
            models.Index(fields=["-id"], condition=~Q(layout="hj212"), name="batch_of_people")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True, undone_why="")
                | Q(undone_at__isnull=False, undone_why__gt=""),
                name="importbatch_undone_with_a_reason",
                violation_error_message="撤销导入须写明理由。",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by="", reviewed_document="")
                | Q(reviewed_by__gt="", reviewed_document__gt=""),
                name="importbatch_reviewed_by_a_document",
                violation_error_message="已审核的数据须写明审核单位和审核文件。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.filename} #{self.pk}"


class Reading(models.Model):
    """One value of one indicator at one section and time, as known now."""

    # HJ 212 data flag 'N': only such a value enters a mean; one typed by hand where the station's
    # setting counts it.
    VALID_FLAGS = ("N", COUNTED_BY_HAND)
    FLAGS = {
        COUNTED_BY_HAND: flag_words(COUNTED_BY_HAND),
        "S": "手工录入",
        "P": "电源故障",
        "Z": "缺水样",
        "L": "低于下限",
        **VERSIONED,
        "N": "有效",
        "M": "维护",
        "D": "不具备运行条件",
        "F": "停站",
        "C": "校准",
        "T": "超量程",
        "B": "通信故障",
        "V": "审核无效",
        "Q": "存疑",  # like a value that instruments fill in; nobody has judged it yet
    }

    pk = models.CompositePrimaryKey("section_id", "indicator_id", "sampled_at", "origin")
    section = models.ForeignKey(
        Section, verbose_name="断面", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    sampled_at = models.DateTimeField("采样时间")
    recorded_at = models.DateTimeField("入库时间", db_default=Now())
    batch = models.ForeignKey(
        ImportBatch,
        verbose_name="批次",
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
    )
    indicator = models.ForeignKey(
        Indicator, verbose_name="指标", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    origin = models.SmallIntegerField("来源", choices=Origin.choices)
    below_limit = models.BooleanField("未检出", db_default=False)
    flag = models.CharField("标识", max_length=4, db_default="N")
    value = models.DecimalField("值", max_digits=20, decimal_places=8)

    class Meta:
        managed = False
        db_table = "monitoring_reading"
        verbose_name = verbose_name_plural = "监测数据"

    @classmethod
    def flag_words(cls, flag: str) -> str:
        """What a flag means, in Chinese: also of one that a version of the standard does not name."""
        return cls.FLAGS.get(flag) or flag_words(flag) or f"标识 {flag}"


@aside("follows from the readings, which leave marks")
class MeasuredSeries(models.Model):
    """What is measured at a section, and the last month any of it may lie in, so that the newest
    value is looked for where it is. Kept by the triggers of readings; one that is taken out leaves it."""

    pk = models.CompositePrimaryKey("section_id", "indicator_id")
    section = models.ForeignKey(
        Section, verbose_name="断面", on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    indicator = models.ForeignKey(
        Indicator, verbose_name="指标", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    month = models.DateField("最近月份")

    class Meta:
        verbose_name = verbose_name_plural = "断面监测指标"

    def __str__(self) -> str:
        return f"{self.section_id}/{self.indicator_id}"


class ReadingRevision(models.Model):
    """What a reading was, and from when to when we knew it so."""

    section = models.ForeignKey(
        Section, verbose_name="断面", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    indicator = models.ForeignKey(
        Indicator, verbose_name="指标", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    sampled_at = models.DateTimeField("采样时间")
    origin = models.SmallIntegerField("来源", choices=Origin.choices)
    value = models.DecimalField("值", max_digits=20, decimal_places=8)
    below_limit = models.BooleanField("未检出")
    flag = models.CharField("标识", max_length=4)
    batch_id = models.BigIntegerField("批次", null=True)
    # The batch that corrected it; None: a person did, it was taken out, or taken back.
    replaced_by = models.BigIntegerField("更正批次", null=True)
    known_from = models.DateTimeField("知悉自")
    known_to = models.DateTimeField("知悉至")

    class Meta:
        verbose_name = verbose_name_plural = "数据更正史"
        indexes = [
            models.Index(fields=["section", "indicator", "sampled_at"], name="revision_by_reading"),
            BrinIndex(fields=["known_to"], name="revision_by_time", autosummarize=True),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(known_to__gte=models.F("known_from")), name="revision_times_in_order"
            )
        ]

    def __str__(self) -> str:
        return f"{self.section_id}/{self.indicator_id} {self.sampled_at:%Y-%m-%d %H:%M}"
