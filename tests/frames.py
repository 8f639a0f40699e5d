"""Frames of HJ 212 as a station would send them, and what a gateway answered."""

import re
from datetime import datetime, timedelta

from monitoring.protocols.hj212 import framed

MN, PASSWORD = "500000CQ000000000000GDL1", "123456"
# Of the collection of standards, with its CRC.
UPLOAD = (
    b"##0383QN=20210401080000000;ST=21;CN=2061;PW=123456;MN=500000CQ000000000000GDL1;Flag=5;"
    b"CP=&&DataTime=20210401080000;w01010-Avg=16.3,w01010-Flag=N;w01001-Avg=7.91,w01001-Flag=N;"
    b"w01009-Avg=7.27,w01009-Flag=N;w01014-Avg=334.9,w01014-Flag=N;w01003-Avg=73.6,w01003-Flag=N;"
    b"w01019-Avg=6.14,w01019-Flag=N;w21003-Avg=0.618,w21003-Flag=N;w21011-Avg=0.190,w21011-Flag=N;"
    b"w21001-Avg=3.79,w21001-Flag=N&&CAC1\r\n"
)
EXAMPLE_2017 = (
    b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;"
    b"CP=&&RtdInterval=30&&1C80\r\n"
)
EXAMPLE_2025 = (
    b"##0087QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;"
    b"CP=&&&&2200\r\n"
)


def segment(
    content: str = "w21003-Avg=0.618,w21003-Flag=N",
    *,
    at: str = "20210401080000",
    cn: str = "2061",
    flag: int | None = 5,
    mn: str = MN,
    pw: str = PASSWORD,
    qn: str = "",
    st: str = "21",
    parts: str = "",
) -> bytes:
    """A data segment; `content` without DataTime, which `at` gives (none where it is empty)."""
    when = f"DataTime={at};" if at else ""
    said = f"Flag={flag};" if flag is not None else ""
    return (
        f"QN={qn or at + '000'};ST={st};CN={cn};PW={pw};MN={mn};{said}{parts}CP=&&{when}{content}&&"
    ).encode()


def frame(content: str = "w21003-Avg=0.618,w21003-Flag=N", **given) -> bytes:
    return framed(segment(content, **given))


def hours(first: datetime, count: int, *, mn: str = MN, value: str = "0.{:03d}") -> list[bytes]:
    """A frame an hour from `first` (Beijing time), each with another value of ammonia."""
    moments = (first + timedelta(hours=n) for n in range(count))
    return [
        frame(f"w21003-Avg={value.format(n % 1000)},w21003-Flag=N", at=f"{at:%Y%m%d%H%M%S}", mn=mn)
        for n, at in enumerate(moments, 1)
    ]


def said(answer: bytes) -> list[tuple[str, str]]:
    """The answers in what came back: command and content."""
    return [
        (cn.decode(), content.decode())
        for cn, content in re.findall(rb";CN=(\d+);[^&]*CP=&&(.*?)&&", answer)
    ]
