"""Deciding dead letters: what a factor means, which packets are taken in again, what is dropped.

A letter is never deleted and what was received never changes: a person's decision is written beside it,
once. What is taken in again takes the road of what arrives (receiving.take_again).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models.functions import Now

from basins.models import User
from basins.refusals import Refused
from jobs.wake import wake_on_commit
from monitoring.ingest.services.storing import LOCK
from monitoring.models import DeadLetter, FactorMeaning, Indicator, Station
from monitoring.protocols.hj212 import Frame
from monitoring.stations.services.arrivals import Arrived, arrived
from monitoring.stations.services.receiving import Again, Known, take_again
from monitoring.stations.services.stations import refuse_unless_may

Reason, State = DeadLetter.Reason, DeadLetter.State
OF_SENDER = (Reason.STATION, Reason.PASSWORD)
OF_FACTOR = (Reason.FACTOR, Reason.VALUE)
AT_ONCE = 2000  # letters of one batch
LONGEST_FACTOR, LONGEST_WHY = 20, 300


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of letters: taken in, or still open with other words; and of their readings."""

    taken: int = 0
    still_open: int = 0
    stored: int = 0  # letters of which a reading is new
    words: str = ""  # why the last that is still open was not taken

    def __add__(self, other: "Replayed") -> "Replayed":
        return Replayed(
            self.taken + other.taken,
            self.still_open + other.still_open,
            self.stored + other.stored,
            other.words or self.words,
        )


@transaction.atomic
def say_factor(*, station: Station, factor: str, indicator: str | None, by: User) -> Replayed:
    """Say that `factor` of the station is the indicator of that code, None: it is not read.

    From now on it is read so; readings that are there stay. Its open letters are taken in again, or
    dismissed where the factor is not read. Raises Refused, naming the field.
    """
    refuse_unless_may(by)
    name = factor.strip().lower()
    if not name or len(name) > LONGEST_FACTOR:
        raise Refused(f"因子编码须为 1–{LONGEST_FACTOR} 个字符；更长的请作废。", field="factor")
    found = Indicator.objects.filter(code=indicator).first() if indicator else None
    if indicator and found is None:
        raise Refused(f"没有指标 {indicator}；请从列表中选择。", field="indicator")
    _lock_section(station)
    other = FactorMeaning.objects.filter(station=station, indicator=found).exclude(factor=name)
    if found is not None and (same := other.first()) is not None:
        raise Refused(
            f"该站的因子 {same.factor} 已认定为{found.name}；两个因子不能是同一指标。",
            field="indicator",
        )
    FactorMeaning.objects.update_or_create(
        station=station,
        factor=name,
        defaults={"indicator": found, "said_by": by, "said_at": Now()},
    )
    letters = DeadLetter.objects.filter(reason__in=OF_FACTOR, mn=station.mn, factor=name)
    if found is None:
        count = _dismiss(letters, f"认定因子 {name} 不读取", by)
        return Replayed(taken=count)
    return _replay(letters, by)


@transaction.atomic
def replay_station(*, mn: str, by: User) -> Replayed:
    """Take in again what came from `mn` while it was not registered, or with another password.

    Packets that came with another password than the station's now stay open and say so. Raises
    Refused: no such station, or one that is not active.
    """
    refuse_unless_may(by)
    station = _active(mn)
    _lock_section(station)
    return _replay(DeadLetter.objects.filter(reason__in=OF_SENDER, mn=mn), by)


@transaction.atomic
def replay_letters(*, letters: Iterable[DeadLetter], by: User) -> Replayed:
    """Take these in again, of one station. One that was decided meanwhile stays as it is.

    Raises Refused: a frame with a wrong CRC, which nobody can vouch for; or as replay_station.
    """
    refuse_unless_may(by)
    chosen = list(letters)
    if any(letter.reason == Reason.CRC for letter in chosen):
        raise Refused("CRC 不符的报文内容不可信，不能重放；请站点补传，再作废这一条。")
    if len(mns := {letter.mn for letter in chosen}) != 1:
        raise Refused("一次只能重放一个站点的报文。")
    _lock_section(_active(mns.pop()))
    return _replay(DeadLetter.objects.filter(pk__in=[letter.pk for letter in chosen]), by)


