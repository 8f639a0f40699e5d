"""区划结转: what stands on the accounts of a district that was merged goes over to its successor.

Asked for by one person of the treasury with the paper that says so, approved by another; each
account by an entry of its own, so that what every yuan was stays on the account it was booked on.
"""

from django.db import models
from django.db.models import F, Q

from basins.audit import audited
from basins.models import Jurisdiction
from settlements.models.ledger import LedgerAccount
from settlements.models.payments import TwoPersons, two_persons


@audited()
class Carryover(TwoPersons):
    """A request to carry the balances of one jurisdiction over to another, from a day on."""

    ended = models.ForeignKey(
        Jurisdiction,
        verbose_name="被撤并的行政区",
        on_delete=models.PROTECT,
        related_name="carryovers_out",
    )
    successor = models.ForeignKey(
        Jurisdiction,
        verbose_name="承继的行政区",
        on_delete=models.PROTECT,
        related_name="carryovers_in",
    )
    on = models.DateField("承继日期")
    document = models.CharField("依据", max_length=120, help_text="撤并的批复，写明名称和文号。")

    class Meta:
        verbose_name = verbose_name_plural = "区划结转"
        ordering = ["-pk"]
        constraints = [
            two_persons("carryover_two_persons"),
            models.CheckConstraint(condition=~Q(document=""), name="carryover_has_document"),
            models.CheckConstraint(condition=~Q(ended=F("successor")), name="carryover_to_another"),
            models.UniqueConstraint(
                fields=["ended"],
                condition=Q(state="prepared"),
                name="carryover_one_waits",
                violation_error_message="这个行政区已有一项结转待复核。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ended}→{self.successor}"


@audited(part_of="carryover")
class CarryoverLine(models.Model):
    """An account and what stood on it when the carry-over was asked for, in yuan (as postings)."""

    carryover = models.ForeignKey(
        Carryover, verbose_name="区划结转", on_delete=models.PROTECT, related_name="lines"
    )
    account = models.ForeignKey(
        LedgerAccount, verbose_name="账户", on_delete=models.PROTECT, related_name="carried_by"
    )
    yuan = models.DecimalField("余额(元)", max_digits=16, decimal_places=2)

    class Meta:
        verbose_name = verbose_name_plural = "结转的账户"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["carryover", "account"], name="carryover_line_once"),
            models.CheckConstraint(condition=~Q(yuan=0), name="carryover_line_not_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.yuan}"
