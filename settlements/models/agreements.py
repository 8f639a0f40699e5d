"""协议 between jurisdictions and the 条款期 that make it up."""

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from basins.audit import audited
from basins.models import Jurisdiction, River
from basins.models.rivers import Confidence
from basins.ranges import just
from monitoring.models import Section
from settlements.models.shares import ShareField, share_is_a_part


@audited()
class Agreement(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        ACTIVE = "active", "执行中"
        ENDED = "ended", "已终止"

    code = models.CharField("编码", max_length=20, unique=True)
    title = models.CharField("名称", max_length=120)
    river = models.ForeignKey(
        River, verbose_name="河流", on_delete=models.PROTECT, related_name="agreements"
    )
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.DRAFT)
    signed_on = models.DateField("签署日期", null=True, blank=True)
    source = models.CharField("来源", max_length=300, blank=True)
    confidence = models.CharField(
        "可信度", max_length=1, choices=Confidence.choices, default=Confidence.DEMO
    )

    class Meta:
        verbose_name = verbose_name_plural = "协议"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.title


@audited(part_of="agreement")
class Party(models.Model):
    """A jurisdiction that signed the agreement, or stands in for one that could not."""

    class Role(models.TextChoices):
        SIGNATORY = "signatory", "签约方"
        MUNICIPAL_FILL = "municipal_fill", "财政补位"

    agreement = models.ForeignKey(
        Agreement, verbose_name="协议", on_delete=models.CASCADE, related_name="parties"
    )
    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="行政区", on_delete=models.PROTECT, related_name="parties"
    )
    role = models.CharField("身份", max_length=16, choices=Role.choices, default=Role.SIGNATORY)
    order = models.PositiveSmallIntegerField("自上游次序")
    # Null: from the beginning, and to this day. A party that left keeps its past.
    since = models.DateField("加入日", null=True, blank=True)
    until = models.DateField("退出日", null=True, blank=True, help_text="不再是协议方的第一天。")

    class Meta:
        verbose_name = verbose_name_plural = "协议方"
        ordering = ["agreement", "order"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "jurisdiction"], name="party_once")
        ]

    def __str__(self) -> str:
        return f"{self.agreement} {self.jurisdiction}"


@audited(part_of="agreement")
class Term(models.Model):
    """条款期: one rule with all its parameters, in force between two dates.

    `strand` keeps apart terms of one agreement that run side by side (water quality and a
    fixed yearly sum, say). `parameters` is {name: {value, source, is_default}}, complete:
    nothing is filled in when the term is computed. `silence` is what a party's silence means when
    a year is to be signed or confirmed.
    """

    class Silence(models.TextChoices):
        DECIDE = "decide", "由市局决定"
        CONFIRM = "confirm", "视为确认"

    agreement = models.ForeignKey(
        Agreement, verbose_name="协议", on_delete=models.PROTECT, related_name="terms"
    )
    number = models.PositiveSmallIntegerField("条款期号")
    strand = models.CharField("线索", max_length=20, default="main")
    rule = models.CharField("规则", max_length=40)
    rule_revision = models.PositiveSmallIntegerField("规则修订号")
    parameters = models.JSONField("参数")
    clauses = models.JSONField("条款出处", default=dict, help_text="{键: 条款原文或编号}")
    in_force = DateRangeField("有效期")
    silence = models.CharField(
        "催办后逾期不表态的", max_length=8, choices=Silence.choices, default=Silence.DECIDE
    )

    class Meta:
        verbose_name = verbose_name_plural = "条款期"
        ordering = ["agreement", "number"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="term_number_once"),
            ExclusionConstraint(
                name="term_no_overlap",
                expressions=[
                    (just("agreement"), RangeOperators.OVERLAPS),
                    # No btree_gist: the strand compares as a range of one text hash.
                    (
                        Func(
                            Func(F("strand"), function="hashtext"),
                            Func(F("strand"), function="hashtext"),
                            template="int4range(%(expressions)s, '[]')",
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    ("in_force", RangeOperators.OVERLAPS),
                ],
                violation_error_message="与本协议已有条款的有效期重叠。",
            ),
            models.CheckConstraint(
                condition=~Q(in_force__isempty=True), name="term_dates_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement} 条款期 {self.number}"


@audited(part_of="term")
class TermSection(models.Model):
    """A section the term is computed for, and whose border it is."""

    term = models.ForeignKey(
        Term, verbose_name="条款期", on_delete=models.CASCADE, related_name="sections"
    )
    section = models.ForeignKey(
        Section, verbose_name="断面", on_delete=models.PROTECT, related_name="term_sections"
    )
    upstream = models.ForeignKey(
        Jurisdiction, verbose_name="上游方", on_delete=models.PROTECT, related_name="+"
    )
    downstream = models.ForeignKey(
        Jurisdiction, verbose_name="下游方", on_delete=models.PROTECT, related_name="+"
    )
    inflow = models.ForeignKey(
        Section,
        verbose_name="入境断面",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="上游方的入境断面,用于扣除上游来水已有的超标。",
    )
    reference = models.ForeignKey(
        Section,
        verbose_name="对照断面",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="下游自身的断面,用于“须好于下游自身水质”的附加条件。",
    )
    share = ShareField(
        "份额", default=Decimal(1), help_text="占补偿标准的比例：1 为全额，也可以是 1/3。"
    )

    class Meta:
        verbose_name = verbose_name_plural = "条款断面"
        ordering = ["term", "section__km", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["term", "section", "upstream", "downstream"], name="term_section_once"
            ),
            share_is_a_part("term_section_share"),
            models.CheckConstraint(
                condition=~Q(upstream=F("downstream")), name="term_section_two_parties"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.term} {self.section}"
