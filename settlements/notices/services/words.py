"""The notice in one paragraph, as the notices of Hebei and Henan put it: sections and how many
reached their target, what is paid in all, who pays and who receives most, what exceeded."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from basins.words import day_words
from settlements.money import format_wan
from settlements.rules.base import MonthState

FEW = 3
MET = {MonthState.MET, MonthState.NOT_INCREASED}


def procedure_of(until: date | None, provisional: bool) -> str:
    """What the parties can do, and by which day where a month begins with the notice."""
    if until is None:
        return "各方可在异议期内确认，或附理由和证据提出异议；逾期视为确认。"
    day = f"{until.year}年{day_words(until)}{'（暂定）' if provisional else ''}"
    return f"各方可于 {day}前（含当日）确认，或附理由和证据提出异议；逾期视为确认。"


def summary_of(content: Mapping[str, Any]) -> str:
    """Of a notice's content (settlements.notices.services.content)."""
    year, month = content["month"].split("-")
    sections = [s for a in content["agreements"] for s in a["sections"]]
    words = [
        f"{year}年{int(month)}月，{len(content['agreements'])} 个协议的 {len(sections)} 个断面"
        f"纳入{'补充' if content['earlier'] else ''}通报：{_states(sections)}。"
    ]
    total = Decimal(content["total"])
    if total:
        words.append(f"补偿金额合计 {format_wan(total)} 万元，{_extremes(content['parties'])}。")
    else:
        words.append("各方互不补偿。")
    if exceeded := _exceeded(content["indicators"]):
        words.append(f"超过Ⅲ类限值的：{exceeded}。")
    if content["left_out"]:
        words.append(f"另有 {len(content['left_out'])} 个协议未列入，原因见文末。")
    return "".join(words)


def _states(sections: list[dict]) -> str:
    counts = Counter(s["state"] for s in sections)
    return "、".join(f"{s.label} {counts[s]} 个" for s in MonthState if counts[s]) or "没有断面"


def _extremes(parties: list[dict]) -> str:
    nets = sorted(((Decimal(p["net"]), p["name"]) for p in parties), key=lambda n: (n[0], n[1]))
    pays = [f"{name} {format_wan(-net)} 万元" for net, name in nets if net < 0][:FEW]
    gets = [f"{name} {format_wan(net)} 万元" for net, name in reversed(nets) if net > 0][:FEW]
    said = []
    if pays:
        said.append(f"净应付较多的是{'、'.join(pays)}")
    if gets:
        said.append(f"净应收较多的是{'、'.join(gets)}")
    return "；".join(said) or "各方应收应付相抵"


def _exceeded(indicators: list[dict]) -> str:
    words = []
    for indicator in indicators:
        names = [s["name"] for s in indicator["sections"]]
        more = f"等 {len(names)} 个断面" if len(names) > FEW else ""
        words.append(f"{indicator['name']}（{'、'.join(names[:FEW])}{more}）")
    return "，".join(words)
