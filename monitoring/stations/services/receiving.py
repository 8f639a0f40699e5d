"""Taking in frames: a group of them in one transaction, each told what to answer.

Only what is committed is answered by 9014. What cannot be taken is kept as a dead letter, with the
code its sender gets. Values of the station's assessed command are readings, by the same road
as a file's; those of its other commands and the results of checks are kept apart.
"""

import hashlib
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from django.db import connection, transaction
from django.utils.timezone import localtime
from psycopg2.extras import Json, execute_values

from basins.clock import now
from basins.models import User
from monitoring.ingest.services.storing import AHEAD, EARLIEST, Told, counted, stage, store
from monitoring.models import FactorMeaning, ImportBatch, Indicator, Origin, Station
from monitoring.protocols.hj212 import (
    CHECKS,
    UPLOADS,
    Field,
    Packet,
    QnRtn,
    Upload,
    kept_flag,
    quality_control,
    read_number,
    read_packet,
    read_upload,
)
from monitoring.protocols.hj525 import indicator_of
from monitoring.protocols.layouts import DOUBTED, INDICATORS, Value, impossible
from monitoring.protocols.layouts.cells import DECIMALS, is_fill
from monitoring.stations.services.arrivals import HEARTBEATS, NOTICES, TAKEN, Arrived, Verdict
from monitoring.stations.services.letters import Letter, Reason, keep_letters

LAYOUT, SENDER = "hj212", "HJ 212 网关"  # of the batches
SURFACE_WATER = "21"  # ST
_ITEM = re.compile(r"(?i);|DataTime=|[a-z]\w{5}-\w+=")


@dataclass(frozen=True, slots=True)
class KnownStation:
    """A station as frames are admitted by it. `meanings`: factor → indicator code, None: not read."""

    pk: int
    section: int
    password_digest: str
    assessed: str
    counts_by_hand: bool
    is_active: bool
    meanings: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Known:
    """The stations by MN and the indicators by code: 3 SQL queries."""

    stations: dict[str, KnownStation]
    indicators: dict[str, int]
    # By the value itself, which is kept: no other has its id.
    tails: dict[int, tuple[Value, str]] = field(default_factory=dict)

    def tail(self, value: Value) -> str:
        """The end of a value's line for COPY; values repeat, so it is written once."""
        known = self.tails.get(id(value))
        if known is None:
            text = f"{self.indicators[value.indicator]}\tf\t{value.flag}\t{value.value}\n"
            known = self.tails[id(value)] = value, text
        return known[1]

    @classmethod
    def load(cls) -> "Known":
        meanings: dict[int, dict[str, str | None]] = {}
        for pk, factor, code in FactorMeaning.objects.order_by("pk").values_list(
            "station_id", "factor", "indicator__code"
        ):
            meanings.setdefault(pk, {})[factor] = code
        stations = {
            each.mn: KnownStation(
                each.pk, each.section_id, each.password_digest, each.assessed,
                each.counts_by_hand, each.is_active, meanings.get(each.pk, {}),
            )
            for each in Station.objects.order_by("pk")
        }  # fmt: skip
        return cls(stations, dict(Indicator.objects.order_by("pk").values_list("code", "pk")))


@dataclass
class Taken:
    """What became of a group: an answer for each frame, and counts for the gateway's report."""

    verdicts: list[Verdict]
    stored: int = 0  # frames by the most telling of their readings
    duplicate: int = 0
    correction: int = 0
    letters: int = 0
    woken: bool = False  # whether there is something to recompute


def _always() -> bool:
    return True


@dataclass
class _Group:
    """What a group of frames comes to, row by row, before it is stored."""

    known: Known
    at: datetime
    may_keep_strangers: Callable[[], bool] = _always
    lines: io.StringIO = field(default_factory=io.StringIO)
    told: Told = field(default_factory=Told)
    doubts: bool = False
    values: dict[tuple, tuple] = field(default_factory=dict)
    checks: dict[tuple, tuple] = field(default_factory=dict)
    frames: list[tuple] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)


@transaction.atomic
def take_in(
    group: Sequence[Arrived], known: Known, *, may_keep_strangers: Callable[[], bool] = _always
) -> Taken:
    """Store a group of frames; every verdict holds once the transaction has committed.

    `may_keep_strangers` is asked before a frame of somebody unknown is kept.
    """
    work = _Group(known, now(), may_keep_strangers)
    verdicts = [_admit(work, number, each) for number, each in enumerate(group, 1)]
    taken = Taken(verdicts)
    batch = None
    if work.told.lines:
        _stage(work)
        batch = _store_readings(work, f"HJ 212 {len(group)} 帧", _seal(group), taken)
    _store_beside(work, batch)
    taken.letters = keep_letters(work.letters)
    return taken


