"""What the pages of stations say: times ago, the gateway's counts, what became of letters."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.urls import reverse

from dashboard.templatetags.figures import local_time, thousands
from monitoring.models import Station
from monitoring.stations.queries.stations import GatewayState, StationLine
from monitoring.stations.services.deciding import Replayed

# What the gateway counts → its word: under the heading, and all the rest.
FIRST = {
    "open": "连接",
    "frames": "收到",
    "taken": "应答",
    "refusals": "拒绝",
    "crc_errors": "CRC 错误",
}
COUNTS = {
    "connections": "连接，累计",
    "refused": "因连接过多拒绝的连接",
    "idle_closed": "因空闲关闭的连接",
    "slow_closed": "因报文不完整关闭的连接",
    "stored": "新入库的报文",
    "duplicate": "重复的报文",
    "correction": "更正的报文",
    "letters": "新的死信",
    "letters_dropped": "没有留存的陌生报文",
    "garbage_bytes": "不成帧的字节",
    "oversize": "过长的报文",
    "commits": "入库次数",
    "failures": "重试的入库",
    "waiting": "排队的报文",
}
LATE = timedelta(hours=6)  # a station that sends hourly or every four hours is silent


def ago(span: timedelta | None) -> str:
    """How long ago, as people say it: 刚刚, 3 分钟前, 5 小时前, 2 天前."""
    if span is None:
        return ""
    minutes = int(span.total_seconds()) // 60
    if minutes < 1:
        return "刚刚"
    if minutes < 60:
        return f"{minutes} 分钟前"
    return f"{minutes // 60} 小时前" if minutes < 48 * 60 else f"{minutes // 1440} 天前"


def is_late(line: StationLine) -> bool:
    """Whether an active station has been silent for long."""
    return line.station.is_active and (line.ago is None or line.ago > LATE)


def gateway_facts(state: GatewayState) -> list[dict[str, str]]:
    """Facts under the heading."""
    run = state.run
    if run is None:
        return [{"label": "网关", "text": "没有运行", "state": "open"}]
    shown = [
        {
            "label": "网关",
            "text": "正在运行" if state.runs else "没有运行",
            "state": "final" if state.runs else "open",
        },
        {"label": "监听", "text": run.listens},
        {"label": "启动", "text": local_time(run.started_at)},
        {"label": "最近报告", "text": local_time(run.seen_at)},
    ]
    if run.stopped_at is not None:
        shown.append({"label": "停止", "text": local_time(run.stopped_at)})
    counts: dict[str, Any] = run.counts
    shown += [
        {"label": word, "text": thousands(counts.get(name, 0))} for name, word in FIRST.items()
    ]
    return [*shown, {"label": "入库延迟", "text": f"{counts.get('lag_ms', 0):,} 毫秒"}]


def gateway_counts(state: GatewayState) -> list[tuple[str, str]]:
    """What the newest run has counted, in words: what is nothing is said too."""
    if state.run is None:
        return []
    counts: dict[str, Any] = state.run.counts
    shown = [(word, thousands(counts.get(name, 0))) for name, word in COUNTS.items()]
    return [*shown, ("最长的入库延迟", f"{counts.get('longest_lag_ms', 0):,} 毫秒")]


def list_heading(lines: Iterable[StationLine], count: int, state: GatewayState) -> str:
    gateway = "网关正在运行" if state.runs else "网关没有运行"
    if not count:
        return f"还没有登记自动站，{gateway}"
    late = sum(is_late(line) for line in lines)
    return f"{count:,} 个自动站，{gateway}" + (f"，{late} 个超过 6 小时没有报文" if late else "")


def station_facts(line: StationLine) -> list[dict[str, str]]:
    station: Station = line.station
    section = station.section
    last = f"{ago(line.ago)}，{local_time(line.last_at)}" if line.last_at else "还没有"
    return [
        {"label": "断面", "text": str(section), "url": reverse("section", args=[section.code])},
        {
            "label": "状态",
            "text": "启用" if station.is_active else "停用",
            "state": "final" if station.is_active else "none",
        },
        {"label": "最近报文", "text": last},
        {"label": "24 小时内", "text": f"{line.frames:,} 包"},
        {
            "label": "登记",
            "text": f"{station.added_by or '命令'} {local_time(station.added_at)}",
        },
    ]


def replayed_words(done: Replayed) -> str:
    """What a replay came to, in one sentence or two."""
    if not done.taken and not done.still_open:
        return "没有待处理的报文需要重放。"
    said = [f"已重放 {done.taken:,} 条"] if done.taken else []
    if done.still_open:
        said.append(f"{done.still_open:,} 条仍未入库（{done.words}）")
    after = "相关月份随后重新核算。" if done.stored else "没有新的监测数据。"
    return f"{'，'.join(said)}；{after}"
