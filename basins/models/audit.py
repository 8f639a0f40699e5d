"""操作记录: what changed, and who signed in and took data out. Only ever added to.

Both tables refuse update, delete and truncate (guards/_audit_stays.sql); AuditRecord is
written by triggers alone (basins.audit).
"""

import json
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from basins.version import aside


class ExactDecoder(json.JSONDecoder):
    """Numbers of a kept row as Decimal: a float would change the figure."""

    def __init__(self, **given: Any) -> None:
        super().__init__(parse_float=Decimal, **given)


def acting_user() -> models.ForeignKey:
    """The person, without a constraint: what was done stays when the account goes."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="操作人",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
    )


@aside("stands beside the change it tells of; 操作记录 is asked anew")
class AuditRecord(models.Model):
    class Op(models.TextChoices):
        INSERT = "I", "新增"
        UPDATE = "U", "修改"
        DELETE = "D", "删除"
        # There before the history began, or loaded as such: known since always.
        ESTABLISHED = "B", "既有"

    at = models.DateTimeField("时间")
    table = models.CharField("表", max_length=63)
    key = models.CharField("键", max_length=64)
    op = models.CharField("动作", max_length=1, choices=Op.choices)
    before = models.JSONField("改前", null=True, decoder=ExactDecoder)
    after = models.JSONField("改后", null=True, decoder=ExactDecoder)
    user = acting_user()
    who = models.CharField("操作人", max_length=200, help_text="当时的姓名与单位。")
    address = models.CharField("地址", max_length=45)
    act = models.CharField("途径", max_length=200)
    path = models.CharField("网址", max_length=500)
    why = models.CharField("事由", max_length=500)
    database_role = models.CharField("数据库角色", max_length=63)
    transaction = models.BigIntegerField("事务")

    class Meta:
        verbose_name = verbose_name_plural = "操作记录"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["table", "key", "-id"], name="audit_by_object"),
            models.Index(fields=["at"], name="audit_by_time"),
            models.Index(fields=["user", "-id"], name="audit_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.get_op_display()} {self.table} {self.key}"


@aside("exports and refusals write one; 登录与导出 is asked anew")
class AccessEvent(models.Model):
    class Kind(models.TextChoices):
        SIGN_IN = "sign_in", "登录"
        FAILED = "failed", "登录失败"
        LOCKED = "locked", "锁定登录"
        SIGN_OUT = "sign_out", "退出"
        ENDED = "ended", "结束登录"
        EXPORT = "export", "导出"
        REFUSED = "refused", "拒绝访问"

    at = models.DateTimeField("时间", db_default=Now())
    kind = models.CharField("事件", max_length=12, choices=Kind.choices)
    name = models.CharField("所填用户名", max_length=150, blank=True)
    user = acting_user()
    who = models.CharField("操作人", max_length=200, blank=True, help_text="当时的姓名与单位。")
    address = models.CharField("地址", max_length=45, blank=True)
    user_agent = models.CharField("浏览器", max_length=300, blank=True)
    path = models.CharField("网址", max_length=500, blank=True)
    what = models.CharField("内容", max_length=200, blank=True)
    filters = models.JSONField("查询条件", default=dict)
    rows = models.PositiveIntegerField("行数", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "登录与导出"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["at"], name="access_by_time"),
            models.Index(fields=["user", "-id"], name="access_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.who or self.name}"
