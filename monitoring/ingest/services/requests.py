"""Readings that a program sends: up to 100,000 in a request, each answered for by its index.

All of them or none, unless the program says that the good ones are to be stored by themselves. The
same checks as for files, and the same road into the table.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from basins.clock import now as clock_now
from jobs.wake import wake_on_commit
from monitoring.ingest.services.storing import AHEAD, EARLIEST, Told, counted, stage, store
from monitoring.models import AccessToken, ImportBatch, Indicator, Origin
from monitoring.protocols.hj525 import indicator_of
from monitoring.protocols.layouts import DOUBTED, INDICATORS, Value, WrittenIndicator
from monitoring.protocols.layouts.cells import ORIGINS, read_flag, read_value
from monitoring.protocols.layouts.headings import indicator_named, unit_problem
from written.text import CellError

LAYOUT = "api"
MOST = 100_000  # readings a request
LISTED = 1000  # errors that are told one by one
FIELDS = ("section", "indicator", "sampled_at", "value", "unit", "flag", "origin")
FIELD_SET = frozenset(FIELDS)
NUMBERS = '请写成文本或数字，未检出写 "0.025L"。'
INDICATOR_NAMES = "请用指标代码（NH3-N）、HJ 525 因子（w21003）或名称（氨氮）。"
SECTION_CODES = "请用令牌所属断面的编码。"
MOMENTS = "请写 ISO 8601 时间并带时区，如 2026-11-01T08:00:00+08:00。"
NEEDED = ("section", "indicator", "sampled_at", "value")
KEPT_DAYS = 7  # answers under an Idempotency-Key


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one reading. `index`: from 0, in the order sent."""

    index: int
    field: str
    value: str
    reason: str
    remedy: str


@dataclass
class Received:
    """What became of a request. rows = stored + duplicate + correction + rejected."""

    rows: int = 0
    stored: int = 0
    duplicate: int = 0
    correction: int = 0
    rejected: int = 0
    doubted: int = 0  # of those that were taken: in no mean until a person has judged them
    batch: int | None = None
    errors: list[Wrong] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """At most LISTED errors, and how many are not listed."""
        listed = [asdict(each) for each in self.errors[:LISTED]]
        counts = {name: getattr(self, name) for name in (
            "rows", "stored", "duplicate", "correction", "rejected", "doubted", "batch",
        )}  # fmt: skip
        return {**counts, "errors": listed, "errors_not_listed": len(self.errors) - len(listed)}


class RequestRefused(Exception):
    """Nothing of the request was stored; `report` says why, reading by reading."""

    def __init__(self, report: Received) -> None:
        super().__init__(f"{report.rejected} 条有误，没有入库。")
        self.report = report


class OtherBody(Exception):
    """The Idempotency-Key was used before, for something else."""


@transaction.atomic
def receive(
    *,
    token: AccessToken,
    readings: Sequence[Any],
    partial: bool = False,
    key: str = "",
    body: bytes = b"",
) -> tuple[dict[str, Any], bool]:
    """Store what a program sent; the answer as JSON, and whether it is one from before.

    `key` and `body`: of an Idempotency-Key; of two that come at once the second waits for the
    first. Raises RequestRefused where anything is wrong and `partial` was not asked for, or all of it
    is; OtherBody.
    """
    if key and (before := _answered(token, key, b"%d" % partial + body)) is not None:
        return before, True
    work = _Work(token, clock_now())
    for index, each in enumerate(readings):
        work.take(index, each)
    report = work.report
    report.rows = len(readings)
    report.rejected = len({wrong.index for wrong in report.errors})
    if report.rejected and (not partial or report.rejected == report.rows):
        raise RequestRefused(report)
    _store(work, token, body)
    answer = report.to_json()
    if key:
        with connection.cursor() as cursor:
            cursor.execute(ANSWER, [json.dumps(answer, ensure_ascii=False), token.pk, key])
    return answer, False


def _answered(token: AccessToken, key: str, body: bytes) -> dict[str, Any] | None:
    """What was answered under the key; None: nothing, and it is taken now."""
    digest = hashlib.sha256(body).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [token.pk, KEPT_DAYS])
        cursor.execute(TAKE, [token.pk, key, digest])
        if cursor.rowcount:
            return None
        cursor.execute(TAKEN, [token.pk, key])
        answer, before = cursor.fetchone()
    if before != digest:
        raise OtherBody
    return json.loads(answer)


@dataclass(frozen=True, slots=True)
class WrongPart:
    """A part of a reading that cannot be understood, wherever it stands."""

    field: str
    reason: str
    remedy: str


