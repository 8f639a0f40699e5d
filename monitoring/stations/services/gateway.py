"""The gateway: connections of stations, and one committer that stores what they send.

The event loop reads frames and answers; a thread stores them. There is no commit timer: the
committer takes whatever came in during its last commit, at most GROUP frames, and only then are
they answered. Memory is bounded: while WAITING frames wait, connections are not read.
"""

import asyncio
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from django.db import Error, InterfaceError, OperationalError, connections
from django.db.models.functions import Now

from jobs.wake import wake
from monitoring.models import GatewayRun
from monitoring.protocols.hj212 import Frame, FrameReader, Garbage, QnRtn
from monitoring.stations.services.arrivals import Arrived, Verdict, arrived
from monitoring.stations.services.letters import Letter, Reason, keep_letters
from monitoring.stations.services.receiving import Known, Taken, take_in

log = logging.getLogger(__name__)

GROUP = 2000
WAITING = 6000
CONNECTIONS = 2000
IDLE_SECONDS = 1800.0  # a station may be silent so long between two heartbeats or uploads
SLOW_SECONDS = 30.0  # a frame that has begun must end
UNREAD_ANSWERS = 256 * 1024  # bytes of answers a client may leave lying
STRANGERS = 200  # frames a minute of unknown senders or with a wrong CRC that are kept
STATIONS_SECONDS = 1.0  # how old the committer's list of stations may be
WAKE_SECONDS = 0.25  # at most so often a worker is woken
REPORT_SECONDS = 5.0


@dataclass
class Counts:
    """What the gateway has counted since it started."""

    connections: int = 0  # ever
    open: int = 0
    refused: int = 0  # connections beyond CONNECTIONS
    idle_closed: int = 0
    slow_closed: int = 0
    frames: int = 0
    taken: int = 0  # answered by 9014, or 9013
    stored: int = 0
    duplicate: int = 0
    correction: int = 0
    crc_errors: int = 0
    refusals: int = 0  # answered by 9011
    letters: int = 0
    letters_dropped: int = 0  # of strangers, beyond STRANGERS
    garbage_bytes: int = 0
    oversize: int = 0
    commits: int = 0
    failures: int = 0  # commits that had to be tried again
    waiting: int = 0
    lag_ms: int = 0  # of the oldest frame in the last commit, from its arrival to the commit
    longest_lag_ms: int = 0


@dataclass(frozen=True, slots=True)
class _Waiting:
    session: "Session"
    each: Arrived
    since: float


class Session(asyncio.Protocol):
    """One connection."""

    def __init__(self, gateway: "Gateway") -> None:
        self.gateway = gateway
        self.reader = FrameReader()
        self.transport: asyncio.Transport | None = None
        self.heard = self.begun = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.heard = self.gateway.loop.time()
        self.gateway.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self.gateway.closed(self)

    def data_received(self, data: bytes) -> None:
        now = self.heard = self.gateway.loop.time()
        was_begun = bool(self.reader.pending)
        for found in self.reader.feed(data):
            was_begun = False
            self.gateway.heard(self, found)
        if not (was_begun and self.reader.pending):
            self.begun = now

    def answer(self, data: bytes) -> None:
        """Send it, unless nobody reads what is sent."""
        if self.transport is None or self.transport.is_closing():
            return
        self.transport.write(data)
        if self.transport.get_write_buffer_size() > UNREAD_ANSWERS:
            self.transport.abort()

    def look_at_the_clock(self, now: float) -> None:
        """Close what is idle or has left a frame unfinished for too long."""
        if self.transport is None:
            return
        if self.reader.pending and now - self.begun > SLOW_SECONDS:
            self.gateway.counts.slow_closed += 1
            if (rest := self.reader.ended()) is not None:
                self.gateway.heard(self, rest)
            self.transport.close()
        elif now - self.heard > IDLE_SECONDS:
            self.gateway.counts.idle_closed += 1
            self.transport.close()


