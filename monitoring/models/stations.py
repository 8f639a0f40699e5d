"""Stations that send by HJ 212: who they are, what they sent, and what nobody could take."""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from basins.audit import audited
from basins.version import aside
from monitoring.models.readings import ImportBatch
from monitoring.models.sections import Indicator, Section
from monitoring.protocols.hj212 import UPLOADS


class Command(models.TextChoices):
    """What a station uploads. Source: HJ 212-2017 appendix C."""

    LIVE = "2011", "实时数据"
    MINUTE = "2051", "分钟数据"
    HOUR = "2061", "小时数据"
    DAY = "2031", "日数据"


@audited(masked=("password_digest",))
class Station(models.Model):
    """站点: a device that may send for one section, known by its MN and password.

    The values of its `assessed` command are readings; those of the other commands are kept beside
    them (StationValue), for a mean of hours and minutes together would be none.
    """

    mn = models.CharField("设备编码 MN", max_length=24, unique=True)
    section = models.ForeignKey(
        Section, verbose_name="断面", on_delete=models.PROTECT, related_name="stations"
    )
    password_digest = models.CharField("密码摘要", max_length=64)  # keyed, hexadecimal
    assessed = models.CharField(
        "参与评价的数据", max_length=4, choices=Command.choices, default=Command.HOUR
    )
    counts_by_hand = models.BooleanField(
        "手工输入(S)计入均值",
        default=False,
        help_text="标识 S 的值是否参与评价，按站点运行管理规定。",
    )
    is_active = models.BooleanField("启用", default=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="登记人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    added_at = models.DateTimeField("登记时间", db_default=Now())

    class Meta:
        verbose_name = verbose_name_plural = "站点"
        ordering = ["mn"]

    def __str__(self) -> str:
        return self.mn


@aside("every frame writes one; 站点 and 死信 are asked anew")
class StationFrame(models.Model):
    """报文: one packet a station's readings came in, as it was sent but for its password.

    The same packet again (same QN, same bytes) is not kept twice. `parts` > 1: of a message in
    many packets; `joined`: it has been put together and read.
    """

    station = models.ForeignKey(
        Station, verbose_name="站点", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    qn = models.CharField("请求编码 QN", max_length=17)
    cn = models.CharField("命令编码 CN", max_length=4)
    version = models.SmallIntegerField("协议版本")
    part = models.SmallIntegerField("包号", default=1, db_default=1)
    parts = models.SmallIntegerField("总包数", default=1, db_default=1)
    joined = models.BooleanField("已合并", default=True, db_default=True)
    sampled_at = models.DateTimeField("数据时间", null=True)
    received_at = models.DateTimeField("收到时间", db_default=Now())
    batch = models.ForeignKey(
        ImportBatch,
        verbose_name="批次",
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
    )
    digest = models.BigIntegerField("摘要")  # first 64 bits of SHA-256 of the segment
    remark = models.CharField("备注", max_length=200, db_default="", default="", blank=True)
    raw = models.TextField("报文")

    class Meta:
        verbose_name = verbose_name_plural = "报文"
        constraints = [
            models.UniqueConstraint(fields=["station", "qn", "digest"], name="frame_kept_once"),
            models.CheckConstraint(
                condition=Q(part__gte=1, part__lte=F("parts")), name="frame_part_of_its_parts"
            ),
        ]
        indexes = [
            models.Index(fields=["batch"], name="frame_by_batch"),
            models.Index(fields=["received_at"], condition=Q(joined=False), name="frame_unjoined"),
            BrinIndex(fields=["received_at"], name="frame_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.station_id} {self.qn} {self.cn}"

    @property
    def what(self) -> str:
        """What its command is, in words."""
        return UPLOADS[self.cn][0] if self.cn in UPLOADS else f"通知 {self.cn}"


@aside("every frame writes some; 站点 is asked anew")
class StationValue(models.Model):
    """实时、分钟、日数据: what a station sent beside its readings. In no mean."""

    station = models.ForeignKey(
        Station, verbose_name="站点", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    indicator = models.ForeignKey(
        Indicator, verbose_name="指标", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    command = models.CharField("数据", max_length=4, choices=Command.choices)
    sampled_at = models.DateTimeField("数据时间")
    value = models.DecimalField("值", max_digits=20, decimal_places=8)
    least = models.DecimalField("最小值", max_digits=20, decimal_places=8, null=True)
    most = models.DecimalField("最大值", max_digits=20, decimal_places=8, null=True)
    flag = models.CharField("标识", max_length=4)

    class Meta:
        verbose_name = verbose_name_plural = "站点数据"
        constraints = [
            models.UniqueConstraint(
                fields=["station", "command", "indicator", "sampled_at"], name="station_value_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.station_id} {self.command} {self.sampled_at:%Y-%m-%d %H:%M}"


@aside("checks come by the hour; 站点 is asked anew")
class QualityCheck(models.Model):
    """质控数据: the result of a check of the instrument (标样、零点、跨度、加标、平行), in no mean."""

    station = models.ForeignKey(
        Station, verbose_name="站点", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    indicator = models.ForeignKey(
        Indicator, verbose_name="指标", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    command = models.CharField("命令编码", max_length=4)
    kind = models.CharField("核查", max_length=4)  # protocols.hj212.QUALITY_CONTROL
    sampled_at = models.DateTimeField("数据时间")
    value = models.DecimalField("测得值", max_digits=20, decimal_places=8)
    parts = models.JSONField("各项", default=dict)  # Check, Water and others, as written

    class Meta:
        verbose_name = verbose_name_plural = "质控数据"
        constraints = [
            models.UniqueConstraint(
                fields=["station", "indicator", "sampled_at", "command", "kind"],
                name="quality_check_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.station_id} {self.kind} {self.sampled_at:%Y-%m-%d %H:%M}"


@audited()
class FactorMeaning(models.Model):
    """因子对应: what a person said an unknown factor of a station is; no indicator: not read."""

    station = models.ForeignKey(
        Station, verbose_name="站点", on_delete=models.PROTECT, related_name="meanings"
    )
    factor = models.CharField("因子编码", max_length=20)
    indicator = models.ForeignKey(
        Indicator,
        verbose_name="指标",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="认定人", on_delete=models.PROTECT, related_name="+"
    )
    said_at = models.DateTimeField("认定时间", db_default=Now())

    class Meta:
        verbose_name = verbose_name_plural = "因子对应"
        ordering = ["station", "factor"]
        constraints = [
            models.UniqueConstraint(fields=["station", "factor"], name="factor_meaning_once")
        ]

    def __str__(self) -> str:
        return f"{self.station_id} {self.factor}"


class DeadLetter(models.Model):
    """死信: what came and could not be taken, kept with the reason until a person decides.

    Of a whole packet, or of one factor of it (`factor`). The same again only counts.
    """

    class Reason(models.TextChoices):
        CRC = "crc", "CRC 或帧格式不对"
        STATION = "station", "未登记的站点"
        PASSWORD = "password", "密码不对"
        PACKET = "packet", "报文内容无法识别"
        FACTOR = "factor", "未知因子"
        VALUE = "value", "不可能的值"
        TIME = "time", "数据时间不可信"
        COMMAND = "command", "不支持的命令"
        STORING = "storing", "入库失败"

    class State(models.TextChoices):
        OPEN = "open", "待处理"
        REPLAYED = "replayed", "已重放"
        DISMISSED = "dismissed", "已作废"

    reason = models.CharField("原因", max_length=10, choices=Reason.choices)
    state = models.CharField(
        "状态", max_length=10, choices=State.choices, default=State.OPEN, db_default=State.OPEN
    )
    mn = models.CharField("设备编码 MN", max_length=40, blank=True)
    station = models.ForeignKey(
        Station,
        verbose_name="站点",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    qn = models.CharField("请求编码 QN", max_length=40, blank=True)
    cn = models.CharField("命令编码 CN", max_length=10, blank=True)
    factor = models.CharField("因子编码", max_length=40, blank=True)
    written = models.CharField("所写", max_length=100, blank=True)
    words = models.CharField("说明", max_length=300)
    raw = models.TextField("报文")  # without its password
    password_digest = models.CharField("密码摘要", max_length=64, blank=True)
    digest = models.CharField("摘要", max_length=64, unique=True)
    times = models.IntegerField("次数", default=1, db_default=1)
    first_at = models.DateTimeField("首次收到", db_default=Now())
    last_at = models.DateTimeField("最近收到", db_default=Now())
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="处理人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    decided_at = models.DateTimeField("处理时间", null=True, blank=True)
    decided_why = models.CharField(
        "处理说明", max_length=300, blank=True, db_default="", default=""
    )

    class Meta:
        verbose_name = verbose_name_plural = "死信"
        ordering = ["-last_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True)
                | (~Q(state="open") & Q(decided_at__isnull=False)),
                name="dead_letter_decided_or_open",
                violation_error_message="处理死信须留下处理人和时间。",
            )
        ]
        indexes = [models.Index(fields=["state", "mn", "factor"], name="dead_letter_by_sender")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} {self.mn} {self.qn}"


@aside("written every few seconds; 站点 is asked anew")
class GatewayRun(models.Model):
    """网关的一次运行: where it listens, since when, and what it has counted so far."""

    listens = models.CharField("监听", max_length=60)
    started_at = models.DateTimeField("启动时间", db_default=Now())
    seen_at = models.DateTimeField("最近报告", db_default=Now())
    stopped_at = models.DateTimeField("停止时间", null=True)
    counts = models.JSONField("统计", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "网关运行"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.listens} #{self.pk}"
