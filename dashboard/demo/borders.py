"""The agreements with the neighbouring provinces: every border of the city, in force by 2024.

Public: the main stem of the Yangtze is covered throughout, 嘉陵江, 乌江 and other tributaries are
(Chongqing Daily 2025-08-23); a second round with 四川 and first ones with 湖北 and 贵州 in 2024.
Their sums are not public: all of them here are demonstration.
"""

from datetime import date

from dashboard.demo.agreements import AgreementSpec, Border, DemoTerm

SINCE = date(2024, 1, 1)
CITY, SICHUAN, HUBEI, GUIZHOU = "500000", "510000", "420000", "520000"
REPORT = "公开报道：2024 年长江干流全域贯通，嘉陵江、乌江等重要支流全面覆盖"

# code, river in the title, its code, section, upstream, downstream
_TRIBUTARIES = (
    ("CY-JIALING", "嘉陵江", "JIALING", "JINZI", SICHUAN, CITY),
    ("CY-FUJIANG", "涪江", "FUJIANG", "YUXI", SICHUAN, CITY),
    ("EY-APENG", "阿蓬江", "APENG", "ZHOUJIABA", HUBEI, CITY),
    ("QY-WUJIANG", "乌江", "WUJIANG", "WANMU", GUIZHOU, CITY),
    ("QY-FURONG", "芙蓉江", "FURONG", "JIANGKOUZHEN", GUIZHOU, CITY),
)
_TOGETHER = {SICHUAN: "川渝", HUBEI: "鄂渝", GUIZHOU: "黔渝"}


def _tributary(
    code: str, name: str, river: str, section: str, upstream: str, downstream: str
) -> AgreementSpec:
    other = upstream if downstream == CITY else downstream
    return AgreementSpec(
        code=code,
        title=f"{name}流域{_TOGETHER[other]}横向生态保护补偿协议（金额演示）",
        river=river,
        parties=(upstream, downstream),
        borders=(Border(section, upstream, downstream),),
        terms=(
            DemoTerm(
                rule="baseline",
                start=SINCE,
                end=None,
                given={"rate": {"value": "500000", "source": "演示取值"}},
                source="演示取值",
                clauses={"rate": f"{REPORT}；金额未公开，每月 50 万元和按月基准为演示"},
            ),
        ),
        source=f"{REPORT}；断面、金额与规则均为演示",
        confidence="B",
    )


BORDER_AGREEMENTS: tuple[AgreementSpec, ...] = (
    AgreementSpec(
        code="EY-CHANGJIANG",
        title="长江流域渝鄂横向生态保护补偿协议（金额演示）",
        river="CHANGJIANG",
        parties=(CITY, HUBEI),
        borders=(Border("WUXIAKOU", CITY, HUBEI),),
        terms=(
            DemoTerm(
                rule="weighted_score",
                start=SINCE,
                end=None,
                given={
                    "upstream_contribution": "100000000",
                    "downstream_contribution": "100000000",
                },
                source="演示取值",
                clauses={"indicators": f"{REPORT}；权重、满分值与出资未公开，为演示"},
            ),
        ),
        source=f"{REPORT}；金额、权重和指标值均为演示",
        confidence="B",
    ),
    *(_tributary(*row) for row in _TRIBUTARIES),
)