class Gateway:
    """Listens until `stop` is called; then takes no more, stores and answers what came, and ends."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.sessions: set[Session] = set()
        self.queue: deque[_Waiting] = deque()
        self.paused = False
        self.more = threading.Condition()
        self.stopping = threading.Event()
        self.strangers = deque[float](maxlen=STRANGERS)
        self.listens = ""

    # The event loop's side ----------------------------------------------------------------

    async def run(self, host: str, port: int, listening: Callable[[str, int], None]) -> None:
        """Serve until stopped. Raises OSError where the address cannot be listened on."""
        self.loop = asyncio.get_running_loop()
        sys.setswitchinterval(0.0005)  # seconds: loop and committer wait for each other less
        self.stopped = asyncio.Event()
        server = await self.loop.create_server(lambda: Session(self), host, port, backlog=512)
        address = server.sockets[0].getsockname()
        self.listens = f"{address[0]}:{address[1]}"
        committer = threading.Thread(target=Committer(self).run, name="committer")
        committer.start()
        listening(address[0], address[1])
        clock = self.loop.create_task(self._look_at_the_clock())
        try:
            await self.stopped.wait()
        finally:
            clock.cancel()
            server.close()
            for session in self.sessions:
                if session.transport is not None:
                    session.transport.pause_reading()
            self.stopping.set()
            with self.more:
                self.more.notify()
            await self.loop.run_in_executor(None, committer.join)
            await asyncio.sleep(0)  # the committer's last answers
            for session in list(self.sessions):
                if session.transport is not None:
                    session.transport.close()
            await asyncio.sleep(0.05)  # what is buffered goes out

    def stop(self) -> None:
        """From the loop's thread (a signal handler of the loop)."""
        self.stopped.set()

    def opened(self, session: Session) -> None:
        self.counts.connections += 1
        assert session.transport is not None
        if len(self.sessions) >= CONNECTIONS:
            self.counts.refused += 1
            session.transport.abort()
            return
        self.sessions.add(session)
        self.counts.open = len(self.sessions)
        if self.paused:
            session.transport.pause_reading()

    def closed(self, session: Session) -> None:
        self.sessions.discard(session)
        self.counts.open = len(self.sessions)

    def heard(self, session: Session, found: Frame | Garbage) -> None:
        """What a connection brought."""
        if isinstance(found, Garbage):
            self.counts.garbage_bytes += found.size
            self.counts.oversize += found.oversize
            return
        self.counts.frames += 1
        self.counts.crc_errors += not found.whole
        self.queue.append(_Waiting(session, arrived(found), self.loop.time()))
        with self.more:
            self.more.notify()
        if not self.paused and len(self.queue) >= WAITING:
            self._pause(True)

    def deliver(self, answers: Sequence[tuple[Session, bytes]]) -> None:
        """Send the answers of a commit; read again if there is room."""
        for session, data in answers:
            session.answer(data)
        if self.paused and len(self.queue) < WAITING // 2:
            self._pause(False)

    def _pause(self, paused: bool) -> None:
        self.paused = paused
        for session in self.sessions:
            if (transport := session.transport) is not None and not transport.is_closing():
                if paused and transport.is_reading():
                    transport.pause_reading()
                elif not paused and not transport.is_reading():
                    transport.resume_reading()

    async def _look_at_the_clock(self) -> None:
        while True:
            await asyncio.sleep(1)
            now = self.loop.time()
            for session in list(self.sessions):
                session.look_at_the_clock(now)

    def may_keep_strangers(self) -> bool:
        """Whether one more frame of an unknown sender is kept this minute."""
        now = time.monotonic()
        if len(self.strangers) == STRANGERS and now - self.strangers[0] < 60:
            self.counts.letters_dropped += 1
            return False
        self.strangers.append(now)
        return True


