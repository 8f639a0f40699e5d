"""The demonstration's stations as real senders of HJ 212: what they measured, sent to the gateway.

Seeding ends days ago; a station sends what it has measured since, then goes on by the clock, never ahead of
it. Half of them speak HJ 212-2017, half HJ 1404-2024. On the last day before they start one border
section is polluted (POLLUTED): its month gets another class, and money another direction.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from basins.ranges import months_between
from dashboard.demo.city import sections
from dashboard.demo.readings import AUTOMATIC, BEIJING, Rhythm, month_readings
from dashboard.demo.sections import SectionSpec
from monitoring.protocols.hj212 import FrameReader, Garbage, framed, read_packet
from monitoring.protocols.hj525 import factor_of
from monitoring.standards.gb3838_2002 import WaterClass, limit

PASSWORD = "yanshi212"
POLLUTED, POLLUTANT, BEYOND = (
    "PUSHUN",
    "NH3-N",
    1.3,
)  # times the limit of its target, as a month's mean
LIVE = ("WT", "pH", "DO", "EC", "TURB")  # what a station measures all the time (五参数)
LIVE_EVERY = timedelta(minutes=5)
A_DAY = timedelta(days=1)
ANSWER_SECONDS, AGAIN_SECONDS = 10.0, 2.0


def mns() -> dict[str, str]:
    """The 设备编码 of each section's station by the section's code; "" where a person samples."""
    return {
        spec.code: ""
        if spec.monthly_from is not None
        else f"A500000_{number:04d}"
        if number % 2
        else f"500000CQ0000000000YS{number:04d}"
        for number, spec in enumerate(sections(), 1)
    }


@dataclass(frozen=True, slots=True)
class Sample:
    """What a station measured at one time: indicator → value as text, and its flag."""

    at: datetime
    values: dict[str, tuple[str, str]]


@dataclass
class Sender:
    """A station: what it has still to send, oldest first, and the connection it sends by."""

    spec: SectionSpec
    mn: str
    waiting: list[Sample] = field(default_factory=list)
    last: Sample | None = None
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None
    sent: int = 0

    @property
    def flag(self) -> int:
        return 9 if self.mn.startswith("A") else 5

    def frame(self, sample: Sample, command: str = "2061", kind: str = "Avg") -> bytes:
        at = f"{sample.at.astimezone(BEIJING):%Y%m%d%H%M%S}"
        parts = [
            f"{factor}-{kind}={value},{factor}-Flag={self._said(flag)}"
            for code, (value, flag) in sample.values.items()
            if (factor := factor_of(code)) is not None
        ]
        segment = (
            f"QN={at}{command[1:]};ST=21;CN={command};PW={PASSWORD};MN={self.mn};"
            f"Flag={self.flag};CP=&&DataTime={at};{';'.join(parts)}&&"
        )
        return framed(segment.encode("ascii"))

    def _said(self, flag: str) -> str:
        """HJ 1404 has no C: calibration is maintenance there."""
        return "M" if flag == "C" and self.flag == 9 else flag

    async def deliver(self, frame: bytes, host: str, port: int) -> None:
        """Send until it is answered by 9014: a gateway that is away gets it when it is back."""
        while True:
            try:
                if self.writer is None:
                    self.reader, self.writer = await asyncio.open_connection(host, port)
                self.writer.write(frame)
                await asyncio.wait_for(self._answered(), ANSWER_SECONDS)
            except (TimeoutError, OSError, asyncio.IncompleteReadError):
                self.close()
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                self.sent += 1
                return

    async def _answered(self) -> None:
        assert self.reader is not None
        frames = FrameReader()
        while True:
            data = await self.reader.read(4096)
            if not data:
                raise asyncio.IncompleteReadError(b"", None)
            for found in frames.feed(data):
                if isinstance(found, Garbage):
                    continue
                packet = read_packet(found.segment)
                if packet.cn == "9014":
                    return
                raise Refused(f"{self.mn}: {packet.cn} {packet.content}")

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


class Refused(Exception):
    """The gateway does not take what a station sends: nothing to send again would change that."""


def samples(spec: SectionSpec, after: datetime, until: datetime, last: date) -> Iterator[Sample]:
    """What the station measured after the one moment and not after the other, in order."""
    rhythm = Rhythm(last)
    for month in months_between(_month(after), _month(until)):
        found: dict[datetime, dict[str, tuple[str, str]]] = defaultdict(dict)
        for value in month_readings(spec, month, rhythm):
            if value.origin == AUTOMATIC and after < value.sampled_at <= until:
                found[value.sampled_at][value.indicator] = (value.value, value.flag)
        for at in sorted(found):
            yield Sample(at, found[at])


def _month(at: datetime) -> date:
    return at.astimezone(BEIJING).date().replace(day=1)


def polluted(sender: Sender, since: datetime, now: datetime, last: date) -> list[Sample]:
    """Its samples with those after `since` so strong that the month's mean leaves its target."""
    month = _month(now)
    first = datetime(month.year, month.month, 1, tzinfo=BEIJING)
    so_far = [
        float(sample.values[POLLUTANT][0])
        for sample in samples(sender.spec, first - timedelta(seconds=1), since, last)
        if sample.values[POLLUTANT][1] == "N"
    ]
    strong = [sample for sample in sender.waiting if sample.at > since and sample.at >= first]
    if not strong:
        return sender.waiting
    most = float(limit(POLLUTANT, WaterClass(sender.spec.target(month.year))))
    all_of_them = BEYOND * most * (len(so_far) + len(strong)) - sum(so_far)
    each = min(max(all_of_them / len(strong), most), 80.0)
    return [
        replace(one, values={**one.values, POLLUTANT: (f"{each:.3f}", "N")})
        if one in strong
        else one
        for one in sender.waiting
    ]


