"""Choosing the 统计口径 from a month on."""

from datetime import date

from django.db import connection, transaction

from basins.clock import today
from basins.ranges import between, month_start
from monitoring.models import Assessment, AssessmentBasis
from monitoring.standards.basis import Basis


class BasisRefused(ValueError):
    """The choice cannot be made; says why and the remedy."""


def _one_after_the_other() -> None:
    """Two choices at once: the second sees the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('monitoring_basis'))")


def first_month_open() -> date:
    """The first month a new choice may begin with: the running one, or any where no month that
    is over was assessed yet."""
    running = month_start(today())
    assessed = Assessment.objects.filter(month__lt=running).order_by("-month").first()
    return running if assessed else date.min.replace(year=1990)


def examine_basis(*, since: date, basis: Basis, source: str) -> AssessmentBasis | None:
    """The choice before this one, which would end there; None for the default.

    Raises BasisRefused for a day within a month, a month that is assessed already, a choice
    that begins before the last one did, one like the last, or no source.
    """
    if since.day != 1:
        raise BasisRefused("统计口径须自某月 1 日起；请填月份。")
    if not source.strip():
        raise BasisRefused("请填依据，如文件名称和文号。")
    earliest = first_month_open()
    if since < earliest:
        raise BasisRefused(
            f"{since:%Y-%m} 已有评价，统计口径不能追溯；请自 {earliest:%Y-%m} 或以后的月份起。"
        )
    last = AssessmentBasis.objects.order_by("-in_force").first()
    if last is not None and last.in_force.lower >= since:
        raise BasisRefused(
            f"已定自 {last.in_force.lower:%Y-%m} 起的口径；请自更后的月份起，或先撤销它。"
        )
    if basis == (last.basis if last else Basis()):
        raise BasisRefused("与现行的口径相同；不必另立。")
    return last


@transaction.atomic
def choose_basis(*, since: date, basis: Basis, source: str) -> AssessmentBasis:
    """From that month on months are assessed by this basis; the one before ends there.

    Raises BasisRefused as examine_basis does.
    """
    _one_after_the_other()
    last = examine_basis(since=since, basis=basis, source=source)
    if last is not None:
        last.in_force = between(last.in_force.lower, since)
        last.save(update_fields=["in_force"])
    return AssessmentBasis.objects.create(
        rounding=basis.rounding,
        ph=basis.ph,
        first=basis.first,
        in_force=between(since),
        source=source.strip(),
    )


@transaction.atomic
def withdraw_basis(*, pk: int) -> None:
    """Take back the last choice, before its first month is over; the one before goes on.

    Raises BasisRefused where it is not the last, or months were assessed by it.
    """
    _one_after_the_other()
    last = AssessmentBasis.objects.order_by("-in_force").first()
    if last is None or last.pk != pk:
        raise BasisRefused("只能撤销最后定的口径；请刷新页面再看。")
    if last.in_force.lower < first_month_open():
        raise BasisRefused("已有月份按它评价，不能撤销；请自以后的月份起另立一条。")
    last.delete()
    before = AssessmentBasis.objects.order_by("-in_force").first()
    if before is not None:
        before.in_force = between(before.in_force.lower)
        before.save(update_fields=["in_force"])
