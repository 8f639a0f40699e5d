"""The same frame by eight gateways at once, over connections of their own: stored once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection

from monitoring.models import ImportBatch, Reading, ReadingRevision, StationFrame
from monitoring.protocols.hj212 import FrameReader
from monitoring.stations.services.arrivals import arrived
from monitoring.stations.services.receiving import Known, take_in
from monitoring.stations.services.stations import add_station
from tests.frames import MN, PASSWORD, UPLOAD
from tests.worlds import Border

GATEWAYS = 8


def test_eight_gateways_that_take_in_one_frame_at_once_store_it_once(committed):
    border = Border.make(with_agreement=False)
    add_station(mn=MN, section=border.section.code, password=PASSWORD, by=None)
    begin = Barrier(GATEWAYS, timeout=60)

    def take(_: int) -> tuple[int, int]:
        try:
            known = Known.load()
            group = [arrived(frame) for frame in FrameReader().feed(UPLOAD)]
            begin.wait()
            done = take_in(group, known)
            assert [verdict.code for verdict in done.verdicts] == [None]
            return done.stored, done.duplicate
        finally:
            connection.close()

    with ThreadPoolExecutor(GATEWAYS) as threads:
        results = sorted(threads.map(take, range(GATEWAYS)))
    assert results == [(0, 1)] * (GATEWAYS - 1) + [(1, 0)]
    assert Reading.objects.count() == 9
    assert StationFrame.objects.count() == ImportBatch.objects.count() == 1
    assert not ReadingRevision.objects.exists()
