"""The agreements: 19 rivers of the city-wide scheme, a water source, the You River and the first
stretch of the Yangtze. Those with other provinces stand in borders.py, of townships in wanzhou.py.

Confidence A: stated by a source; the rest of each agreement is demonstration. Money in yuan
as text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

TREASURY = "500000-T"
TOWN_TREASURY = "500101-T"
FILLS = frozenset({TREASURY, TOWN_TREASURY})  # stand in for a side that is missing
PLAN_2018 = "《重庆市建立流域横向生态保护补偿机制实施方案（试行）》（2018）"
MANGANESE_SINCE = date(2022, 9, 1)
SCHEME_2018, SCHEME_2023 = date(2018, 6, 1), date(2023, 1, 1)


@dataclass(frozen=True, slots=True)
class Border:
    """A section in an agreement: whose border it is, at what share of the rate."""

    section: str
    upstream: str
    downstream: str
    share: str = "1"
    inflow: str | None = None
    first_share: str | None = None  # of the first form (2018–2022) where it differs
    reference: str | None = None  # the downstream's own section


@dataclass(frozen=True, slots=True)
class DemoTerm:
    rule: str
    start: date
    end: date | None
    given: Mapping[str, object]
    source: str
    clauses: Mapping[str, str] = field(default_factory=dict)
    first: bool = False
    strand: str = "main"
    sections: tuple[str, ...] = ()  # those the term is about; empty: all


@dataclass(frozen=True, slots=True)
class AgreementSpec:
    code: str
    title: str
    river: str
    parties: tuple[str, ...]
    borders: tuple[Border, ...]
    terms: tuple[DemoTerm, ...]
    source: str = "19条流域面积500 km²以上跨区县河流之一的演示协议；断面、份额和水质均为演示"
    confidence: str = "C"


def _city(**clauses: str) -> tuple[DemoTerm, ...]:
    """The two forms of the city-wide scheme; the change of rule is on 2023-01-01."""
    return (
        DemoTerm(
            rule="class_vs_last_year",
            start=SCHEME_2018,
            end=SCHEME_2023,
            given={"rate": "1000000"},
            source=PLAN_2018,
            clauses={"rate": f"{PLAN_2018}：100 万元/月，月核算、月通报、年清缴", **clauses},
            first=True,
        ),
        DemoTerm(
            rule="baseline",
            start=SCHEME_2023,
            end=None,
            given={},
            source="",
            clauses={
                "baseline_kind": "2023 年起改按基准核算（公开报道）；协议原文未载的按默认参数"
            },
        ),
    )


def _river(
    name: str, river: str, *borders: Border, terms: tuple[DemoTerm, ...] = (), **about: str
) -> AgreementSpec:
    """A city-wide agreement whose parties are those of its borders, in order."""
    parties = dict.fromkeys(p for b in borders for p in (b.upstream, b.downstream))
    clauses = {"share": about.pop("share_note")} if "share_note" in about else {}
    return AgreementSpec(
        code=about.pop("code", river),
        title=f"{name}流域横向生态保护补偿协议",
        river=river,
        parties=tuple(parties),
        borders=borders,
        terms=terms or _city(**clauses),
        **about,
    )


def _xiaoan() -> tuple[DemoTerm, ...]:
    """The scheme's two forms; from 2023 the border to Hechuan has its own, with its condition."""
    first, second = _city()
    return (
        first,
        replace(second, sections=("SHIMIAO",)),
        DemoTerm(
            rule="class_vs_last_year",
            start=SCHEME_2023,
            end=None,
            given={
                "rate": "1000000",
                "better_than": {
                    "value": "downstream_own",
                    "source": "公开报道：达标且好于下游自身水质；自 2023 年起为演示",
                },
            },
            source="演示取值",
            clauses={"better_than": "公开报道：铜梁区的水须达标，且好于合川区自身的水"},
            strand="铜梁—合川",
            sections=("DUKOUBA",),
        ),
    )


HALF = "份额 50% 为演示取值"

