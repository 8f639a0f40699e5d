"""A paper as plain data: the one source of its HTML, PDF and XLSX.

Amounts are Decimal yuan to the fen; a WAN column is shown in 万元 but holds yuan too. What a
paper says is its body; number, date, code and ledger head come when it is issued. Both go
through `to_data` / `from_data` unchanged: every figure as text, dates as ISO 8601.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

Value = str | Decimal | date | int | None


class PaperKind(StrEnum):
    DISTRICT = "district"
    AGREEMENT = "agreement"
    NOTICE = "notice"
    DEMAND = "demand"

    @property
    def label(self) -> str:
        return {
            "district": "区县对账单",
            "agreement": "年度结算单",
            "notice": "月通报",
            "demand": "拨款通知",
        }[self.value]

    @property
    def prefix(self) -> str:
        """The letters of the number: 对账〔2026〕12号."""
        return {"district": "对账", "agreement": "结算", "notice": "通报", "demand": "拨款"}[
            self.value
        ]


class ColumnKind(StrEnum):
    TEXT = "text"
    YUAN = "yuan"
    WAN = "wan"
    DATE = "date"
    NUMBER = "number"
    CLASS = "class"  # water class 1…6

    @property
    def is_figure(self) -> bool:
        return self in (ColumnKind.YUAN, ColumnKind.WAN, ColumnKind.NUMBER)


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    kind: ColumnKind = ColumnKind.TEXT
    width: int = 10  # in characters; on paper a share of the line


@dataclass(frozen=True, slots=True)
class Row:
    """`role`: '' an ordinary row; 'group' a heading over the rows below; 'subtotal'; 'total'."""

    cells: tuple[Value, ...]
    role: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""
    empty: str = "无"  # what stands there when there is no row

    def __post_init__(self) -> None:
        for row in self.rows:
            if row.role != "group" and len(row.cells) != len(self.columns):
                raise ValueError(
                    f"表“{self.title}”有 {len(self.columns)} 列，一行却有 {len(row.cells)} 格。"
                )


@dataclass(frozen=True, slots=True)
class PaperSection:
    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount in figures and in capitals (大写); `word` is 应收, 应付 or ''."""

    label: str
    yuan: Decimal
    capitals: str
    word: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """A unit that signs, and what for."""

    role: str
    unit: str


@dataclass(frozen=True, slots=True)
class Paper:
    kind: PaperKind
    subject: str  # what it is about, e.g. "agreement:LX:2024"
    title: str
    unit_line: str  # 单位：元
    addressees: tuple[str, ...] = ()
    summary: tuple[str, ...] = ()
    amounts: tuple[Amount, ...] = ()
    sections: tuple[PaperSection, ...] = ()
    signatures: tuple[Signature, ...] = ()
    notes: tuple[str, ...] = ()
    filters: tuple[tuple[str, str], ...] = ()
    as_of: datetime | None = None  # of the data
    # Why it can't be issued yet (Chinese), of a year that runs; "": it can.
    draft: str = ""
    # Given when it is issued.
    number: str = ""
    date: date | None = None
    issued_at: datetime | None = None
    issuer: str = ""
    prepared_by: str = ""
    code: str = ""
    ledger_head: str = ""

    @property
    def is_issued(self) -> bool:
        return bool(self.number)


# What is not part of the body: the same figures issued again are the same paper.
OF_ISSUE = (
    "as_of", "number", "date", "issued_at", "issuer", "prepared_by", "code", "ledger_head",
)  # fmt: skip


def as_draft(paper: Paper) -> Paper:
    """The paper without what only issuing gives; the time of its data stays."""
    return replace(paper, number="", date=None, issued_at=None, issuer="", code="", ledger_head="")


def digest_of(paper: Paper) -> str:
    """SHA-256 over all that the paper says."""
    return _digest(to_data(paper))


def body_digest_of(paper: Paper) -> str:
    """SHA-256 over the body alone: equal where only number, date or issuer differ."""
    return _digest({k: v for k, v in to_data(paper).items() if k not in OF_ISSUE})


def digest_of_data(data: dict[str, Any]) -> str:
    """SHA-256 over stored content, as `digest_of` over the paper it was made from."""
    return _digest(data)


