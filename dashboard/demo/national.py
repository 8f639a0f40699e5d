"""The national assessment sections that make the city's 74, beside those with stations.

Public: 74 sections, all excellent or good in 2023 and 2024 (市生态环境局 2024-01-25; Chongqing Daily
2025-08-23). Their list is not in what we hold: six are named after control sections of the main
stem (渝府发〔2012〕4号, with their functional class), the others are numbered demonstration
sections; none has a place on the map. One sample a month.
"""

from datetime import date
from typing import NamedTuple

from dashboard.demo.sections import SectionSpec

NATIONAL = 74
SAMPLED_FROM = date(2023, 1, 1)
ZONES = "断面与功能类别：渝府发〔2012〕4号；列为国考断面为演示"


class _Named(NamedTuple):
    code: str
    name: str
    target: int


_NAMED = (
    _Named("BAISHA", "白沙", 2),
    _Named("LANJIATUO", "兰家沱", 2),
    _Named("HUANGQIAN", "黄谦", 3),
    _Named("HUANGCAOXIA", "黄草峡", 3),
    _Named("LINSHI", "蔺市", 2),
    _Named("BAISHATUO", "白沙沱", 2),
)
# River, its name, how many; in turn until there are 74.
_NUMBERED = (
    ("CHANGJIANG", "长江"), ("JIALING", "嘉陵江"), ("WUJIANG", "乌江"), ("FUJIANG", "涪江"),
    ("QUJIANG", "渠江"), ("LONGXI", "龙溪河"), ("QIJIANG", "綦江"), ("DANING", "大宁河"),
    ("PENGXI", "澎溪河"), ("APENG", "阿蓬江"), ("YOUSHUI", "酉水"), ("FURONG", "芙蓉江"),
    ("LONGHE", "龙河"),
)  # fmt: skip


def more_national(there: int) -> tuple[SectionSpec, ...]:
    """What is missing to 74 where `there` are national already."""
    named = [
        _spec(each.code, each.name, "CHANGJIANG", each.target, is_demo=False) for each in _NAMED
    ]
    wanted = NATIONAL - there - len(named)
    numbered = [
        _spec(
            f"GK-{river}-{1 + at // len(_NUMBERED)}",
            f"{name}国考{1 + at // len(_NUMBERED)}",
            river,
            2,
            is_demo=True,
        )
        for at in range(wanted)
        for river, name in (_NUMBERED[at % len(_NUMBERED)],)
    ]
    return (*named, *numbered)


def _spec(code: str, name: str, river: str, target: int, *, is_demo: bool) -> SectionSpec:
    return SectionSpec(
        code=code,
        name=name,
        river=river,
        upstream=None,
        downstream=None,
        targets=((2018, target),),
        lon=None,
        lat=None,
        km=None,
        is_demo=is_demo,
        grade="national",
        source="演示断面：国考断面名单未公开" if is_demo else ZONES,
        target_source="水功能类别（渝府发〔2012〕4号）" if not is_demo else "演示取值",
        swing=0.12 if river in ("CHANGJIANG", "JIALING", "WUJIANG", "FUJIANG") else 0.6,
        monthly_from=SAMPLED_FROM,
    )