@dataclass
class Play:
    """The senders together. `speed`: how many times faster than the clock the past is sent.

    `held`: samples after it wait until `somebody` is there.
    """

    senders: list[Sender]
    host: str
    port: int
    speed: float
    last: date
    clock: Callable[[], datetime]
    say: Callable[[str], None]
    held: datetime | None = None
    somebody: Callable[[], Awaitable[bool]] | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def past(self) -> None:
        """All that waits, time by time, all stations at once."""
        moments = sorted({sample.at for sender in self.senders for sample in sender.waiting})
        before: datetime | None = None
        for at in moments:
            if self.held is not None and at > self.held and self.somebody is not None:
                await self._until_somebody()
            if before is not None and self.speed:
                await self._pause((at - before).total_seconds() / self.speed)
            if self.stopping.is_set():
                return
            await self._send(at)
            before = at

    async def present(self) -> None:
        """By the clock: a sample when it has been measured, the five parameters in between."""
        while not self.stopping.is_set():
            now = self.clock()
            for sender in self.senders:
                since = sender.last.at if sender.last else now - A_DAY
                sender.waiting += samples(sender.spec, since, now, self.last)
            await self.past()
            await self._live(self.clock())
            await self._pause(LIVE_EVERY.total_seconds())

    async def _until_somebody(self) -> None:
        assert self.somebody is not None
        self.say("等待有人登录，再发送最近一天的数据。")
        while not self.stopping.is_set() and not await self.somebody():
            await self._pause(2)
        self.somebody = None

    async def _send(self, at: datetime) -> None:
        due = [s for s in self.senders if s.waiting and s.waiting[0].at == at]
        await self._each(due, [sender.frame(sender.waiting[0]) for sender in due])
        for sender in due:
            sender.last = sender.waiting.pop(0)

    async def _live(self, now: datetime) -> None:
        """The five parameters of this minute, near the last sample."""
        at = now.replace(second=0, microsecond=0)
        due = [sender for sender in self.senders if sender.last is not None]
        frames = []
        for sender in due:
            assert sender.last is not None
            values = {code: pair for code, pair in sender.last.values.items() if code in LIVE}
            frames.append(sender.frame(Sample(at, values), "2011", "Rtd"))
        await self._each(due, frames)

    async def _each(self, due: Iterable[Sender], frames: Iterable[bytes]) -> None:
        """All at once, unless we are told to stop first."""
        sending = [
            asyncio.ensure_future(sender.deliver(frame, self.host, self.port))
            for sender, frame in zip(due, frames, strict=True)
        ]
        stop = asyncio.ensure_future(self.stopping.wait())
        done = asyncio.gather(*sending)
        either: list[asyncio.Future] = [done, stop]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if done.done():
            done.result()
        else:
            done.cancel()

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return

    def close(self) -> None:
        for sender in self.senders:
            sender.close()
