"""联合监测: one sample split between two laboratories, and a reserve that decides between them.

Within the agreed relative error |a − b| ÷ mean(a, b) × 100 the mean of both is valid; beyond it
the reserve decides. All three results are kept (新安江, domain.md §8a). The value used becomes
a reading of origin 联合, which stands before automatic and manual ones in the month's mean:
at once for a sample of its own, with the decision for one taken in an objection.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.db import transaction
from django.utils import timezone

from basins.access import Act, viewer_of
from basins.clock import now
from basins.models import User
from basins.ranges import month_start
from monitoring.models import Indicator, Origin, Section
from monitoring.screening.services.verdicts import ReadingKey, keep_reading
from monitoring.standards.exact import decimal_of, exact
from settlements.models import JointSample, Objection
from settlements.moving.acts import NotAllowed, Refused
from settlements.objections.services.objections import locked, refuse_decided

KEPT = Decimal(1).scaleb(-8)


@dataclass(frozen=True, slots=True)
class ComparedResults:
    """Two results: their relative error in %, whether it is within the agreed one, the value
    used (None: the reserve decides, and is not there yet)."""

    error: Decimal
    within: bool
    value: Decimal | None


def relative_error(a: Decimal, b: Decimal) -> Decimal:
    """|a − b| ÷ mean(a, b) × 100, in %, not rounded, for show; 0 where both are 0."""
    return decimal_of(_error(a, b))


def _error(a: Decimal, b: Decimal) -> Fraction:
    one, other = exact(a), exact(b)
    return abs(one - other) / (one + other) * 200 if one + other else Fraction(0)


def compare(
    upstream: Decimal, downstream: Decimal, agreed_error: Decimal, reserve: Decimal | None = None
) -> ComparedResults:
    """Which value is used. An error equal to the agreed one is within it."""
    error = _error(upstream, downstream)
    within = error <= agreed_error
    return ComparedResults(
        decimal_of(error), within, (upstream + downstream) / 2 if within else reserve
    )


@transaction.atomic
def record_joint_sample(
    *,
    section: Section,
    indicator: Indicator,
    sampled_at: datetime,
    upstream: Decimal,
    downstream: Decimal,
    agreed_error: Decimal,
    by: User,
    reserve: Decimal | None = None,
    objection: Objection | None = None,
) -> JointSample:
    """Keep both results (and the reserve's), in the indicator's unit; `agreed_error` in %.

    The same sample with the same results again changes nothing. Raises NotAllowed, Refused.
    """
    _permit(by)
    examine_results(upstream, downstream, agreed_error, reserve)
    if sampled_at > now():
        raise Refused("采样时间还没有到；请核对。")
    if objection is not None:
        objection = locked(objection)
        refuse_decided(objection, "登记联合监测")
        _refuse_elsewhere(objection, section, sampled_at)
    found = compare(upstream, downstream, agreed_error, reserve)
    sample, made = JointSample.objects.select_for_update(of=("self",)).get_or_create(
        section=section,
        indicator=indicator,
        sampled_at=sampled_at,
        defaults={
            "objection": objection,
            "upstream": upstream,
            "downstream": downstream,
            "reserve": reserve,
            "agreed_error": agreed_error,
            "within": found.within,
            "value": found.value,
            "by": by,
            "at": now(),
        },
    )
    if not made:
        same = (sample.upstream, sample.downstream, sample.agreed_error)
        if same != (upstream, downstream, agreed_error) or sample.objection != objection:
            raise Refused(f"{sample}已登记，结果不同；联合监测的结果不能修改，只能补录留样。")
        return sample if reserve in (None, sample.reserve) else _with_reserve(sample, reserve, by)
    if objection is None:
        use(sample, by)
    return sample


@transaction.atomic
def enter_reserve(*, sample: JointSample, reserve: Decimal, by: User) -> JointSample:
    """The reserve's result, once; it decides where the two were too far apart."""
    _permit(by)
    if sample.objection is not None:
        refuse_decided(locked(sample.objection), "补录留样")
    sample = JointSample.objects.select_for_update(of=("self",)).get(pk=sample.pk)
    return _with_reserve(sample, reserve, by)


def use(sample: JointSample, by: User, cause: str = "") -> ReadingKey | None:
    """The value used becomes a reading of origin 联合; None while there is no value."""
    if sample.value is None:
        return None
    key = ReadingKey(sample.indicator.code, sample.sampled_at, Origin.JOINT.value)
    keep_reading(
        section=sample.section,
        key=key,
        value=sample.value.quantize(KEPT),
        by=by,
        reason="联合监测结果",
        cause=cause or f"joint {sample.pk}",
    )
    return key


def examine_results(
    upstream: Decimal, downstream: Decimal, agreed_error: Decimal, reserve: Decimal | None
) -> None:
    """Raises Refused for what no laboratory reports."""
    for words, value in (("上游方", upstream), ("下游方", downstream), ("留样", reserve)):
        if value is not None and (not value.is_finite() or value < 0 or value >= 10**10):
            raise Refused(f"{words}结果须是不小于 0 的数。")
    if not agreed_error.is_finite() or not 0 < agreed_error <= 200:
        raise Refused("约定相对误差须大于 0，至多 200（%）。")


def _with_reserve(sample: JointSample, reserve: Decimal, by: User) -> JointSample:
    examine_results(sample.upstream, sample.downstream, sample.agreed_error, reserve)
    if sample.reserve is not None:
        if sample.reserve == reserve:
            return sample
        raise Refused(f"{sample}的留样结果已录入，不能修改。")
    sample.reserve = reserve
    if not sample.within:
        sample.value = reserve
    sample.save(update_fields=["reserve", "value"])
    if sample.objection_id is None and not sample.within:
        use(sample, by)
    return sample


def _refuse_elsewhere(objection: Objection, section: Section, sampled_at: datetime) -> None:
    day = timezone.localdate(sampled_at)
    if section.pk != objection.section_id or month_start(day) != objection.month.month:
        raise Refused(
            f"异议中的联合监测须是{objection.section}、"
            f"{objection.month.month:%Y-%m} 的样品（留样复测填原采样时间）。"
        )


def _permit(by: User) -> None:
    if not viewer_of(by).may(Act.REVIEW_DATA):
        raise NotAllowed(f"{by} 不能登记联合监测。")
