"""That a demonstration was seeded here: once, into an empty database, in one transaction."""

from django.db import models


class Seeding(models.Model):
    """While it is open, in the transaction that opened it and nowhere else, the guards take the
    times that records are given and roles that began before today (guards/seeding.sql).

    One row or none. Opened only while nothing is stored, closed in the same transaction, never
    opened again, changed or taken out.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    started_at = models.DateTimeField("开始")
    ended_at = models.DateTimeField("结束", null=True)
    transaction = models.BigIntegerField("事务")

    class Meta:
        verbose_name = verbose_name_plural = "演示数据的载入"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="seeding_once")]

    def __str__(self) -> str:
        return f"演示数据的载入（{'已结束' if self.ended_at else '进行中'}）"
