"""种类 of objections as data: who may raise one, with what evidence, by when, and what follows.

Grounds of exclusion: domain.md §10. 上游无过错举证 after Jiangsu 2021 (domain.md §8a). The days
for evidence are defaults of this system, counted in working days after the day of raising.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One line of the list of evidence; `key` is stored with each file."""

    key: str
    title: str
    required: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ObjectionKind:
    """One kind; `code` as in Objection.Kind, `treatments` as in objections.services.decisions."""

    code: str
    title: str
    about: str
    evidence: tuple[EvidenceItem, ...]
    days: int
    treatments: tuple[str, ...]
    upstream_only: bool = False
    needs_readings: bool = False
    needs_ground: bool = False
    # The evidence is what the days after raising are for; else what is required comes with it.
    proves_later: bool = False
    presumption: str = ""
    source: str = ""

    @property
    def required(self) -> tuple[EvidenceItem, ...]:
        return tuple(item for item in self.evidence if item.required)

    def item(self, key: str) -> EvidenceItem | None:
        return next((item for item in self.evidence if item.key == key), None)


# Ground of an exclusion → its words; the codes are those of MonthRuling.Ground.
GROUNDS = {
    "disaster": "自然灾害",
    "drought": "干旱、断流",
    "background": "自然背景值高",
    "inflow": "上游来水已超标",
    "station": "自动站故障",
    "missing": "数据缺失",
}
OTHER = EvidenceItem("other", "其他材料")

KINDS: tuple[ObjectionKind, ...] = (
    ObjectionKind(
        "data_error",
        "数据有误",
        "对本月断面的某些监测数据有异议：采样、分析或录入有误。",
        (
            EvidenceItem("original", "原始记录或监测报告", True, "采样单、分析原始记录、报告。"),
            EvidenceItem("quality", "质控与校准记录", False, "平行样、加标回收、仪器校准。"),
            EvidenceItem("own", "本方同期监测结果"),
            OTHER,
        ),
        5,
        ("invalidate", "correct", "accept", "joint"),
        needs_readings=True,
        source="书面提出并附证据，由市局复核，必要时请国家站复测（参照安徽 2021 年做法）",
    ),
    ObjectionKind(
        "exclusion",
        "申请剔除",
        "本月因灾害、断流、背景值、来水、站点故障或缺数，不应按水质核算。",
        (
            EvidenceItem("official", "主管部门的证明", True, "气象、水利、应急或运维单位出具。"),
            EvidenceItem("monitoring", "同期监测数据"),
            EvidenceItem("photos", "现场照片"),
            OTHER,
        ),
        10,
        ("exclude", "invalidate", "accept"),
        needs_ground=True,
        source="剔除逐项举证，由市局决定",
    ),
    ObjectionKind(
        "no_fault",
        "上游无过错举证",
        "上游方证明本月断面超标不是本方造成。",
        (
            EvidenceItem("flow", "流向与流量记录", True, "断面处流向稳定，还是往复、倒流。"),
            EvidenceItem("course", "沿程监测数据", True, "入境到出境各点同期浓度。"),
            EvidenceItem("sources", "沿线污染源核查记录", True, "排口、企业、污水厂的核查。"),
            EvidenceItem("rain", "降雨与径流资料"),
            OTHER,
        ),
        15,
        ("exclude", "invalidate", "accept", "joint"),
        upstream_only=True,
        proves_later=True,
        presumption="流向稳定的，举证期内举证不足即推定上游有责；往复流、倒流或左右岸分属两方的，"
        "由双方共同举证。",
        source="参照江苏 2021 年上游无过错举证办法",
    ),
)  # fmt: skip
BY_CODE = {kind.code: kind for kind in KINDS}


def ground_of(reason: str) -> str:
    """Code of the ground a reason begins with (as `with_ground` wrote it); '' without one."""
    return next((code for code, words in GROUNDS.items() if reason.startswith(f"{words}。")), "")


def with_ground(ground: str, reason: str) -> str:
    """The reason with its ground before it: the words of it are what is kept."""
    return f"{GROUNDS[ground]}。{reason}"
