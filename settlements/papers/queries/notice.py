"""月通报 as a paper: what a published Notice says, from its frozen content and nothing else.

The same notice gives the same paper for ever: number, date, signers and ledger head are those of
the notice; later corrections come as notices and adjustments of their own.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from basins.access import Viewer
from basins.city import governments
from basins.digits import whole
from monitoring.standards.rounding import round_to_places
from settlements.models import Notice
from settlements.money import ZERO
from settlements.notices.queries.notices import visible_notices, with_amounts
from settlements.notices.services.words import procedure_of
from settlements.papers.paper import Paper, PaperKind, PaperSection, Row, Signature, Table
from settlements.papers.queries.parts import (
    CLASS,
    DEMO_NOTE,
    NUMBER,
    TEXT,
    WAN,
    amount,
    columns,
    place_of_installation,
)


def notice_of_subject(subject: str) -> int | None:
    """Primary key of the notice that a subject such as "notice:2024-05:12" names."""
    parts = subject.split(":")
    if len(parts) != 3 or parts[0] != PaperKind.NOTICE:
        return None
    return whole(parts[2], 17)


def notice_paper(viewer: Viewer, month: date, pk: int) -> Paper | None:
    """The paper of a published notice of that month: 1 SQL query.

    None where the viewer sees no such notice, it is not published, or says nothing.
    """
    notice = (
        visible_notices(viewer)
        .filter(pk=pk, month=month, state=Notice.State.PUBLISHED)
        .select_related("prepared_by", "published_by")
        .first()
    )
    return paper_of(notice) if notice is not None else None


def paper_of(notice: Notice) -> Paper | None:
    """The paper of a published notice, without its code; None where its content is empty."""
    if not notice.content.get("parties"):
        return None
    content = with_amounts(notice.content)
    city, month = place_of_installation(), notice.month
    extra = [f"本期为补充通报，此前已发布 {'、'.join(content['earlier'])}。"]
    left_out = [Row((each["title"], each["why"])) for each in content["left_out"]]
    return Paper(
        kind=PaperKind.NOTICE,
        subject=f"notice:{month:%Y-%m}:{notice.pk}",
        title=f"{city}流域横向生态保护补偿{month.year}年{month.month}月通报",
        unit_line="单位：万元",
        addressees=(governments(), f"{city}财政局"),
        summary=(
            notice.summary,
            *(extra if content["earlier"] else ()),
            procedure_of(notice.objection_until, notice.provisional),
        ),
        amounts=(amount(f"{month.year}年{month.month}月补偿合计", content["total"], signed=False),),
        sections=(
            PaperSection(
                "附件1 各方收付",
                tables=(_party_table(content["parties"]), _party_lines(content["parties"])),
            ),
            PaperSection("附件2 各断面核算结果", tables=(_section_table(content),)),
            PaperSection("附件3 各指标超标情况", tables=_indicator_tables(content["indicators"])),
            *(
                (PaperSection("附件4 未列入的协议", tables=(_left_out(left_out),)),)
                if left_out
                else ()
            ),
        ),
        signatures=(Signature("签发单位", f"{city}生态环境局"),),
        notes=(
            "水质类别按 GB 3838—2002 单因子评价；附件3 的均值为月均值，超标倍数相对所列类别的限值。",
            f"通报内容摘要（SHA-256）{notice.digest}。",
            *((DEMO_NOTE,) if _has_demo(content) else ()),
        ),
        filters=(
            ("月份", f"{month:%Y-%m}"),
            ("月通报", str(notice)),
            ("范围", f"{len(content['agreements'])} 份协议"),
        ),
        as_of=timezone.localtime(notice.prepared_at),
        prepared_by=str(notice.prepared_by),
    )


def _has_demo(content: Mapping[str, Any]) -> bool:
    return any(s["name"].endswith("*") for a in content["agreements"] for s in a["sections"])


def _party_table(parties: Sequence[Mapping[str, Any]]) -> Table:
    rows = [
        Row((number, p["name"], p["receivable"], p["payable"], p["net"]))
        for number, p in enumerate(parties, start=1)
    ]
    sums = [sum((p[name] for p in parties), ZERO) for name in ("receivable", "payable", "net")]
    rows.append(Row((None, "合计", *sums), "total"))
    return Table(
        "各方收付",
        columns(
            ("序", NUMBER, 4),
            ("协议方", TEXT, 18),
            ("应收（万元）", WAN, 14),
            ("应付（万元）", WAN, 14),
            ("净额（万元）", WAN, 14),
        ),
        tuple(rows),
        note="净额正数为应收，负数为应付。",
    )


def _party_lines(parties: Sequence[Mapping[str, Any]]) -> Table:
    """Every payment from the side of each party that has one."""
    rows: list[Row] = []
    for party in parties:
        if not party["lines"]:
            continue
        rows.append(Row((party["name"],), "group"))
        for line in party["lines"]:
            cells = line["title"], line["section"], line["other"], line["reason"], line["yuan"]
            rows.append(Row(cells))
        rows.append(Row(("小计", None, None, None, party["net"]), "subtotal"))
    return Table(
        "各方明细",
        columns(
            ("协议", TEXT, 20),
            ("断面", TEXT, 12),
            ("对方", TEXT, 10),
            ("事由", TEXT, 18),
            ("金额（万元）", WAN, 12),
        ),
        tuple(rows),
        note="金额正数为应收，负数为应付。" if rows else "",
        empty="各方互不补偿。",
    )


def _section_table(content: Mapping[str, Any]) -> Table:
    rows: list[Row] = []
    number = 0
    for agreement in content["agreements"]:
        rows.append(Row((agreement["title"],), "group"))
        names = {p["code"]: p["name"] for p in agreement["parties"]}
        for section in agreement["sections"]:
            number += 1
            paid = section["transfers"]
            rows.append(
                Row(
                    (
                        number,
                        section["name"] + ("（全年）" if section["yearly"] else ""),
                        f"{section['upstream']}→{section['downstream']}",
                        section["water_class"],
                        section["state_words"] + ("" if section["complete"] else "，数据不完整"),
                        "；".join(f"{names[t['payer']]}付{names[t['payee']]}" for t in paid),
                        sum((t["yuan"] for t in paid), ZERO),
                    )
                )
            )
    rows.append(Row((None, "合计", None, None, None, None, content["total"]), "total"))
    return Table(
        "各断面核算结果",
        columns(
            ("序", NUMBER, 4),
            ("断面", TEXT, 13),
            ("上游→下游", TEXT, 14),
            ("类别", CLASS, 5),
            ("月度状态", TEXT, 10),
            ("谁付给谁", TEXT, 16),
            ("金额（万元）", WAN, 10),
        ),
        tuple(rows),
    )


def _indicator_tables(indicators: Sequence[Mapping[str, Any]]) -> tuple[Table, ...]:
    def heads(unit: str = ""):
        return columns(
            ("断面", TEXT, 24),
            (f"月均值（{unit}）" if unit else "月均值", NUMBER, 14),
            ("参照类别", CLASS, 10),
            ("超标倍数", NUMBER, 10),
        )

    if not indicators:
        return (Table("各指标", heads(), (), empty="没有指标超过Ⅲ类限值。"),)
    return tuple(
        Table(
            indicator["name"],
            heads(indicator["unit"]),
            tuple(
                Row(
                    (
                        section["name"],
                        _rounded(section["value"], indicator["decimals"]),
                        int(section["reference"]),
                        _rounded(section["multiple"], 2),
                    )
                )
                for section in indicator["sections"]
            ),
        )
        for indicator in indicators
    )


def _rounded(value: Decimal | None, places: int) -> Decimal | None:
    return None if value is None else round_to_places(value, places)


def _left_out(rows: list[Row]) -> Table:
    return Table("未列入的协议", columns(("协议", TEXT, 24), ("原因", TEXT, 40)), tuple(rows))
