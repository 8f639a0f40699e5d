"""审核: a person judges a reading, or a value measured for a decision is entered.

A judgement never deletes. It sets the reading's flag or value; the triggers keep what the
reading was as a revision, mark the month, and the recompute follows after the commit.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone

from basins.access import Act, viewer_of
from basins.clock import now
from basins.models import User
from jobs.wake import wake_on_commit
from monitoring.models import Indicator, Origin, Reading, Section, Verdict
from monitoring.protocols.layouts import INDICATORS, impossible
from monitoring.standards.detection import MeasuredValue, measured

VALID, INVALID = "N", "V"
LONGEST = 500
PLACES, LARGEST = 8, Decimal(10) ** 12
Outcome = Verdict.Outcome


class VerdictRefused(ValueError):
    """A judgement that cannot be made; the message (Chinese) says why and what to do."""


@dataclass(frozen=True, slots=True, order=True)
class ReadingKey:
    """Which reading of a section: indicator code, time (with zone), origin."""

    indicator: str
    sampled_at: datetime
    origin: int

    @property
    def text(self) -> str:
        """As forms carry it; `parse` reads it again."""
        return f"{self.indicator}|{self.sampled_at.astimezone(UTC).isoformat()}|{self.origin}"

    @classmethod
    def parse(cls, text: str) -> "ReadingKey":
        """Raises VerdictRefused for what is no key."""
        try:
            indicator, at, origin = text.split("|")
            when = datetime.fromisoformat(at)
            if when.tzinfo is None or len(indicator) > 20:
                raise ValueError(text)
            return cls(indicator, when, Origin(int(origin)).value)
        except ValueError as wrong:
            raise VerdictRefused("数据的标识无法识别，请从列表中选择。") from wrong


def examined(value: Decimal | MeasuredValue | None, indicator: str) -> MeasuredValue:
    """A typed value of the indicator as it would be kept. Raises VerdictRefused."""
    try:
        result = measured(value) if value is not None else None
    except ValueError:  # not finite: refused in the same words
        result = None
    known = INDICATORS.get(indicator)
    least = known.least if known is not None else 0
    if result is None or not min(least, 0) <= result.value < LARGEST:
        asked = "请填写更正后的值：" if value is None else "须是"
        raise VerdictRefused(f"{asked}不小于 0 的数，未检出填检出限加 L。")
    if known is not None and (why := impossible(result.value, known)):
        raise VerdictRefused(f"{why}；请核对小数点和单位，仪器故障的请判为无效。")
    exponent = result.value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > PLACES:
        raise VerdictRefused(f"值至多 {PLACES} 位小数。")
    if result.below_limit and known is not None and not known.has_detection_limit:
        raise VerdictRefused(f"{known.title}没有检出限；请填测得的数值。")
    return result


@transaction.atomic
def judge_reading(
    *,
    section: Section,
    key: ReadingKey,
    outcome: str,
    reason: str,
    by: User,
    value: Decimal | MeasuredValue | None = None,
    cause: str = "",
) -> Verdict:
    """Judge one reading: valid, invalid (flag V), or corrected to `value` (unit of the indicator).

    A value with the mark of 未检出 keeps it: it is the detection limit and counts half.

    The same judgement again is the one there is. Raises VerdictRefused for a reading that is
    not there, a missing reason, a value that is none, or a person who does not review data.
    """
    if not viewer_of(by).may(Act.REVIEW_DATA):
        raise VerdictRefused(f"{by} 不能审核监测数据。")
    said = " ".join(reason.split())
    if not said or len(said) > LONGEST:
        raise VerdictRefused(f"请写明审核的理由（至多 {LONGEST} 字）。")
    found = Outcome(outcome)
    reading = _locked(section, key)
    before = (reading.value, reading.below_limit)
    result = examined(value, key.indicator) if found == Outcome.CORRECTED else None
    after = (result.value, result.below_limit) if result is not None else before
    flag = INVALID if found == Outcome.INVALIDATED else VALID
    if found == Outcome.CORRECTED and (after, flag) == (before, reading.flag):
        if (last := last_verdict(section, key)) is not None and last.outcome == found:
            return last
        raise VerdictRefused(f"{named(section, key)}已是 {_shown(after)}，无须更正。")
    if found != Outcome.CORRECTED and flag == reading.flag:
        last = last_verdict(section, key)
        if last is not None and (
            last.outcome, (last.value_after, last.below_after)
        ) == (found, after):  # fmt: skip
            return last
        if found == Outcome.INVALIDATED:
            raise VerdictRefused(f"{named(section, key)}已是无效数据。")
    verdict = Verdict.objects.create(
        section=section,
        indicator_id=reading.indicator_id,
        sampled_at=key.sampled_at,
        origin=key.origin,
        outcome=found,
        value_before=reading.value,
        below_before=reading.below_limit,
        flag_before=reading.flag,
        value_after=after[0],
        below_after=after[1],
        flag_after=flag,
        reason=said,
        cause=cause,
        by=by,
        at=now(),
    )
    _at(section, key).update(flag=flag, value=after[0], below_limit=after[1])
    wake_on_commit("settlements.recompute")
    return verdict


@transaction.atomic
def keep_reading(
    *,
    section: Section,
    key: ReadingKey,
    value: Decimal | MeasuredValue,
    by: User,
    reason: str,
    cause: str = "",
) -> bool:
    """Store a value measured for a decision (JOINT, MANUAL); whether anything is new.

    One that is there with another value is corrected, with a verdict.
    """
    number = examined(value, key.indicator)
    indicator = Indicator.objects.filter(code=key.indicator).first()
    if indicator is None:
        raise VerdictRefused(f"没有指标 {key.indicator}。")
    with connection.cursor() as cursor:
        cursor.execute("SELECT monitoring_ensure_partition(monitoring_month_of(%s))",
                       [key.sampled_at])  # fmt: skip
        cursor.execute(
            """INSERT INTO monitoring_reading
                   (section_id, indicator_id, sampled_at, origin, value, below_limit)
               VALUES (%s, %s, %s, %s, %s, %s)
               ON CONFLICT (section_id, indicator_id, sampled_at, origin) DO NOTHING""",
            [
                section.pk,
                indicator.pk,
                key.sampled_at,
                key.origin,
                number.value,
                number.below_limit,
            ],
        )
        made = cursor.rowcount == 1
    if made:
        wake_on_commit("settlements.recompute")
        return True
    there = _locked(section, key)
    if (there.value, there.below_limit, there.flag) == (number.value, number.below_limit, VALID):
        return False
    judge_reading(
        section=section, key=key, outcome=Outcome.CORRECTED, value=number,
        reason=reason, by=by, cause=cause,
    )  # fmt: skip
    return True


def mark_month(section_id: int, month: date) -> None:
    """Hold the section-month's dirty mark, as the triggers make it, until the transaction ends.

    The recompute takes marks before agreements; whoever locks an agreement and then changes
    readings takes the mark first.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
               VALUES (%s, %s, now())
               ON CONFLICT (section_id, month) DO UPDATE
               SET marked_at = EXCLUDED.marked_at, retry_at = NULL, error = ''""",
            [section_id, month],
        )


def last_verdict(section: Section, key: ReadingKey) -> Verdict | None:
    return (
        Verdict.objects.filter(
            section=section,
            indicator__code=key.indicator,
            sampled_at=key.sampled_at,
            origin=key.origin,
        )
        .order_by("-pk")
        .first()
    )


def readings_at(section: Section, key: ReadingKey) -> Reading | None:
    """The reading of that key as it is now."""
    return _at(section, key).select_related("indicator").first()


def named(section: Section, key: ReadingKey) -> str:
    """Words for a reading in messages."""
    at = timezone.localtime(key.sampled_at)
    return f"{section} {key.indicator} {at:%Y-%m-%d %H:%M}（{Origin(key.origin).label}）"


def _at(section: Section, key: ReadingKey):
    return Reading.objects.filter(
        section=section,
        indicator__in=Indicator.objects.filter(code=key.indicator).values("pk"),
        sampled_at=key.sampled_at,
        origin=key.origin,
    )


def _locked(section: Section, key: ReadingKey) -> Reading:
    """The reading, held until the transaction ends; raises VerdictRefused where there is none."""
    found = _at(section, key).select_for_update().first()
    if found is None:
        raise VerdictRefused(f"没有 {named(section, key)} 这条数据；请从列表中选择。")
    return found


def _shown(after: tuple[Decimal, bool]) -> str:
    return f"{after[0].normalize():f}{'L' if after[1] else ''}"
