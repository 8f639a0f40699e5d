"""数据标记: what a flag means in each version of the standard, and how it is kept.

One letter has different meanings (F: stopped in 2017, communication fault in 2025), so a flag is kept with
the version in front where its meaning is the version's own: `2F`. N is N in all of them and the
only one that counts; S (typed by hand) counts where the station's setting says so and is kept as
`SN` then. Sources: HJ/T 212-2005, HJ 212-2017 table 9; HJ 212-2025 and HJ 1404-2024 from second
hand, not checked against their text.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

VALID, BY_HAND, COUNTED_BY_HAND = "N", "S", "SN"

FLAGS: Mapping[int, Mapping[str, str]] = MappingProxyType(
    {
        0: {
            "N": "正常",
            "P": "电源故障",
            "F": "排放源停运",
            "C": "校验",
            "M": "维护",
            "T": "超测上限",
            "D": "故障",
            "S": "设定值",
        },
        1: {
            "N": "正常",
            "F": "停运",
            "M": "维护",
            "S": "手工输入",
            "D": "故障",
            "C": "校准",
            "T": "超测上限",
            "B": "通讯异常",
        },
        2: {
            "N": "正常",
            "T": "超上限",
            "L": "低于下限或检出限",
            "D": "仪器故障",
            "F": "仪器通信故障",
            "B": "仪器离线",
            "P": "电源故障",
            "Z": "取水点无水样",
            "S": "手工输入",
            "M": "维护",
            "hd": "现场启动测试",
            "lr": "仪器状态标识 lr",
            "lp": "仪器状态标识 lp",
            "lw": "仪器状态标识 lw",
            "ls": "仪器状态标识 ls",
        },
    }
)

# Results of checks, not of the river: kept apart, never in a mean, in whatever version they come.
QUALITY_CONTROL: Mapping[str, str] = MappingProxyType(
    {
        "sc": "标样核查",
        "cz": "零点核查",
        "cs": "跨度核查",
        "ra": "加标回收",
        "pt": "平行样",
    }
)

# Letters that say the same in the file layouts and in the version: kept without it.
_SHARED = {0: "NPCMT", 1: "NFMCTS", 2: "NTMPZSL"}
# A flag with the version in front has a letter and at most two more characters.
_KEPT = re.compile(rf"{COUNTED_BY_HAND}|[0-2][A-Za-z][0-9A-Za-z]{{0,2}}")


def kept_flag(flag: str, version: int, *, counts_by_hand: bool = False) -> str | None:
    """The flag as readings keep it; None where it is none (too long, or no letter first).

    An empty one is N: the value came without doubt about it.
    """
    said = flag.strip()
    if not said:
        return VALID
    if said == BY_HAND and counts_by_hand and version > 0:
        return COUNTED_BY_HAND
    if len(said) == 1 and said in _SHARED.get(version, VALID):
        return said
    kept = f"{version}{said}"
    return kept if is_kept_flag(kept) else None


def is_kept_flag(text: str) -> bool:
    """Whether it is a flag as readings keep it that no file layout has: `SN`, `2F`, `2hd`."""
    return _KEPT.fullmatch(text) is not None


def quality_control(flag: str) -> str:
    """The kind of check a flag stands for, in lower case; "" for any other flag."""
    said = flag.strip().lower()
    return said if said in QUALITY_CONTROL else ""


def flag_words(kept: str) -> str:
    """What a kept flag with a version in front means, in Chinese; "" for any other."""
    if kept == COUNTED_BY_HAND:
        return "手工输入（按站点设置计入）"
    if not kept[:1].isdigit():
        return ""
    version, flag = int(kept[0]), kept[1:]
    return FLAGS.get(version, {}).get(flag, f"标识 {flag}")


# All that has the version in front, in words.
VERSIONED: Mapping[str, str] = MappingProxyType(
    {
        kept: flag_words(kept)
        for version, table in FLAGS.items()
        for flag in table
        if (kept := kept_flag(flag, version)) is not None and kept != flag
    }
)
