"""The indicators a file may carry: names in headings, the unit, and what is possible.

Units: GB 3838-2002 tables 1 and 2 (mg/L, faecal coliforms 个/L) and the national release
(chlorophyll-a in mg/L, conductivity μS/cm, turbidity NTU, algal density cells/L). A heading
with another unit is refused: nothing is scaled in silence.
Bounds are physical, not legal: outside them a value can only be a mistake.
"""

from dataclasses import dataclass
from decimal import Decimal

MG_PER_L = ("mg/L", "毫克/升", "mg·L-1", "mgL-1", "mg.L-1")
COUNT_PER_L = ("个/L", "个/升", "MPN/L", "CFU/L")
CELLS_PER_L = ("cells/L", "cell/L", "个/L", "个/升", "细胞/L")
LARGEST_CONCENTRATION = Decimal(100_000)
LARGEST_COUNT = Decimal(10) ** 11


@dataclass(frozen=True, slots=True)
class WrittenIndicator:
    """`units`: the accepted spellings of its one unit, the usual first; `names` besides code."""

    code: str
    title: str
    units: tuple[str, ...]
    names: tuple[str, ...] = ()
    least: Decimal = Decimal(0)
    most: Decimal = LARGEST_CONCENTRATION

    @property
    def unit(self) -> str:
        return self.units[0]

    @property
    def has_detection_limit(self) -> bool:
        return self.code not in ("pH", "WT", "Q")


def _mg(
    code: str, title: str, *names: str, most: Decimal = LARGEST_CONCENTRATION
) -> WrittenIndicator:
    return WrittenIndicator(code, title, MG_PER_L, names, most=most)


_ALL = (
    WrittenIndicator(
        "WT",
        "水温",
        ("℃", "C", "摄氏度", "度"),
        ("temperature", "water temperature"),
        least=Decimal(-5),
        most=Decimal(60),
    ),
    WrittenIndicator(
        "pH", "pH", ("无量纲", "", "-", "--", "/"), ("pH值", "酸碱度"), most=Decimal(14)
    ),
    _mg("DO", "溶解氧", "dissolved oxygen", most=Decimal(50)),
    WrittenIndicator(
        "EC", "电导率", ("μS/cm", "us/cm", "微西门子/厘米", "微西/厘米"), ("conductivity", "COND")
    ),
    WrittenIndicator("TURB", "浊度", ("NTU",), ("浑浊度", "turbidity")),
    _mg("CODMn", "高锰酸盐指数", "permanganate index"),
    _mg("COD", "化学需氧量", "CODCr"),
    _mg("BOD5", "五日生化需氧量", "生化需氧量", "BOD"),
    _mg("NH3-N", "氨氮", "NH3N", "NH4-N", "ammonia nitrogen"),
    _mg("TP", "总磷", "total phosphorus"),
    _mg("TN", "总氮", "total nitrogen"),
    _mg("Cu", "铜", "copper"),
    _mg("Zn", "锌", "zinc"),
    _mg("F", "氟化物", "F-", "fluoride"),
    _mg("Se", "硒", "selenium"),
    _mg("As", "砷", "arsenic"),
    _mg("Hg", "汞", "mercury"),
    _mg("Cd", "镉", "cadmium"),
    _mg("Cr6", "六价铬", "铬(六价)", "Cr6+", "Cr(VI)"),
    _mg("Pb", "铅", "lead"),
    _mg("CN", "氰化物", "cyanide"),
    _mg("VP", "挥发酚", "挥发性酚", "volatile phenols"),
    _mg("petroleum", "石油类", "oil"),
    _mg("LAS", "阴离子表面活性剂", "anionic surfactants"),
    _mg("sulfide", "硫化物"),
    WrittenIndicator(
        "FC",
        "粪大肠菌群",
        COUNT_PER_L,
        ("faecal coliforms", "fecal coliforms", "粪大肠菌群数"),
        most=LARGEST_COUNT,
    ),
    _mg("sulfate", "硫酸盐", "SO4"),
    _mg("chloride", "氯化物", "Cl-"),
    _mg("nitrate-N", "硝酸盐", "硝酸盐氮", "NO3-N"),
    _mg("Fe", "铁", "iron"),
    _mg("Mn", "锰", "manganese"),
    _mg("Chla", "叶绿素α", "叶绿素a", "叶绿素ɑ", "Chl-a", "chlorophyll-a"),
    WrittenIndicator(
        "Q",
        "流量",
        ("m³/s", "m3/s", "立方米/秒", "立方米每秒"),
        ("瞬时流量", "河道流量", "discharge"),
        most=Decimal(200_000),
    ),
    WrittenIndicator("algae", "藻密度", CELLS_PER_L, ("algal density",), most=LARGEST_COUNT),
)

INDICATORS = {indicator.code: indicator for indicator in _ALL}