# Taken in again ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Again:
    """A packet that was kept as a letter; `factor`: only its value, "" all of it."""

    of: Arrived
    factor: str


@dataclass
class TakenAgain(Taken):
    """`problems`: of each why it is not taken, in Chinese; "" where it is."""

    problems: list[str] = field(default_factory=list)
    batch: int | None = None


def take_again(kept: Sequence[Again], known: Known, *, by: User) -> TakenAgain:
    """Store packets of known senders that could not be taken before; part of the caller's transaction.

    What is stored stays: a reading, or another value, that is there came later than the letter. What
    of a whole packet still cannot be taken becomes a letter of its own, as when it arrives.
    """
    work, taken = _Group(known, now()), TakenAgain([])
    frames: list[tuple[int, tuple]] = []
    for number, each in enumerate(kept, 1):
        taken.problems.append(_take_one_again(work, number, each))
        frames += [(number, row) for row in work.frames]
        work.frames.clear()
    if work.told.lines:
        _stage(work)
        for number, words in _clashes(work.told):
            taken.problems[number - 1] = words
        if work.told.lines:
            name, seal = f"HJ 212 死信重放 {len(kept)} 条", _seal([each.of for each in kept])
            taken.batch = _store_readings(work, name, seal, taken, by=by)
    work.frames = [row for number, row in frames if not taken.problems[number - 1]]
    _store_beside(work, taken.batch, over=False)
    taken.letters = keep_letters(work.letters)
    return taken


def _take_one_again(work: _Group, number: int, again: Again) -> str:
    each, packet = again.of, again.of.packet
    station = work.known.stations[packet.mn]
    began = len(work.letters)
    if packet.problem is not None:
        return packet.problem.words
    if not again.factor:
        if take(work, number, each, station).code is None:
            return ""
    else:
        upload = each.upload if packet.parts == 1 else joined_parts(station, packet)
        only = [one for one in upload.fields if one.factor == again.factor] if upload else []
        if upload is None or not only:
            return f"报文里没有因子 {again.factor[:20]} 可以读取的值"
        _take_upload(work, number, each, station, replace(upload, fields=(*only,), unread=()))
        work.frames.clear()  # the packet was kept when it came
        if len(work.letters) == began:
            return ""
    words = work.letters[-1].words
    del work.letters[began:]
    return words


def _clashes(told: Told) -> list[tuple[int, str]]:
    """Which letters would change a reading that is there, and what to say: they are not staged any more."""
    with connection.cursor() as cursor:
        cursor.execute(CLASHES, told.times)
        found = cursor.fetchall()
        if found:
            cursor.execute("DELETE FROM staged WHERE row_no = ANY(%s)", [[n for n, _, _ in found]])
            cursor.execute("SELECT count(*), count(DISTINCT row_no) FROM staged")
            told.lines, told.rows = cursor.fetchone()
            cursor.execute("SELECT DISTINCT section_id, sampled_at, origin FROM staged")
            told.samples = set(cursor.fetchall())
    return [
        (
            number,
            f"{localtime(at):%Y-%m-%d %H:%M} 已有另一个{name}，没有覆盖；需要时在数据审核里更正",
        )
        for number, name, at in found
    ]


# Whether a frame is taken ----------------------------------------------------------------------


def _admit(work: _Group, number: int, each: Arrived) -> Verdict:
    packet = each.packet
    if not each.frame.whole:
        return _refuse(work, each, Reason.CRC, each.frame.remark, QnRtn.CRC)
    if packet.problem is not None:
        return _refuse(work, each, Reason.PACKET, packet.problem.words, packet.problem.code)
    station = work.known.stations.get(packet.mn)
    if station is None:
        return _refuse(work, each, Reason.STATION, f"没有登记设备编码 {packet.mn}", QnRtn.MN)
    if not station.is_active:
        return _refuse(work, each, Reason.STATION, f"站点 {packet.mn} 已停用", QnRtn.MN, station)
    if each.password_digest != station.password_digest:
        return _refuse(work, each, Reason.PASSWORD, "密码与登记的不符", QnRtn.PW, station)
    return take(work, number, each, station)