class Committer:
    """The thread that stores: group after group, each in one transaction."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.known: Known | None = None
        self.known_at = self.woke_at = self.reported_at = 0.0
        self.to_wake = False
        self.run_row: GatewayRun | None = None

    def run(self) -> None:
        try:
            self._report()
            while (group := self._next_group()) is not None:
                if group:
                    self._commit(group)
                self._wake()
                if time.monotonic() - self.reported_at > REPORT_SECONDS:
                    self._report()
        finally:
            self._wake(at_once=True)
            self._report(stopped=True)
            connections.close_all()

    def _next_group(self) -> list[_Waiting] | None:
        """Whatever waits, at most GROUP; [] when nothing came for a while; None: the end."""
        queue = self.gateway.queue
        group: list[_Waiting] = []
        with self.gateway.more:
            if not queue and not self.gateway.stopping.is_set():
                self.gateway.more.wait(WAKE_SECONDS)
        while queue and len(group) < GROUP:
            group.append(queue.popleft())
        self.gateway.counts.waiting = len(queue)
        return group if group or not self.gateway.stopping.is_set() else None

    def _commit(self, group: list[_Waiting]) -> None:
        done = self._stored([one.each for one in group])
        if done is None:
            return  # stopped while the database was away: nobody is answered, all is sent again
        counts, now = self.gateway.counts, self.gateway.loop.time()
        counts.commits += 1
        counts.lag_ms = round(1000 * (now - group[0].since))
        counts.longest_lag_ms = max(counts.longest_lag_ms, counts.lag_ms)
        by_session: dict[Session, list[bytes]] = {}
        for one, verdict in zip(group, done, strict=True):
            counts.taken += verdict.code is None
            counts.refusals += verdict.code is not None
            if answer := verdict.answer(one.each.packet):
                by_session.setdefault(one.session, []).append(answer)
        answers = [(session, b"".join(parts)) for session, parts in by_session.items()]
        self.gateway.loop.call_soon_threadsafe(self.gateway.deliver, answers)

    def _stored(self, group: list[Arrived]) -> list[Verdict] | None:
        """The verdicts of a group once it is committed; None: given up, for we are stopping."""
        pause = 0.1
        while True:
            try:
                taken = self._take_in(group)
            except (OperationalError, InterfaceError) as away:
                self.gateway.counts.failures += 1
                log.warning("The database is away (%s); trying again.", str(away).strip())
                connections.close_all()
                if self.gateway.stopping.is_set() and pause > 3:
                    return None
                time.sleep(pause)
                pause = min(2 * pause, 5)
            except Error as wrong:
                return self._halved(group, wrong)
            else:
                self._count(taken)
                return taken.verdicts

    def _take_in(self, group: list[Arrived]) -> Taken:
        if self.known is None or time.monotonic() - self.known_at > STATIONS_SECONDS:
            self.known, self.known_at = Known.load(), time.monotonic()
        return take_in(group, self.known, may_keep_strangers=self.gateway.may_keep_strangers)

    def _halved(self, group: list[Arrived], wrong: Error) -> list[Verdict] | None:
        """A group that cannot be stored as one: half by half, down to the frame that cannot."""
        self.gateway.counts.failures += 1
        if len(group) > 1:
            middle = len(group) // 2
            first = self._stored(group[:middle])
            rest = self._stored(group[middle:]) if first is not None else None
            return first + rest if first is not None and rest is not None else None
        log.exception("A frame cannot be stored.", exc_info=wrong)
        words = " ".join(str(wrong).split())
        self.gateway.counts.letters += keep_letters([Letter(group[0], Reason.STORING, words)])
        return [Verdict(QnRtn.UNKNOWN)]

    def _count(self, taken: Taken) -> None:
        counts = self.gateway.counts
        counts.stored += taken.stored
        counts.duplicate += taken.duplicate
        counts.correction += taken.correction
        counts.letters += taken.letters
        self.to_wake |= taken.woken

    def _wake(self, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if self.to_wake and (at_once or now - self.woke_at >= WAKE_SECONDS):
            wake("settlements.recompute")
            self.to_wake, self.woke_at = False, now

    def _report(self, *, stopped: bool = False) -> None:
        """What was counted, for the page of stations; a report that cannot be written is no harm."""
        self.reported_at = time.monotonic()
        counts = asdict(self.gateway.counts)
        try:
            if self.run_row is None:
                self.run_row = GatewayRun.objects.create(listens=self.gateway.listens)
            GatewayRun.objects.filter(pk=self.run_row.pk).update(
                counts=counts, seen_at=Now(), **({"stopped_at": Now()} if stopped else {})
            )
        except Error as away:
            log.warning("The gateway's report was not written: %s", str(away).strip())
            connections.close_all()