def _digest(data: dict[str, Any]) -> str:
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def to_data(paper: Paper) -> dict[str, Any]:
    """The paper as JSON can hold it, every figure as text."""
    return {
        "kind": paper.kind.value,
        "subject": paper.subject,
        "title": paper.title,
        "unit_line": paper.unit_line,
        "addressees": list(paper.addressees),
        "summary": list(paper.summary),
        "amounts": [
            {"label": a.label, "yuan": str(a.yuan), "capitals": a.capitals, "word": a.word}
            for a in paper.amounts
        ],
        "sections": [_section_data(section) for section in paper.sections],
        "signatures": [{"role": s.role, "unit": s.unit} for s in paper.signatures],
        "notes": list(paper.notes),
        "filters": [list(pair) for pair in paper.filters],
        # Only where it says something, so that what was issued before there were drafts reads as it did.
        **({"draft": paper.draft} if paper.draft else {}),
        "as_of": paper.as_of.isoformat() if paper.as_of else "",
        "number": paper.number,
        "date": paper.date.isoformat() if paper.date else "",
        "issued_at": paper.issued_at.isoformat() if paper.issued_at else "",
        "issuer": paper.issuer,
        "prepared_by": paper.prepared_by,
        "code": paper.code,
        "ledger_head": paper.ledger_head,
    }


def _section_data(section: PaperSection) -> dict[str, Any]:
    return {
        "title": section.title,
        "paragraphs": list(section.paragraphs),
        "tables": [
            {
                "title": table.title,
                "columns": [
                    {"title": c.title, "kind": c.kind.value, "width": c.width}
                    for c in table.columns
                ],
                "rows": [
                    {
                        "cells": [None if cell is None else str(cell) for cell in row.cells],
                        "role": row.role,
                    }
                    for row in table.rows
                ],
                "note": table.note,
                "empty": table.empty,
            }
            for table in section.tables
        ],
    }


def from_data(data: dict[str, Any]) -> Paper:
    """The paper that `to_data` wrote; raises KeyError or ValueError for anything else."""
    return Paper(
        kind=PaperKind(data["kind"]),
        subject=data["subject"],
        title=data["title"],
        unit_line=data["unit_line"],
        addressees=tuple(data["addressees"]),
        summary=tuple(data["summary"]),
        amounts=tuple(
            Amount(a["label"], Decimal(a["yuan"]), a["capitals"], a["word"])
            for a in data["amounts"]
        ),
        sections=tuple(
            PaperSection(s["title"], tuple(s["paragraphs"]), tuple(_table(t) for t in s["tables"]))
            for s in data["sections"]
        ),
        signatures=tuple(Signature(s["role"], s["unit"]) for s in data["signatures"]),
        notes=tuple(data["notes"]),
        filters=tuple((name, value) for name, value in data["filters"]),
        as_of=datetime.fromisoformat(data["as_of"]) if data["as_of"] else None,
        draft=data.get("draft", ""),
        number=data["number"],
        date=date.fromisoformat(data["date"]) if data["date"] else None,
        issued_at=datetime.fromisoformat(data["issued_at"]) if data["issued_at"] else None,
        issuer=data["issuer"],
        prepared_by=data["prepared_by"],
        code=data["code"],
        ledger_head=data["ledger_head"],
    )


def _table(data: dict[str, Any]) -> Table:
    columns = tuple(Column(c["title"], ColumnKind(c["kind"]), c["width"]) for c in data["columns"])
    rows = tuple(
        Row(
            tuple(r["cells"])
            if r["role"] == "group"
            else tuple(
                _value(text, column.kind) for text, column in zip(r["cells"], columns, strict=True)
            ),
            r["role"],
        )
        for r in data["rows"]
    )
    return Table(data["title"], columns, rows, data["note"], data["empty"])


def _value(text: str | None, kind: ColumnKind) -> Value:
    if text is None:
        return None
    if kind.is_figure:
        return Decimal(text)
    if kind is ColumnKind.DATE:
        return date.fromisoformat(text)
    if kind is ColumnKind.CLASS:
        return int(text)
    return text