def take(work: _Group, number: int, each: Arrived, station: KnownStation) -> Verdict:
    """A packet whose sender is known."""
    packet = each.packet
    if packet.cn in HEARTBEATS:
        return TAKEN
    if packet.st != SURFACE_WATER:
        words = f"系统编码 ST={packet.st[:10] or '（空）'}，地表水站应为 {SURFACE_WATER}"
        return _refuse(work, each, Reason.PACKET, words, QnRtn.ST, station)
    if packet.cn in NOTICES:
        work.frames.append(_frame_row(each, station, None))
        return TAKEN
    if packet.cn not in UPLOADS:
        return _refuse(work, each, Reason.COMMAND, f"不支持命令 {packet.cn}", QnRtn.CN, station)
    upload = each.upload if packet.parts == 1 else _joined(each, station)
    if upload is None:
        return TAKEN  # a part of a message the rest of which is still to come
    return _take_upload(work, number, each, station, upload)


def _take_upload(
    work: _Group, number: int, each: Arrived, station: KnownStation, upload: Upload
) -> Verdict:
    if upload.problem is not None or upload.at is None:
        words = upload.problem.words if upload.problem else "没有数据时间 DataTime"
        return _refuse(work, each, Reason.PACKET, words, QnRtn.UNKNOWN, station)
    if not EARLIEST <= upload.at <= work.at + AHEAD:
        words = "数据时间在将来；请校准站点时钟" if upload.at > work.at else "数据时间早于 2000 年"
        return _refuse(work, each, Reason.TIME, words, QnRtn.UNKNOWN, station)
    letters = work.letters
    for unread in upload.unread:
        letters.append(
            Letter(each, Reason.VALUE, unread.words, station.pk, unread.factor, unread.written)
        )
    readings: list[Value] = []
    given: dict[tuple[str, str], str] = {}  # indicator and check → its factor
    for one in upload.fields:
        meant = _meant(one, station, each.packet)
        if isinstance(meant, Meant):
            first = given.setdefault((meant.value.indicator, meant.check), one.factor)
            if first != one.factor:
                meant = Reason.VALUE, f"与因子 {first[:20]} 是同一指标，只取其一"
        if isinstance(meant, Meant):
            if meant.check:
                _keep_check(work, station, each.packet, upload.at, one, meant)
            elif each.packet.cn == station.assessed:
                readings.append(meant.value)
            else:
                _keep_beside(work, station, each.packet, upload.at, one, meant)
        elif meant is not None:
            reason, words = meant
            written = "、".join(f"{kind}={said}" for kind, said in one.parts)
            letters.append(Letter(each, reason, words, station.pk, one.factor, written))
    if readings:
        _add_lines(work, number, station, upload.at, tuple(readings))
    if each.packet.parts == 1:
        work.frames.append(_frame_row(each, station, upload.at))
    return TAKEN


@dataclass(frozen=True, slots=True)
class Meant:
    """A value as it is kept; `check`: the kind of check it is the result of, "" of the river."""

    value: Value
    check: str = ""


def _meant(one: Field, station: KnownStation, packet: Packet) -> Meant | tuple[str, str] | None:
    """What a factor's value is; None: nothing to keep; else the reason it cannot be kept."""
    by_hand, check = station.counts_by_hand, CHECKS.get(packet.cn, "")
    if one.factor not in station.meanings:
        return _usual(one.factor, one.value, one.flag, packet.version, by_hand, check)
    code = station.meanings[one.factor]
    if code is None or one.value is None:
        return None
    return _weighed(code, one.value, one.flag, packet.version, by_hand, check)


@lru_cache(32768)
def _usual(
    factor: str, number: Decimal | None, flag: str, version: int, by_hand: bool, check: str
) -> Meant | tuple[str, str] | None:
    """Of a factor that means what HJ 525 says."""
    if (code := indicator_of(factor)) is None:
        return Reason.FACTOR, f"不认识的因子 {factor[:20]}"
    if number is None:
        return None
    return _weighed(code, number, flag, version, by_hand, check)


def _weighed(
    code: str, number: Decimal, flag: str, version: int, by_hand: bool, check: str
) -> Meant | tuple[str, str]:
    indicator = INDICATORS[code]
    kept = kept_flag(flag, version, counts_by_hand=by_hand)
    if kept is None:
        return Reason.VALUE, f"数据标记无法识别：{flag[:20]}"
    exponent = number.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > DECIMALS:
        return Reason.VALUE, f"{indicator.title}的小数超过 {DECIMALS} 位"
    if kind := quality_control(flag) or check:
        return Meant(Value(code, number, False, "N"), kind)
    if why := impossible(number, indicator):
        return Reason.VALUE, why
    if kept == "N" and is_fill(number, indicator):
        kept = DOUBTED
    return Meant(Value(code, number, False, kept))