MAIN: tuple[AgreementSpec, ...] = (
    _river(
        "龙溪河",
        "LONGXI",
        Border("PUSHUN", "500155", "500231"),
        Border("LIUJIANTAN", "500231", "500115", inflow="PUSHUN"),
        Border("FENGCHENG", "500115", TREASURY, inflow="LIUJIANTAN"),
        source="公开报道：梁平区 2019 年支付 500 万元、2023 年获补 300 万元；各月分布与断面名称为演示",
        confidence="A",
    ),
    _river(
        "磨刀溪",
        "MODAO",
        Border("SHAZI", "500240", TREASURY),
        Border("MOUDAO", TREASURY, "500101"),
        Border("XIANGJIA", "500101", "500235", inflow="MOUDAO"),
        Border("XINJIN", "500235", TREASURY, inflow="XIANGJIA"),
        source="公开报道：中段在湖北利川，市级财政补位，合计付石柱县、万州区 1,000 万元；"
        "年度（设为 2019 年）和各月分布为演示",
        confidence="A",
    ),
    _river(
        "临江河",
        "LINJIANG",
        Border("CIBA", "500118", "500116", first_share="0.8783"),
        source="公开报道：2019 年永川区获江津区补偿 878.3 万元；各月分布与份额为演示",
        confidence="A",
        share_note="份额 0.8783 为演示取值，由公开金额反推：10 个月 × 100 万元 × 0.8783 ＝ 878.3 万元；"
        "协议原文未载",
    ),
    _river(
        "璧南河",
        "BINAN",
        Border("LIANGHEKOU", "500120", "500118", share="0.5"),
        Border("LIANGHEKOU", "500120", "500116", share="0.5"),
        source="公开资料：璧山区与永川区、江津区，两河口断面；两个下游各半为演示",
        confidence="B",
        share_note=HALF,
    ),
    _river(
        "小安溪",
        "XIAOAN",
        Border("SHIMIAO", "500118", "500151"),
        Border("DUKOUBA", "500151", "500117", inflow="SHIMIAO", reference="XIAOANKOU"),
        source="公开报道：铜梁区至合川区要求达标且好于下游自身水质；合川区自身断面、起算日期（2023年）与"
        "其余取值均为演示",
        confidence="B",
        terms=_xiaoan(),
    ),
    _river("御临河", "YULIN", Border("HUANGYIN", "500115", "500112", share="0.5"), share_note=HALF),
    _river("濑溪河", "LAIXI", Border("LUKONG", "500111", "500153")),
    _river("龙河", "LONGHE", Border("HUHAICHANG", "500240", "500230")),
    _river("琼江", "QIONGJIANG", Border("ZHONGHE", "500152", "500151")),
    _river("綦江", "QIJIANG", Border("BEIDU", "500110", "500116")),
    _river(
        "大溪河",
        "DAXI",
        Border("PINGQIAO", "500119", "500156", share="0.5"),
        Border("YAJIANGZHEN", "500156", "500102", share="0.5", inflow="PINGQIAO"),
        share_note=HALF,
    ),
    _river(
        "渠溪河",
        "QUXI",
        Border("MOZI", "500233", "500230"),
        Border("MAJINGZI", "500230", "500102", inflow="MOZI"),
    ),
    _river("澎溪河", "PENGXI", Border("YANGLU", "500154", "500235")),
    _river(
        "普里河",
        "PULI",
        Border("YUJIA", "500155", "500101", share="0.5"),
        Border("YUEXI", "500101", "500154", share="0.5", inflow="YUJIA"),
        share_note=HALF,
    ),
    _river("汤溪河", "TANGXI", Border("TIANBA", "500238", "500235")),
    _river("梅溪河", "MEIXI", Border("LUOHAN", "500238", "500236")),
    _river("大宁河", "DANING", Border("DACHANG", "500238", "500237")),
    _river("阿蓬江", "APENG", Border("HONGHUACUN", "500114", "500242")),
    _river(
        "梁滩河",
        "LIANGTAN",
        Border("HANGU", "500107", "500106"),
        Border("TONGJIAXI", "500106", "500109", inflow="HANGU"),
    ),
    AgreementSpec(
        code="LONGTAN",
        title="龙滩水库饮用水水源保护横向补偿协议",
        river="LONGTAN",
        parties=("500233", "500231"),
        borders=(Border("LONGTAN-SK", "500233", "500231"),),
        terms=(
            DemoTerm(
                rule="fixed_annual",
                start=date(2023, 7, 1),
                end=date(2031, 1, 1),
                given={"amount": "3500000", "from_year": 2023, "to_year": 2030},
                source="垫江县、忠县备忘录（2023年7月）",
                clauses={
                    "amount": "垫江县每年付忠县 350 万元，2023—2030 年，共 2,800 万元（公开报道）"
                },
            ),
        ),
        source="公开报道：备忘录 2023 年 7 月，2024 年 1 月批准为水源；水源保护区 16.52 km²，其中忠县 11.16 km²"
        "（67.6 %）、垫江县 5.36 km²（32.4 %）；水质稳定在Ⅲ类",
        confidence="A",
    ),
    AgreementSpec(
        code="LONGTAN-JL",
        title="龙滩水库水源地保护市级奖励",
        river="LONGTAN",
        parties=("500233", "500231", TREASURY),
        borders=(Border("LONGTAN-SK", "500233", "500231"),),
        terms=(
            DemoTerm(
                rule="awards",
                start=date(2024, 1, 1),
                end=date(2025, 1, 1),
                given={
                    "awards": {
                        "value": [
                            {
                                "kind": "water_source",
                                "year": 2024,
                                "at_least": "1",
                                "amount": "5000000",
                                "recipient": "each",
                            }
                        ],
                        "source": "公开报道：市级奖励两县各 500 万元",
                    }
                },
                source="演示取值",
                clauses={
                    "awards": "公开报道：市级奖励忠县、垫江县各 500 万元，一次；年度（2024年，批准为水源的"
                    "一年）为演示"
                },
            ),
        ),
        source="公开报道：市级财政奖励忠县、垫江县各 500 万元；奖励的年度为演示",
        confidence="A",
    ),
    AgreementSpec(
        code="YOUSHUI",
        title="酉水渝湘流域横向生态保护补偿协议",
        river="YOUSHUI",
        parties=("500242", "500241", "430000"),
        borders=(
            Border("LIYE", "500242", "430000", share="0.5"),
            Border("LIYE", "500241", "430000", share="0.5"),
        ),
        terms=(
            DemoTerm(
                rule="baseline",
                start=date(2019, 1, 1),
                end=MANGANESE_SINCE,
                given={
                    "rate": {
                        "value": "400000",
                        "source": "由公开金额反推：2019 年 480 万元 ＝ 40 万元 × 12 个月",
                    },
                    "baseline_kind": {"value": "class", "source": "演示取值"},
                    "baseline_class": {"value": "III", "source": "演示取值"},
                },
                source="演示取值",
                clauses={
                    "rate": "公开报道：2019 年湖南省付重庆市 480 万元",
                    "share": "酉阳、秀山各半为演示取值",
                },
            ),
            DemoTerm(
                rule="pollutant_threshold",
                start=MANGANESE_SINCE,
                end=None,
                given={
                    "thresholds": {
                        "value": [{"indicator": "Mn", "threshold": "0.1"}],
                        "source": "公开报道：2022 年 9 月起以锰为核心指标；限值 GB 3838—2002 表2",
                    },
                    "class_condition": {"value": "class", "source": "演示取值"},
                    "condition_class": {"value": "III", "source": "演示取值"},
                    "met_amount": {"value": "400000", "source": "沿用前一条款期"},
                    "not_met_amount": {"value": "400000", "source": "演示取值"},
                },
                source="演示取值",
                clauses={
                    "thresholds": "公开报道：2022 年 9 月起，锰与水质类别同为核心指标；"
                    "2024 年国控断面里耶镇年均值 0.031 mg/L",
                    "share": "酉阳、秀山各半为演示取值",
                },
            ),
        ),
        source="公开报道：2018 年起渝湘试点，2019 年湖南省付重庆市 480 万元，2022 年 9 月起锰为核心指标；"
        "按月核算为演示",
        confidence="A",
    ),
    AgreementSpec(
        code="CHUANYU",
        title="长江流域川渝横向生态保护补偿协议（第二轮，演示）",
        river="CHANGJIANG",
        parties=("510000", "500000"),
        borders=(Border("ZHUTUO", "510000", "500000"),),
        terms=(
            DemoTerm(
                rule="weighted_score",
                start=date(2024, 1, 1),
                end=None,
                given={
                    "upstream_contribution": "100000000",
                    "downstream_contribution": "100000000",
                },
                source="演示取值",
                clauses={
                    "indicators": "公开报道：第二轮（2024 年）除水质外考核生态流量、自然岸线、鱼类多样性；"
                    "权重、满分值与出资为演示"
                },
            ),
        ),
        source="公开报道：2024 年川渝第二轮协议增加水生态指标；金额、权重和指标值均为演示",
        confidence="C",
    ),
)