def replay_letter(*, letter: DeadLetter, by: User) -> Replayed:
    """Take in one letter again. Raises Refused, as replay_letters."""
    return replay_letters(letters=[letter], by=by)


@transaction.atomic
def dismiss_letters(*, letters: Iterable[DeadLetter], why: str, by: User) -> int:
    """Drop them for a reason; how many. One that was decided meanwhile stays as it is."""
    refuse_unless_may(by)
    said = " ".join(why.split())
    if not said or len(said) > LONGEST_WHY:
        raise Refused(f"请写明作废的理由（至多 {LONGEST_WHY} 字）。", field="why")
    return _dismiss(DeadLetter.objects.filter(pk__in=[one.pk for one in letters]), said, by)


# ------------------------------------------------------------------------------------------------


def _active(mn: str) -> Station:
    station = Station.objects.filter(mn=mn).select_related("section").first()
    if station is None:
        raise Refused(f"还没有登记设备编码 {mn or '（空）'}；请先登记站点。")
    if not station.is_active:
        raise Refused(f"站点 {mn} 已停用；请先启用。")
    return station


def _lock_section(station: Station) -> None:
    """Before the letters, as the gateway locks: its readings first, then its letters."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [[station.section_id % 64]])


def _dismiss(letters, why: str, by: User) -> int:
    return letters.filter(state=State.OPEN).update(
        state=State.DISMISSED, decided_by=by, decided_at=Now(), decided_why=why
    )


def _replay(letters, by: User) -> Replayed:
    """The open ones among these, of one registered and active station."""
    opened = list(letters.filter(state=State.OPEN).order_by("pk").select_for_update(of=("self",)))
    known, done = Known.load(), Replayed()
    for begin in range(0, len(opened), AT_ONCE):
        done += _replay_some(opened[begin : begin + AT_ONCE], known, by)
    if done.stored:
        wake_on_commit("settlements.recompute")
    return done


def _replay_some(letters: Sequence[DeadLetter], known: Known, by: User) -> Replayed:
    admitted: list[DeadLetter] = []
    refused: dict[int, str] = {}
    for letter in letters:
        if words := _not_admitted(letter, known):
            refused[letter.pk] = words
        else:
            admitted.append(letter)
    stored = 0
    if admitted:
        kept = [
            Again(_packet(letter), letter.factor if letter.reason in OF_FACTOR else "")
            for letter in admitted
        ]
        taken = take_again(kept, known, by=by)
        stored = taken.stored
        refused |= {
            letter.pk: words
            for letter, words in zip(admitted, taken.problems, strict=True)
            if words
        }
    done = [letter.pk for letter in admitted if letter.pk not in refused]
    DeadLetter.objects.filter(pk__in=done).update(
        state=State.REPLAYED, decided_by=by, decided_at=Now()
    )
    _tell_again([letter for letter in letters if letter.pk in refused], refused)
    words = refused[max(refused)] if refused else ""
    return Replayed(len(done), len(refused), stored, words)


def _tell_again(letters: Sequence[DeadLetter], words: dict[int, str]) -> None:
    """Why they are still open."""
    for letter in letters:
        letter.words = words[letter.pk][:300]
    DeadLetter.objects.bulk_update(letters, ["words"], batch_size=1000)


def _not_admitted(letter: DeadLetter, known: Known) -> str:
    """Why the sender of a letter is not who it says, in Chinese; "" where it is.

    What an admitted station sent was checked by the password it had then.
    """
    station = known.stations[letter.mn]
    if letter.station_id is not None and letter.reason not in OF_SENDER:
        return ""
    if letter.password_digest != station.password_digest:
        return "报文的密码与站点登记的不符；先在站点页面把密码改为设备所用的，再重放"
    return ""


def _packet(letter: DeadLetter) -> Arrived:
    remark = f"死信 {letter.pk} 重放"
    return arrived(Frame(letter.raw.encode("ascii", "replace"), True, remark))
