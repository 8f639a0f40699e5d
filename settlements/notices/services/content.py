"""月通报的内容: a month's accruals as the notice says them, read from the database.

The same data give the same content and digest, whoever asks and when: signing off draws it
again and compares. Amounts are yuan to the fen as text.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from settlements.models import Agreement, Party
from settlements.money import ZERO
from settlements.notices.services.data import Found, NoticeData, PaidTransfer, notice_data
from settlements.notices.services.words import summary_of
from settlements.rules.base import MonthState

VERSION = 1


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a notice of the month would say now.

    incomplete: what keeps an agreement from being published, by agreement code, in words.
    """

    month: date
    content: dict[str, Any]
    digest: str
    summary: str
    accruals: tuple[int, ...]
    months: tuple[int, ...]  # agreements whose month begins with this notice
    parties: dict[int, tuple[int, ...]]  # agreement → jurisdictions, of those
    incomplete: dict[str, list[str]]

    @property
    def agreements(self) -> list[dict]:
        return self.content["agreements"]


def draw(month: date, leave_out: Mapping[str, str], data: NoticeData | None = None) -> Drawn:
    """The notice's content: agreements of the month that are not published yet, without those
    of `leave_out` (code → why). 11 SQL queries, none with `data` that holds the month.
    """
    data = notice_data([month]) if data is None else data
    named = [a for a in data.agreements if a.code not in leave_out]
    by_agreement: dict[int, list[Found]] = defaultdict(list)
    have = set()
    for accrual in data.of_month(month):
        have.add((accrual.part.pk, accrual.period))
        if accrual.open:
            by_agreement[accrual.part.term.agreement_id].append(accrual)
    listed = [a for a in named if a.pk in by_agreement]
    fresh = [a for a in listed if (a.pk, month) not in data.begun]
    parties = {a.pk: data.parties_in(a.pk, month) for a in listed}
    blocks = [
        _block(a, by_agreement[a.pk], data.paid, parties[a.pk], again=a not in fresh)
        for a in listed
    ]
    accruals = [accrual for a in listed for accrual in by_agreement[a.pk]]
    content = {
        "version": VERSION,
        "month": f"{month:%Y-%m}",
        "earlier": data.earlier.get(month, []),
        "agreements": blocks,
        "parties": _by_party(blocks),
        "indicators": _by_indicator(data, month, accruals),
        "left_out": [
            {"code": a.code, "title": a.title, "why": leave_out[a.code]}
            for a in data.agreements
            if a.code in leave_out
        ],
        "total": _text(sum((t.yuan for a in accruals for t in data.paid.get(a.pk, ())), ZERO)),
    }
    return Drawn(
        month=month,
        content=content,
        digest=digest_of(content),
        summary=summary_of(content),
        accruals=tuple(a.pk for a in accruals),
        months=tuple(a.pk for a in fresh),
        parties={a.pk: tuple(p.jurisdiction_id for p in parties[a.pk]) for a in fresh},
        incomplete=_incomplete(data, month, named, have),
    )


def without_data(block: Mapping[str, Any]) -> str:
    """What an agreement's block has no data for, in words; '' where every section has some."""
    sections = block["sections"]
    lacking = [s["name"] for s in sections if s["state"] == MonthState.NO_DATA.value]
    if not lacking:
        return ""
    return "无数据" if len(lacking) == len(sections) else f"{'、'.join(lacking)}无数据"


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of the content in one fixed spelling."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _incomplete(
    data: NoticeData, month: date, agreements: list[Agreement], have: set[tuple[int, date]]
) -> dict[str, list[str]]:
    """Agreement code → sections without accrual, waiting marks, stopped runs, in words."""
    found: dict[str, list[str]] = {}
    for agreement in agreements:
        if (agreement.pk, month) in data.begun:
            continue
        due = data.due(agreement.pk, month)
        if not due:
            continue
        words = sorted(
            {
                f"{part.section.name}断面{'本年' if yearly else '本月'}没有核算"
                for part, period, yearly in due
                if (part.pk, period) not in have
            }
        )
        if data.marks:
            feeding = data.feeding(agreement.pk)
            words += [
                f"{mark.section.name}断面 {mark.month:%Y-%m} 的数据待重算"
                + (f"（{mark.error}）" if mark.error else "")
                for mark in data.marks
                if mark.section_id in feeding and mark.month <= month
            ]
        if agreement.pk in data.stopped:
            words.append("有停下的重算待核实")
        if words:
            found[agreement.code] = words
    return found


