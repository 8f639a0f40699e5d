"""People and what they are: a sign-in, and roles held between dates."""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from basins.audit import audited
from basins.models.jurisdictions import Jurisdiction
from basins.ranges import just


@audited(without=("last_login",), masked=("password",))
class User(AbstractUser):
    """A person's (or a station's) sign-in."""

    display_name = models.CharField("姓名", max_length=40, blank=True)
    unit = models.CharField("单位", max_length=80, blank=True)
    # Somebody else has known it, or has taken it away: the pages open when it was changed.
    must_change_password = models.BooleanField("须更改密码", default=False, db_default=False)

    class Meta(AbstractUser.Meta):
        verbose_name = verbose_name_plural = "用户"

    def __str__(self) -> str:
        return self.display_name or self.username


@audited(part_of="user")
class Role(models.Model):
    """What a person may do, where, and from when to when (product.md, the people)."""

    class Code(models.TextChoices):
        BUREAU = "bureau", "市生态环境局"
        TREASURY = "treasury", "市财政局"
        DISTRICT = "district", "区县"
        TOWNSHIP = "township", "乡镇"
        ADMIN = "admin", "协议管理员"
        AUDITOR = "auditor", "审计管理员"
        STATION = "station", "监测站点"

    LOCAL = (Code.DISTRICT, Code.TOWNSHIP)

    user = models.ForeignKey(
        User, verbose_name="用户", on_delete=models.CASCADE, related_name="roles"
    )
    role = models.CharField("角色", max_length=12, choices=Code.choices)
    jurisdiction = models.ForeignKey(
        Jurisdiction,
        verbose_name="行政区",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="roles",
    )
    in_force = DateRangeField("有效期")

    class Meta:
        verbose_name = verbose_name_plural = "角色"
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=["district", "township"], jurisdiction__isnull=False)
                | Q(role__in=["bureau", "treasury", "admin", "auditor", "station"]),
                name="role_local_has_place",
                violation_error_message="区县、乡镇角色必须指定行政区。",
            ),
            ExclusionConstraint(
                name="role_one_at_a_time",
                expressions=[
                    (just("user"), RangeOperators.OVERLAPS),
                    ("in_force", RangeOperators.OVERLAPS),
                ],
                violation_error_message="同一用户在同一时期只能有一个角色。",
            ),
            models.CheckConstraint(
                condition=~Q(in_force__isempty=True),
                name="role_dates_in_order",
                violation_error_message="有效期的止日须晚于起日。",
            ),
        ]

    def __str__(self) -> str:
        place = f" {self.jurisdiction}" if self.jurisdiction_id else ""
        return f"{self.user} {self.get_role_display()}{place}"