def _refuse(
    work: _Group,
    each: Arrived,
    reason: str,
    words: str,
    code: QnRtn,
    station: KnownStation | None = None,
) -> Verdict:
    known = station is not None and reason != Reason.PASSWORD
    if known or work.may_keep_strangers():
        work.letters.append(Letter(each, reason, words, station.pk if station else None))
    return Verdict(code)


# A message in many packets ----------------------------------------------------------------------


def _joined(each: Arrived, station: KnownStation) -> Upload | None:
    """The upload of a split message, once all its packets are there; None before.

    A packet is answered when it is kept, so the others are looked for among the kept ones.
    """
    with connection.cursor() as cursor:
        execute_values(cursor.cursor, FRAMES, [_frame_row(each, station, None, joined=False)])
    return joined_parts(station, each.packet)


def joined_parts(station: KnownStation, packet: Packet) -> Upload | None:
    """What the kept packets of the message say that `packet` is one of; None where some lack."""
    with connection.cursor() as cursor:
        cursor.execute(PARTS, [station.pk, packet.qn, packet.cn])
        contents: dict[int, str] = {}
        for part, raw in cursor.fetchall():
            contents[part] = read_packet(raw.encode("ascii", "replace")).content
        if len(contents) < packet.parts:
            return None
        whole = ""
        for part in sorted(contents):
            glue = ";" if whole and not whole.endswith(";") and _ITEM.match(contents[part]) else ""
            whole += glue + contents[part]
        cursor.execute(JOINED, [station.pk, packet.qn, packet.cn])
    return read_upload(
        Packet(
            packet.qn, packet.st, packet.cn, packet.pw, packet.mn, packet.flag, 1, 1,
            ";".join(item for item in whole.split(";") if not item.startswith(("PNUM=", "PNO="))),
        )
    )  # fmt: skip


# Rows -------------------------------------------------------------------------------------------


def _add_lines(
    work: _Group, number: int, station: KnownStation, at: datetime, values: tuple[Value, ...]
) -> None:
    origin = Origin.AUTOMATIC.value
    work.told.add((station.section, at, origin), values, by_value=False)
    begin = f"{number}\t{station.section}\t{at.isoformat()}\t{origin}\t"
    tail = work.known.tail
    work.lines.write("".join([begin + tail(value) for value in values]))
    work.doubts |= any(value.flag == DOUBTED for value in values)


def _keep_beside(
    work: _Group, station: KnownStation, packet: Packet, at: datetime, one: Field, meant: Meant
) -> None:
    parts, indicator = dict(one.parts), work.known.indicators[meant.value.indicator]
    least, most = (read_number(parts.get(kind, ""))[0] for kind in ("Min", "Max"))
    key = (station.pk, packet.cn, indicator, at)
    work.values[key] = (*key, meant.value.value, least, most, meant.value.flag)


def _keep_check(
    work: _Group, station: KnownStation, packet: Packet, at: datetime, one: Field, meant: Meant
) -> None:
    key = (station.pk, work.known.indicators[meant.value.indicator], at, packet.cn, meant.check)
    work.checks[key] = (*key, meant.value.value, Json(dict(one.parts)))


def _frame_row(
    each: Arrived, station: KnownStation, at: datetime | None, *, joined: bool = True
) -> tuple:
    packet = each.packet
    return (
        station.pk, packet.qn, packet.cn, packet.version, packet.part, packet.parts, joined, at,
        each.short_digest, each.frame.remark[:200], each.raw,
    )  # fmt: skip


_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _lines_of(frames: Sequence[tuple]) -> io.StringIO:
    """Rows of _frame_row as COPY reads them."""
    lines = io.StringIO()
    for *row, remark, raw in frames:
        head = "\t".join("\\N" if cell is None else str(cell) for cell in row)
        lines.write(f"{head}\t{remark.translate(_ESCAPED)}\t{raw.translate(_ESCAPED)}\n")
    lines.seek(0)
    return lines


# Storing ----------------------------------------------------------------------------------------


def _stage(work: _Group) -> None:
    work.lines.seek(0)
    stage(work.lines, work.told, doubts=work.doubts)


def _seal(group: Sequence[Arrived]) -> str:
    return hashlib.sha256(b"".join(each.digest for each in group)).hexdigest()


