"""What stations sent and could not be taken."""

from typing import Any

from django.utils.timezone import localtime

from basins.access import Act
from basins.links import to
from monitoring.stations.queries.letters import waiting
from settlements.work.queries.tasks import Source, Task


def _decide(row: dict[str, Any]) -> Task:
    return Task(
        f"{row['number']:,} 条报文无法入库",
        to("letter-list"),
        "处理",
        note=f"自动站所发，最早的收到于 {localtime(row['first']):%Y-%m-%d}",
    )


# One task, however many there are: what mends one mends those like it.
LETTERS_TO_DECIDE = Source(
    "letters-to-decide", "待处理的报文", Act.UPLOAD_READINGS, waiting, _decide
)
