"""账号事项: what is done with people and their roles, proposed by one and approved by another."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from basins.audit import audited
from basins.models.jurisdictions import Jurisdiction
from basins.models.people import Role


def _person(label: str, related: str, **options) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=label, on_delete=models.PROTECT, null=True,
        related_name=related, **options,
    )  # fmt: skip


@audited(part_of="person", masked=("first_half", "second_half"))
class PersonAct(models.Model):
    """One act with one person. What it is to do never changes once it is proposed, and it is
    decided once (guards/personact.sql)."""

    class Kind(models.TextChoices):
        NEW = "new", "新建账号"
        GRANT = "grant", "授予角色"
        END = "end", "终止角色"
        RESET = "reset", "重置密码"
        UNLOCK = "unlock", "解除锁定"
        CLOSE = "close", "停用账号"
        REOPEN = "reopen", "恢复账号"
        RENAME = "rename", "更改资料"

    class State(models.TextChoices):
        PROPOSED = "proposed", "待复核"
        APPROVED = "approved", "已办理"
        REJECTED = "rejected", "已退回"
        WITHDRAWN = "withdrawn", "已撤回"

    WITH_CODE = (Kind.NEW, Kind.RESET)

    kind = models.CharField("事项", max_length=8, choices=Kind.choices)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PROPOSED)
    person = _person("用户", "acts")  # None until a new one is approved
    username = models.CharField("用户名", max_length=150, blank=True)
    display_name = models.CharField("姓名", max_length=40, blank=True)
    unit = models.CharField("单位", max_length=80, blank=True)
    email = models.EmailField("邮箱", blank=True)
    role = models.CharField("角色", max_length=12, choices=Role.Code.choices, blank=True)
    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="行政区", on_delete=models.PROTECT, null=True, related_name="+"
    )
    from_day = models.DateField("起", null=True)
    until_day = models.DateField("止（不含）", null=True)
    # What is to end; `role` and `jurisdiction` say what it was when it is gone.
    held = models.ForeignKey(
        Role, verbose_name="现有角色", on_delete=models.DO_NOTHING, null=True, related_name="+",
        db_constraint=False,
    )  # fmt: skip
    why = models.CharField("事由", max_length=500)
    on_machine = models.BooleanField("在服务器上办理", default=False)
    proposed_by = _person("提出人", "+")
    proposed_at = models.DateTimeField("提出时间")
    decided_by = _person("复核人", "+")
    decided_at = models.DateTimeField("复核时间", null=True)
    decided_why = models.CharField("退回理由", max_length=500, blank=True)
    # The one-time code, each half seen once by one of the two; kept as passwords are.
    first_half = models.CharField("前半一次性密码", max_length=128, blank=True)
    second_half = models.CharField("后半一次性密码", max_length=128, blank=True)
    code_until = models.DateTimeField("一次性密码有效至", null=True)
    code_used_at = models.DateTimeField("一次性密码使用时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "账号事项"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(on_machine=True) | Q(proposed_by__isnull=False),
                name="person_act_has_a_proposer",
                violation_error_message="账号事项须有提出人。",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | Q(on_machine=True, role="admin")
                | Q(on_machine=True, proposed_by__isnull=True, decided_by__isnull=False)
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="person_act_by_two",
                violation_error_message="账号事项须由另一名协议管理员复核。",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved", decided_by=F("person")),
                name="person_act_not_of_oneself",
                violation_error_message="不能复核关于自己的账号事项。",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_at__isnull=True)
                | (~Q(state="proposed") & Q(decided_at__isnull=False)),
                name="person_act_decided_when",
            ),
            models.UniqueConstraint(
                fields=["person", "kind"],
                condition=Q(state="proposed"),
                name="person_act_open_once",
            ),
            models.UniqueConstraint(
                fields=["username"],
                condition=Q(state="proposed", kind="new"),
                name="person_act_new_once",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="person_act_by_state")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}：{self.named}"

    @property
    def badge(self) -> str:
        """Its state as the badges colour it."""
        return {"proposed": "waiting", "approved": "final"}.get(self.state, "none")

    @property
    def named(self) -> str:
        """Whom it is about, by name."""
        if self.person is not None:
            return str(self.person)
        return self.display_name or self.username
