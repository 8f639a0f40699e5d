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
from monitoring.protocols.layouts import INDICATORS, impossible
from monitoring.screening.services.verdicts import ReadingKey, keep_reading
from monitoring.standards.detection import MeasuredValue, measured
from monitoring.standards.exact import decimal_of, exact
from settlements.models import JointSample, Objection
from settlements.moving.acts import NotAllowed, Refused
from settlements.objections.services.objections import locked, refuse_decided

PLACES = 8  # decimals that are kept
Result = Decimal | MeasuredValue  # a plain number was detected


@dataclass(frozen=True, slots=True)
class ComparedResults:
    """Two results: their relative error in %, whether it is within the agreed one, the value
    used (None: the reserve decides, and is not there yet), as it will be kept."""

    error: Decimal
    within: bool
    value: Decimal | None
    below: bool = False

    @property
    def result(self) -> MeasuredValue | None:
        return MeasuredValue(self.value, self.below) if self.value is not None else None


def relative_error(a: Decimal, b: Decimal) -> Decimal:
    """|a − b| ÷ mean(a, b) × 100, in %, not rounded, for show; 0 where both are 0."""
    return decimal_of(_error(a, b))


def _error(a: Decimal, b: Decimal) -> Fraction:
    one, other = exact(a), exact(b)
    return abs(one - other) / (one + other) * 200 if one + other else Fraction(0)


def compare(
    upstream: Result, downstream: Result, agreed_error: Decimal, reserve: Result | None = None
) -> ComparedResults:
    """Which value is used. An error equal to the agreed one is within it.

    A result below its detection limit counts half the limit (环办监测函〔2020〕82号, 七). Where both
    are, so is their mean: the mean of the limits, which counts half in its turn.
    """
    a, b = measured(upstream), measured(downstream)
    exact_error = _error(a.counted, b.counted)
    error = decimal_of(exact_error)
    if exact_error > agreed_error:
        if reserve is None:
            return ComparedResults(error, False, None)
        kept = measured(reserve)
        return ComparedResults(error, False, kept.value, kept.below_limit)
    below = a.below_limit and b.below_limit
    mean = (a.value + b.value) / 2 if below else (a.counted + b.counted) / 2
    kept_mean = mean if mean == round(mean, PLACES) else round(mean, PLACES)
    return ComparedResults(error, True, kept_mean, below)


def error_of(sample: JointSample) -> Decimal:
    """The relative error of a kept sample's two results, in %."""
    return relative_error(sample.upstream_result.counted, sample.downstream_result.counted)


@transaction.atomic
def record_joint_sample(
    *,
    section: Section,
    indicator: Indicator,
    sampled_at: datetime,
    upstream: Result,
    downstream: Result,
    agreed_error: Decimal,
    by: User,
    reserve: Result | None = None,
    objection: Objection | None = None,
) -> JointSample:
    """Keep both results (and the reserve's), in the indicator's unit; `agreed_error` in %.

    The same sample with the same results again changes nothing. Raises NotAllowed, Refused.
    """
    _permit(by)
    examine_results(upstream, downstream, agreed_error, reserve, indicator)
    a, b = measured(upstream), measured(downstream)
    kept = measured(reserve) if reserve is not None else None
    if sampled_at > now():
        raise Refused("采样时间还没有到；请核对。")
    if objection is not None:
        objection = locked(objection)
        refuse_decided(objection, "登记联合监测")
        _refuse_elsewhere(objection, section, sampled_at)
    found = compare(a, b, agreed_error, kept)
    sample, made = JointSample.objects.select_for_update(of=("self",)).get_or_create(
        section=section,
        indicator=indicator,
        sampled_at=sampled_at,
        defaults={
            "objection": objection,
            "upstream": a.value,
            "upstream_below": a.below_limit,
            "downstream": b.value,
            "downstream_below": b.below_limit,
            "reserve": kept.value if kept else None,
            "reserve_below": kept.below_limit if kept else None,
            "agreed_error": agreed_error,
            "within": found.within,
            "value": found.value,
            "value_below": found.below,
            "by": by,
            "at": now(),
        },
    )
    if not made:
        same = (sample.upstream_result, sample.downstream_result, sample.agreed_error)
        if same != (a, b, agreed_error) or sample.objection != objection:
            raise Refused(f"{sample}已登记，结果不同；联合监测的结果不能修改，只能补录留样。")
        if kept in (None, sample.reserve_result):
            return sample
        return _with_reserve(sample, kept, by)
    if objection is None:
        use(sample, by)
    return sample


@transaction.atomic
def enter_reserve(*, sample: JointSample, reserve: Result, by: User) -> JointSample:
    """The reserve's result, once; it decides where the two were too far apart."""
    _permit(by)
    if sample.objection is not None:
        refuse_decided(locked(sample.objection), "补录留样")
    sample = JointSample.objects.select_for_update(of=("self",)).get(pk=sample.pk)
    examine_results(
        sample.upstream_result, sample.downstream_result, sample.agreed_error, reserve,
        sample.indicator,
    )  # fmt: skip
    return _with_reserve(sample, measured(reserve), by)


def use(sample: JointSample, by: User, cause: str = "") -> ReadingKey | None:
    """The value used becomes a reading of origin 联合; None while there is no value."""
    if (result := sample.result) is None:
        return None
    key = ReadingKey(sample.indicator.code, sample.sampled_at, Origin.JOINT.value)
    keep_reading(
        section=sample.section,
        key=key,
        value=result,
        by=by,
        reason="联合监测结果",
        cause=cause or f"joint {sample.pk}",
    )
    return key


def examine_results(
    upstream: Result,
    downstream: Result,
    agreed_error: Decimal,
    reserve: Result | None,
    indicator: Indicator,
) -> None:
    """Raises Refused for what no laboratory reports, and what would not be kept as it is."""
    known = INDICATORS.get(indicator.code)
    for words, given in (("上游方", upstream), ("下游方", downstream), ("留样", reserve)):
        if given is None:
            continue
        below = isinstance(given, MeasuredValue) and given.below_limit
        value = given.value if isinstance(given, MeasuredValue) else given
        if not value.is_finite() or value < 0 or value >= 10**10:
            raise Refused(f"{words}结果须是不小于 0 的数。")
        if known is not None and (why := impossible(value, known)):
            raise Refused(f"{words}结果：{why}；请核对小数点和单位。")
        if value != round(value, PLACES):
            raise Refused(f"{words}结果至多 {PLACES} 位小数；请按方法规定的位数修约后填报。")
        if below and known is not None and not known.has_detection_limit:
            raise Refused(f"{known.title}没有检出限；{words}结果请填测得的数值。")
    if not agreed_error.is_finite() or not 0 < agreed_error <= 200:
        raise Refused("约定相对误差须大于 0，至多 200（%）。")
    if agreed_error != round(agreed_error, 2):
        raise Refused("约定相对误差至多 2 位小数。")


def _with_reserve(sample: JointSample, reserve: MeasuredValue, by: User) -> JointSample:
    if sample.reserve_result is not None:
        if sample.reserve_result == reserve:
            return sample
        raise Refused(f"{sample}的留样结果已录入，不能修改。")
    sample.reserve, sample.reserve_below = reserve.value, reserve.below_limit
    if not sample.within:
        sample.value, sample.value_below = reserve.value, reserve.below_limit
    sample.save(update_fields=["reserve", "reserve_below", "value", "value_below"])
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
