"""Which water a section lies in, as far as its name tells: a river, or a lake or reservoir.

The national release does not say; where the water stands, the lake row of total phosphorus
applies (GB 3838-2002 table 1). "水库" in a name does not make a lake: of 51 sections of the
release so named for which the two rows differ, the official class follows the river row for
27, at an outlet (出口), below a dam (坝下) and the like. What is told here is an assumption
with its reason; the bureau decides. Some are listed with their water. Checked: with the
lake row 124 of 129 rows of April 2021 have the official class, with the river row 72.
"""

from dataclasses import dataclass

from monitoring.standards.gb3838_2002 import WaterBody
from written.text import narrow

# Flowing water beside standing water: before, behind or between it.
FLOWING = (
    "出口", "出库", "出水", "出湖", "坝下", "坝后", "坝址", "库尾", "湖尾", "入口", "进口", "入库", "入湖",
    "进水", "上游", "下游", "尾水", "泄洪", "电站", "大桥", "桥", "河口", "汇入", "干渠", "渠",
)  # fmt: skip
STANDING = ("水库", "湖心", "库心", "湖区", "库区", "坝前", "湖泊")
# In a name they may stand for a village as well as for the water.
VAGUE = ("湖", "库", "海子")

# (province, section) → the lake or reservoir it lies in
LISTED = {
    ("四川省", "鲁班岛"): "鲁班水库",
    ("贵州省", "花鱼洞"): "红枫湖",
    ("贵州省", "贵铝泵房"): "百花湖",
}


@dataclass(frozen=True, slots=True)
class AssumedWater:
    """The water a section is taken to lie in; `why` is empty where its name hints at nothing."""

    body: WaterBody
    why: str = ""


def assumed_water(province: str | None, name: str) -> AssumedWater:
    """What the name tells, and why, in Chinese."""
    if water := LISTED.get((province or "", name)):
        return AssumedWater(WaterBody.LAKE, f"国家站名录：位于{water}，按湖库")
    plain = narrow(name)
    standing = next((word for word in STANDING if word in plain), "")
    vague = next((word for word in VAGUE if word in plain), "")
    flowing = next((word for word in FLOWING if word in plain), "")
    if standing and flowing:
        return AssumedWater(
            WaterBody.RIVER, f"名称含“{standing}”，又含“{flowing}”，多为流动的水，按河流"
        )
    if standing:
        return AssumedWater(WaterBody.LAKE, f"名称含“{standing}”，按湖库")
    if vague:
        return AssumedWater(WaterBody.RIVER, f"名称含“{vague}”，不足以认作湖库，按河流")
    return AssumedWater(WaterBody.RIVER)