# Section; moment, and as COPY reads it; value, and the end of its line; origin.
Understood = tuple[int, tuple[datetime, str], tuple[Value, str], str]


class _Work:
    """The readings of a request, one after the other; what repeats is understood once."""

    def __init__(self, token: AccessToken, now: datetime) -> None:
        self.report = Received()
        self.lines: list[str] = []
        self.keys: set[tuple[int, datetime, int, str]] = set()
        self.latest = now + AHEAD
        self.sections = dict(token.sections.values_list("code", "pk"))
        self.pks = dict(Indicator.objects.values_list("code", "pk"))
        self.times: dict[str, str | tuple[datetime, str]] = {}
        self.indicators: dict[str, WrittenIndicator | None] = {}
        self.results: dict[tuple[Any, ...], tuple[Value, str] | WrongPart] = {}

    def take(self, index: int, each: Any) -> None:
        understood = self._seen_before(each) or self._look_closely(index, each)
        if understood is None:
            return
        section, (when, at), (value, tail), origin = understood
        number = ORIGIN_NUMBERS[origin]
        self.keys.add((section, when, number, value.indicator))
        self.lines.append(f"{index + 1}\t{section}\t{at}\t{number}\t{tail}")
        self.report.doubted += value.flag == DOUBTED

    def _seen_before(self, each: Any) -> Understood | None:
        """Where each part of it was understood in a reading before; None: look closely."""
        try:
            value = each["value"]
            section, moment = self.sections[each["section"]], self.times[each["sampled_at"]]
            found = self.results[
                each["indicator"], value, type(value), each.get("unit"), each.get("flag")
            ]
            origin = ORIGINS[each["origin"]] if "origin" in each else "automatic"
        except (KeyError, TypeError, AttributeError):
            return None
        if (
            isinstance(moment, str)
            or isinstance(found, WrongPart)
            or not FIELD_SET.issuperset(each)
        ):
            return None
        return section, moment, found, origin

    @property
    def told(self) -> Told:
        """What the lines are about."""
        number = len(self.lines)
        return Told({key[:3] for key in self.keys}, number, number, repeats=len(self.keys) < number)

    # What is new, or wrong ----------------------------------------------------------------

    def _look_closely(self, index: int, each: Any) -> Understood | None:
        """Section, moment, value and origin; None where anything of it is wrong, and it is told."""
        if not isinstance(each, Mapping):
            self._wrong(index, "", each, "不是一个对象", '每条数据写成 {"section": …, …}。')
            return None
        errors = len(self.report.errors)
        for name in NEEDED:
            if each.get(name) is None or each[name] == "":
                self._wrong(index, name, "", "缺少这一项", "请补上；没有测值的不必报送。")
        for name in each:
            if name not in FIELDS:
                self._wrong(
                    index, str(name), each[name], "没有这一项", f"只能是：{'、'.join(FIELDS)}。"
                )
        if len(self.report.errors) > errors:
            return None
        section = self._section(index, each["section"])
        moment = self._moment(index, each["sampled_at"])
        found = self._value(index, each)
        origin = self._origin(index, each.get("origin"))
        if section is None or moment is None or found is None or len(self.report.errors) > errors:
            return None
        return section, moment, found, origin

    def _wrong(self, index: int, name: str, value: Any, reason: str, remedy: str) -> None:
        text = value if isinstance(value, str) else repr(value) if value is not None else ""
        self.report.errors.append(Wrong(index, name, text[:100], reason, remedy))

    def _section(self, index: int, code: Any) -> int | None:
        found = self.sections.get(code) if isinstance(code, str) else None
        if found is None:
            self._wrong(
                index,
                "section",
                code,
                "没有这个断面",
                SECTION_CODES,
            )
        return found

    def _moment(self, index: int, text: Any) -> tuple[datetime, str] | None:
        known = self.times.get(text) if isinstance(text, str) else "不是时间"
        if known is None:
            known = self.times[text] = self._read_moment(text)
        if isinstance(known, str):
            self._wrong(
                index,
                "sampled_at",
                text,
                known,
                MOMENTS,
            )
            return None
        return known

    def _read_moment(self, text: str) -> tuple[datetime, str] | str:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            return "不是 ISO 8601 时间"
        if at.tzinfo is None:
            return "没有时区"
        try:
            at = at.astimezone(UTC)
        except OverflowError:
            return "不是 ISO 8601 时间"
        if at > self.latest:
            return "时间在将来"
        if at < EARLIEST:
            return "时间早于 2000 年"
        return at, at.isoformat()

    def _value(self, index: int, each: Mapping) -> tuple[Value, str] | None:
        value = each["value"]
        parts = each["indicator"], value, type(value), each.get("unit"), each.get("flag")
        try:
            known = self.results.get(parts)
        except TypeError:  # a list or an object where a text belongs
            known = WrongPart("value", "不是数", NUMBERS)
        if known is None:
            known = self.results[parts] = self._read_value(*parts)
        if isinstance(known, WrongPart):
            self._wrong(index, known.field, each.get(known.field), known.reason, known.remedy)
            return None
        return known

    def _read_value(
        self, name: Any, value: Any, kind: type, unit: Any, flag: Any
    ) -> tuple[Value, str] | WrongPart:
        indicator = self._indicator(name)
        if indicator is None:
            return WrongPart("indicator", "没有这个指标", INDICATOR_NAMES)
        if unit is not None and (not isinstance(unit, str) or unit_problem(unit, indicator)):
            says = f"{indicator.title}的单位是 {indicator.unit or '（无）'}"
            return WrongPart("unit", says, "请换算后报送，系统不换算。")
        if kind is bool or not isinstance(value, str | int | Decimal) or len(str(value)) > 60:
            return WrongPart("value", "不是数", NUMBERS)
        if not isinstance(flag, str | None):
            return WrongPart("flag", "不是标识", "请写一个字母，如 N。")
        try:
            own = read_flag(flag) if flag else "N"
        except CellError as error:
            return _wrong_part("flag", error)
        try:
            read = read_value(str(value), indicator)
        except CellError as error:
            return _wrong_part("value", error)
        if read is None:
            return WrongPart("value", "缺测", "没有测值的不必报送。")
        kept = read.flag if own == "N" and read.flag else own
        below = "t" if read.below_limit else "f"
        tail = f"{self.pks[read.indicator]}\t{below}\t{kept}\t{read.value}\n"
        return Value(read.indicator, read.value, read.below_limit, kept), tail

    def _indicator(self, name: Any) -> WrittenIndicator | None:
        if not isinstance(name, str):
            return None
        if name not in self.indicators:
            code = name if name in INDICATORS else indicator_of(name)
            named = None if code else indicator_named(name[:60])
            self.indicators[name] = INDICATORS[code] if code else named[0] if named else None
        return self.indicators[name]

    def _origin(self, index: int, text: Any) -> str:
        if text is None:
            return "automatic"
        found = ORIGINS.get(text.lower()) if isinstance(text, str) else None
        if found is None:
            self._wrong(
                index, "origin", text, "不认识的来源", "只能是：automatic、manual、joint、reserve。"
            )
        return found or "automatic"