def _block(
    agreement: Agreement,
    accruals: list[Found],
    paid: Mapping[int, list[PaidTransfer]],
    parties: list[Party],
    *,
    again: bool,
) -> dict:
    nets: dict[str, Decimal] = {p.jurisdiction.code: ZERO for p in parties}
    names = {p.jurisdiction.code: p.jurisdiction.name for p in parties}
    sections = []
    for accrual in accruals:
        part = accrual.part
        payments = []
        for t in paid.get(accrual.pk, ()):
            names |= {t.payer.code: t.payer.name, t.payee.code: t.payee.name}
            nets[t.payer.code] = nets.get(t.payer.code, ZERO) - t.yuan
            nets[t.payee.code] = nets.get(t.payee.code, ZERO) + t.yuan
            payments.append(
                {
                    "payer": t.payer.code,
                    "payee": t.payee.code,
                    "yuan": _text(t.yuan),
                    "reason": t.reason,
                }
            )
        sections.append(
            {
                "accrual": accrual.pk,
                "digest": accrual.digest,
                "code": part.section.code,
                "name": part.section.name + ("*" if part.section.is_demo else ""),
                "upstream": part.upstream.name,
                "downstream": part.downstream.name,
                "yearly": accrual.yearly,
                "state": accrual.month_state,
                "state_words": MonthState(accrual.month_state).label,
                "water_class": accrual.water_class,
                "complete": accrual.complete,
                "transfers": payments,
            }
        )
    return {
        "code": agreement.code,
        "title": agreement.title,
        "river": agreement.river.name,
        # Its month was published before; these sections were found since.
        "again": again,
        "parties": [
            {"code": code, "name": names[code], "yuan": _text(yuan)} for code, yuan in nets.items()
        ],
        "sections": sections,
    }


def _by_party(blocks: list[dict]) -> list[dict]:
    """The annex per party: every payment that concerns it, from its side; by code."""
    names: dict[str, str] = {}
    lines: dict[str, list[dict]] = defaultdict(list)
    for block in blocks:
        for party in block["parties"]:
            names[party["code"]] = party["name"]
        for section in block["sections"]:
            for t in section["transfers"]:
                for side, other, sign in (("payer", "payee", -1), ("payee", "payer", 1)):
                    lines[t[side]].append(
                        {
                            "agreement": block["code"],
                            "title": block["title"],
                            "section": section["name"],
                            "other": t[other],
                            "yuan": _text(sign * Decimal(t["yuan"])),
                            "reason": t["reason"],
                        }
                    )
    answer = []
    for code in sorted(names):
        amounts = [Decimal(line["yuan"]) for line in lines[code]]
        answer.append(
            {
                "code": code,
                "name": names[code],
                "receivable": _text(sum((a for a in amounts if a > 0), ZERO)),
                "payable": _text(-sum((a for a in amounts if a < 0), ZERO)),
                "net": _text(sum(amounts, ZERO)),
                "agreements": [
                    b["title"] for b in blocks if any(p["code"] == code for p in b["parties"])
                ],
                "lines": [{**line, "other": names[line["other"]]} for line in lines[code]],
            }
        )
    return answer


def _by_indicator(data: NoticeData, month: date, accruals: list[Found]) -> list[dict]:
    """The annex per indicator: which sections it makes worse than class III, by how much."""
    sections = {a.part.section_id: a.part.section for a in accruals}
    found: dict[str, list[dict]] = defaultdict(list)
    for section_id, exceedances in data.exceedances.get(month, {}).items():
        if (section := sections.get(section_id)) is None:
            continue
        for e in exceedances:
            found[e["indicator"]].append(
                {
                    "code": section.code,
                    "name": section.name + ("*" if section.is_demo else ""),
                    "value": e["value"],
                    "multiple": e["multiple"],
                    "reference": e["reference"],
                }
            )
    return [
        {
            "code": i.code,
            "name": i.name,
            "unit": i.unit,
            "decimals": i.decimals,
            "sections": found[i.code],
        }
        for i in data.indicators
        if i.code in found
    ]


def _text(yuan: Decimal) -> str:
    return f"{yuan:.2f}"