def _store_readings(
    work: _Group, name: str, seal: str, taken: Taken, *, by: User | None = None
) -> int | None:
    """The staged readings as one batch; its number, None where nothing new was among them."""
    told = work.told
    batch = ImportBatch.objects.create(
        filename=name, sha256=seal, layout=LAYOUT, by=by, sender=SENDER,
        first_sampled=told.times["first"], last_sampled=told.times["last"],
    )  # fmt: skip
    kind = store(batch.pk, told)
    counts = {kind: told.rows} if kind else {said: n for _, said, n in counted([1])}
    taken.stored = counts.get("stored", 0)
    taken.duplicate = counts.get("duplicate", 0)
    taken.correction = counts.get("correction", 0)
    taken.woken = bool(taken.stored or taken.correction)
    if not taken.woken:
        batch.delete()
        return None
    batch.counts = {
        "rows": told.rows, "samples": len(told.samples), "readings": told.lines, "empty": 0,
        "rejected": 0, "stored": 0, "duplicate": 0, "correction": 0, **counts,
    }  # fmt: skip
    batch.save(update_fields=["counts"])
    return batch.pk


def _store_beside(work: _Group, batch: int | None, *, over: bool = True) -> None:
    """`over`: a value that is there gives way to the one that came."""
    values, checked = (VALUES, CHECKED) if over else (VALUES_BESIDE, CHECKED_BESIDE)
    with connection.cursor() as cursor:
        if work.frames:
            cursor.execute(STAGED_FRAMES)
            cursor.copy_expert("COPY staged_frames FROM STDIN", _lines_of(work.frames))
            cursor.execute(FRAMES_OF_BATCH, [batch])
        if work.values:
            execute_values(cursor.cursor, values, list(work.values.values()), page_size=1000)
        if work.checks:
            execute_values(cursor.cursor, checked, list(work.checks.values()), page_size=1000)


FRAMES = """
INSERT INTO monitoring_stationframe (station_id, qn, cn, version, part, parts, joined, sampled_at,
    digest, remark, raw) VALUES %s ON CONFLICT DO NOTHING
"""

STAGED_FRAMES = """
DROP TABLE IF EXISTS staged_frames;
CREATE TEMP TABLE staged_frames (station_id bigint, qn text, cn text, version smallint,
    part smallint, parts smallint, joined boolean, sampled_at timestamptz, digest bigint,
    remark text, raw text) ON COMMIT DROP
"""

FRAMES_OF_BATCH = """
INSERT INTO monitoring_stationframe (station_id, qn, cn, version, part, parts, joined, sampled_at,
    batch_id, digest, remark, raw)
SELECT station_id, qn, cn, version, part, parts, joined, sampled_at, %s, digest, remark, raw
FROM staged_frames ON CONFLICT DO NOTHING
"""

PARTS = """
SELECT part, raw FROM monitoring_stationframe
WHERE station_id = %s AND qn = %s AND cn = %s AND parts > 1
ORDER BY part, id FOR UPDATE
"""

JOINED = """
UPDATE monitoring_stationframe SET joined = true
WHERE station_id = %s AND qn = %s AND cn = %s AND parts > 1 AND NOT joined
"""

# Which of the staged lines are of a reading that is there with another value.
CLASHES = """
SELECT DISTINCT ON (s.row_no) s.row_no, i.name, s.sampled_at
FROM staged s
JOIN monitoring_reading r USING (section_id, indicator_id, sampled_at, origin)
JOIN monitoring_indicator i ON i.id = s.indicator_id
WHERE r.sampled_at BETWEEN %(first)s AND %(last)s
    AND (r.value, r.below_limit, r.flag) IS DISTINCT FROM (s.value, s.below_limit, s.flag)
ORDER BY s.row_no, i.id
"""

_VALUES = """
INSERT INTO monitoring_stationvalue (station_id, command, indicator_id, sampled_at, value, least,
    most, flag) VALUES %s
ON CONFLICT (station_id, command, indicator_id, sampled_at) DO
"""
VALUES_BESIDE = f"{_VALUES} NOTHING"
VALUES = f"""{_VALUES} UPDATE
SET value = EXCLUDED.value, least = EXCLUDED.least, most = EXCLUDED.most, flag = EXCLUDED.flag
"""

_CHECKED = """
INSERT INTO monitoring_qualitycheck (station_id, indicator_id, sampled_at, command, kind, value,
    parts) VALUES %s
ON CONFLICT (station_id, indicator_id, sampled_at, command, kind) DO
"""
CHECKED_BESIDE = f"{_CHECKED} NOTHING"
CHECKED = f"""{_CHECKED} UPDATE
SET value = EXCLUDED.value, parts = EXCLUDED.parts
"""
