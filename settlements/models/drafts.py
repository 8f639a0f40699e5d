"""协议草稿: an agreement, or an amendment of one, on its way through the steps of entry.

A draft touches nothing: only its activation makes an agreement or a term. It is saved at
every step and may be incomplete.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from basins.audit import audited
from settlements.models.agreements import Agreement, Term


@audited(without=("changed_at",))
class AgreementDraft(models.Model):
    """`data` is {step: {"values": …}} for what was understood, {step: {"typed": …}} for what
    was not yet; the steps and their values are described in settlements.agreements.services.drafts."""

    class State(models.TextChoices):
        DRAFT = "draft", "录入中"
        SUBMITTED = "submitted", "待核对启用"
        ACTIVATED = "activated", "已启用"
        DISCARDED = "discarded", "已作废"

    title = models.CharField("名称", max_length=120, blank=True)
    code = models.CharField("编码", max_length=20, blank=True)
    amends = models.ForeignKey(
        Agreement,
        verbose_name="所修订的协议",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="amendment_drafts",
    )
    strand = models.CharField("线索", max_length=20, default="main")
    from_date = models.DateField("起日", null=True, blank=True)
    # Ends what is in force from that day and puts nothing in its place.
    ends = models.BooleanField("终止", default=False)
    data = models.JSONField("录入内容", default=dict)
    # Counts the saves: who activates says which one was checked.
    version = models.PositiveIntegerField("版本", default=1)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.DRAFT)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="录入人", on_delete=models.PROTECT, related_name="+"
    )
    # Everyone who ever saved a step or submitted: none of them may activate.
    preparers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name="参与录入的人", related_name="+"
    )
    created_at = models.DateTimeField("建立时间", auto_now_add=True)
    changed_at = models.DateTimeField("修改时间", auto_now=True)
    submitted_at = models.DateTimeField("提交时间", null=True, blank=True)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="启用人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    activated_at = models.DateTimeField("启用时间", null=True, blank=True)
    # What the activation made.
    agreement = models.ForeignKey(
        Agreement,
        verbose_name="协议",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="drafts",
    )
    term = models.OneToOneField(
        Term,
        verbose_name="条款期",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="draft",
    )

    class Meta:
        verbose_name = verbose_name_plural = "协议草稿"
        ordering = ["-changed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="activated", activated_by__isnull=False, term__isnull=False)
                | Q(state="activated", activated_by__isnull=False, ends=True)
                | Q(~Q(state="activated"), activated_by__isnull=True, term__isnull=True),
                name="draft_activated_has_term",
            ),
            models.CheckConstraint(
                condition=Q(activated_by__isnull=True) | ~Q(activated_by=F("prepared_by")),
                name="draft_two_persons",
                violation_error_message="录入人不能启用自己录入的协议。",
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"未命名草稿 {self.pk}"


@audited(part_of="draft")
class DraftDocument(models.Model):
    """The signed text as PDF or image, kept under MEDIA_ROOT by its hash."""

    class Kind(models.TextChoices):
        PDF = "application/pdf", "PDF"
        PNG = "image/png", "PNG"
        JPEG = "image/jpeg", "JPEG"

    draft = models.ForeignKey(
        AgreementDraft, verbose_name="草稿", on_delete=models.CASCADE, related_name="documents"
    )
    file = models.FileField("文件", upload_to="agreements", max_length=120)
    name = models.CharField("原文件名", max_length=200)
    kind = models.CharField("类型", max_length=20, choices=Kind.choices)
    size = models.PositiveIntegerField("字节数")
    sha256 = models.CharField("SHA-256", max_length=64)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="上传人", on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField("上传时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "协议文件"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["draft", "sha256"], name="draft_document_once")
        ]

    def __str__(self) -> str:
        return self.name
