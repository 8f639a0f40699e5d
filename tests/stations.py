"""A station at the border and what it sends, told in few words."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from monitoring.models import DeadLetter, Origin, Reading, Section, Station
from monitoring.protocols.hj212 import Frame
from monitoring.stations.services.arrivals import Verdict, arrived
from monitoring.stations.services.receiving import Known, Taken, take_in
from monitoring.stations.services.stations import add_station

MN, PASSWORD = "BORDER0001", "123456"
AT = datetime(2024, 7, 3, 8)  # noqa: DTZ001 - Beijing time, as it is sent


def segment(
    values: str, *, at: datetime = AT, mn=MN, password=PASSWORD, cn="2061", flag=5, st="21", qn="", more=""
) -> bytes:  # fmt: skip
    """A data segment: `values` as between the && after DataTime."""
    qn = qn or f"{at:%Y%m%d%H%M%S}000"
    return (
        f"QN={qn};ST={st};CN={cn};PW={password};MN={mn};Flag={flag};{more}"
        f"CP=&&DataTime={at:%Y%m%d%H%M%S};{values}&&"
    ).encode()


def ammonia(value: str, flag: str = "N") -> str:
    return f"w21003-Avg={value},w21003-Flag={flag}"


def arrive(*segments: bytes, whole: bool = True) -> Taken:
    """They arrive together."""
    remark = "" if whole else "CRC 0000 不符，应为 1234"
    return take_in([arrived(Frame(each, whole, remark)) for each in segments], Known.load())


def answered(*segments: bytes, **given) -> list[Verdict]:
    return arrive(*segments, **given).verdicts


@dataclass(frozen=True)
class Sent:
    """The readings of a section as they are known: code → value and flag, by time sent."""

    section: Section

    def at(self, at: datetime = AT) -> dict[str, tuple[Decimal, str]]:
        found = Reading.objects.filter(
            section=self.section, sampled_at=utc(at), origin=Origin.AUTOMATIC
        )
        return {
            code: (value.normalize(), flag)
            for code, value, flag in found.order_by("indicator_id").values_list(
                "indicator__code", "value", "flag"
            )
        }


def utc(at: datetime) -> datetime:
    return (at - timedelta(hours=8)).replace(tzinfo=UTC)


def registered(section: Section, *, mn=MN, password=PASSWORD) -> Station:
    return add_station(mn=mn, section=section.code, password=password, by=None)


def open_letters(**of) -> list[DeadLetter]:
    return list(DeadLetter.objects.filter(state="open", **of).order_by("pk"))
