"""认定: what the bureau found of a section's month outside the rule, with its evidence.

Appended and revoked, never changed (guards/monthruling.sql): who asks later sees what was
ruled, by whom, and what was taken back.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from basins.audit import audited
from monitoring.models import Section, Verdict
from settlements.models.agreements import Agreement
from settlements.models.drafts import DraftDocument
from settlements.rules.facts import OVERRIDES, MonthState


@audited()
class MonthRuling(models.Model):
    """The state of a section's month; without an agreement it holds for all of them."""

    class Ground(models.TextChoices):
        DISASTER = "disaster", "自然灾害"
        DROUGHT = "drought", "干旱、断流"
        DRAINED = "drained", "人为截流、取水"
        BACKGROUND = "background", "自然背景值高"
        INFLOW = "inflow", "上游来水已超标"
        STATION = "station", "自动站故障"
        MISSING = "missing", "数据缺失"

    STATES = [(s.value, s.label) for s in MonthState if s in OVERRIDES]

    section = models.ForeignKey(
        Section, verbose_name="断面", on_delete=models.PROTECT, related_name="rulings"
    )
    month = models.DateField("月份", help_text="当月第一天")
    agreement = models.ForeignKey(
        Agreement,
        verbose_name="协议",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rulings",
        help_text="空为对该断面的全部协议有效。",
    )
    state = models.CharField("认定的状态", max_length=20, choices=STATES)
    ground = models.CharField("事由", max_length=12, choices=Ground.choices)
    reason = models.CharField("理由", max_length=500)
    evidence = models.FileField("证据", upload_to="rulings", max_length=120, blank=True)
    evidence_name = models.CharField("证据原文件名", max_length=200, blank=True)
    evidence_kind = models.CharField(
        "证据类型", max_length=20, choices=DraftDocument.Kind.choices, blank=True
    )
    evidence_sha256 = models.CharField("证据 SHA-256", max_length=64, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="认定人", on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField("认定时间")
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="撤销人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)
    revoked_why = models.CharField("撤销理由", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "月度状态认定"
        ordering = ["-month", "section", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="ruling_month_starts"),
            models.CheckConstraint(condition=~Q(reason=""), name="ruling_has_reason"),
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in sorted(OVERRIDES)]),
                name="ruling_state_known",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True, revoked_why="")
                | (Q(revoked_at__isnull=False, revoked_by__isnull=False) & ~Q(revoked_why="")),
                name="ruling_revoked_whole",
            ),
            models.UniqueConstraint(
                fields=["section", "month", "agreement"],
                condition=Q(revoked_at__isnull=True),
                nulls_distinct=False,
                name="ruling_live_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.section} {self.month:%Y-%m} {self.get_state_display()}"


class VerdictEvidence(models.Model):
    """审核证据: the file that a person's judgement of a reading rests on, kept by its hash.

    Only added (guards/verdictevidence.sql).
    """

    verdict = models.OneToOneField(
        Verdict, verbose_name="审核结论", on_delete=models.PROTECT, related_name="evidence"
    )
    file = models.FileField("文件", upload_to="verdicts", max_length=120)
    name = models.CharField("原文件名", max_length=200)
    kind = models.CharField("类型", max_length=80)
    sha256 = models.CharField("SHA-256", max_length=64)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="提交人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "审核证据"

    def __str__(self) -> str:
        return self.name