def _wrong_part(name: str, error: CellError) -> WrongPart:
    reason, _, remedy = str(error).partition("；")
    return WrongPart(name, reason, remedy)


ORIGIN_NUMBERS = {
    "automatic": Origin.AUTOMATIC.value,
    "manual": Origin.MANUAL.value,
    "joint": Origin.JOINT.value,
    "reserve": Origin.RESERVE.value,
}


def _store(work: _Work, token: AccessToken, body: bytes) -> None:
    told, report = work.told, work.report
    if not told.lines:
        return
    stage(io.StringIO("".join(work.lines)), told, doubts=bool(report.doubted))
    batch = ImportBatch.objects.create(
        filename=f"接口报送 {report.rows} 条", sha256=hashlib.sha256(body).hexdigest(), layout=LAYOUT,
        sender=token.name, first_sampled=told.times["first"], last_sampled=told.times["last"],
    )  # fmt: skip
    kind = store(batch.pk, told)
    counts: Iterable[tuple[str, int]] = (
        [(kind, told.rows)] if kind else [(said, n) for _, said, n in counted([1])]
    )
    for said, number in counts:
        setattr(report, said, getattr(report, said) + number)
    report.batch = batch.pk
    batch.counts = {
        "rows": report.rows, "samples": len(told.samples), "readings": told.lines,
        "stored": report.stored, "duplicate": report.duplicate, "correction": report.correction,
        "empty": 0, "rejected": report.rejected,
    }  # fmt: skip
    batch.save(update_fields=["counts"])
    if report.stored or report.correction:
        wake_on_commit("settlements.recompute")


FORGET = """
DELETE FROM monitoring_answeredrequest
WHERE token_id = %s AND at < now() - make_interval(days => %s)
"""

TAKE = """
INSERT INTO monitoring_answeredrequest (token_id, key, body_digest) VALUES (%s, %s, %s)
ON CONFLICT (token_id, key) DO NOTHING
"""

TAKEN = (
    "SELECT answer, body_digest FROM monitoring_answeredrequest WHERE token_id = %s AND key = %s"
)

ANSWER = "UPDATE monitoring_answeredrequest SET answer = %s WHERE token_id = %s AND key = %s"
