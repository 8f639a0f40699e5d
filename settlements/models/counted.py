"""What counts of an accrual: its payments, or those an adjustment put in their place. Two views.

`CurrentTransfer` is what counts now of the month itself: the newest approved adjustment stands,
in whatever year it is booked. `CountedTransfer` is what the accrual's own year has booked: the
adjustments approved while that year was open. One approved after the closing is an entry of
its own in the open year, and counts there (docs/year.md). So months are shown from the first,
sums of a year from the second with what was carried into it (settlements.shown.revisions).
"""

from django.db import models

from basins.models import Jurisdiction
from settlements.models.accruals import Accrual


class CurrentTransfer(models.Model):
    """As Transfer; of an adjusted accrual, the payments of its newest approved adjustment."""

    id = models.BigIntegerField("编号", primary_key=True)  # negative: from an adjustment
    accrual = models.ForeignKey(
        Accrual, verbose_name="月核算", on_delete=models.DO_NOTHING, related_name="current"
    )
    payer = models.ForeignKey(
        Jurisdiction, verbose_name="付款方", on_delete=models.DO_NOTHING, related_name="+"
    )
    payee = models.ForeignKey(
        Jurisdiction, verbose_name="收款方", on_delete=models.DO_NOTHING, related_name="+"
    )
    yuan = models.DecimalField("金额(元)", max_digits=16, decimal_places=2)
    reason = models.CharField("事由", max_length=200)

    class Meta:
        managed = False
        db_table = "settlements_currenttransfer"
        verbose_name = verbose_name_plural = "现行收付"

    def __str__(self) -> str:
        return f"{self.payer} → {self.payee} {self.yuan} 元"


class CountedTransfer(models.Model):
    """As Transfer; of an adjusted accrual, the payments of the newest its year has booked."""

    id = models.BigIntegerField("编号", primary_key=True)  # negative: from an adjustment
    accrual = models.ForeignKey(
        Accrual, verbose_name="月核算", on_delete=models.DO_NOTHING, related_name="counted"
    )
    payer = models.ForeignKey(
        Jurisdiction, verbose_name="付款方", on_delete=models.DO_NOTHING, related_name="+"
    )
    payee = models.ForeignKey(
        Jurisdiction, verbose_name="收款方", on_delete=models.DO_NOTHING, related_name="+"
    )
    yuan = models.DecimalField("金额(元)", max_digits=16, decimal_places=2)
    reason = models.CharField("事由", max_length=200)

    class Meta:
        managed = False
        db_table = "settlements_countedtransfer"
        verbose_name = verbose_name_plural = "计入年度的收付"

    def __str__(self) -> str:
        return f"{self.payer} → {self.payee} {self.yuan} 元"
