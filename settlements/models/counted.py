"""What counts of an accrual in its year: its payments, or those an adjustment put in their place.

A view (guards/countedtransfer.sql), so every sum of a period can include the adjustments that
the year's settlement includes: those approved while the year was open. One approved after the
closing is an entry of its own in the open year, and counts there (docs/workflow.md).
"""

from django.db import models

from basins.models import Jurisdiction
from settlements.models.accruals import Accrual


class CountedTransfer(models.Model):
    """As Transfer; of an adjusted accrual, the payments of the newest adjustment that counts."""

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
