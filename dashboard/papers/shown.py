"""A paper as words ready to set: the same texts for the page and for the PDF."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from basins.installation import installation_mark
from monitoring.standards.gb3838_2002 import WaterClass
from settlements.money import WAN, format_wan, format_yuan
from settlements.papers.codes import shown as shown_code
from settlements.papers.paper import (
    Column,
    ColumnKind,
    Paper,
    PaperKind,
    Row,
    Table,
    Value,
    digest_of,
)


def shown(paper: Paper) -> dict[str, Any]:
    """Everything of the paper as text, in the order it is printed."""
    return {
        "kind": paper.kind.label,
        "mark": installation_mark(),
        "title": paper.title,
        "number": paper.number or f"（{unissued(paper)}）",
        "issued": paper.is_issued,
        "date": date_zh(paper.date),
        "unit_line": paper.unit_line,
        "addressees": list(paper.addressees),
        "summary": list(paper.summary),
        "amounts": [
            {
                "label": a.label,
                "word": a.word,
                "figures": f"¥ {format_yuan(abs(a.yuan) if a.word else a.yuan)}",
                "capitals": f"人民币{a.capitals}",
            }
            for a in paper.amounts
        ],
        "sections": [
            {
                "title": _numbered(number, section.title),
                "paragraphs": list(section.paragraphs),
                # One table alone goes by the heading of its section.
                "tables": [shown_table(t, len(section.tables) > 1) for t in section.tables],
            }
            for number, section in enumerate(paper.sections)
        ],
        "signatures": [{"role": s.role, "unit": s.unit} for s in paper.signatures],
        "notes": list(paper.notes),
        "as_of": moment(paper.as_of),
        "issued_at": moment(paper.issued_at),
        "makers": [{"role": role, "name": name} for role, name in makers(paper)],
        "code": shown_code(paper.code) if paper.code else "",
        "ledger_head": paper.ledger_head,
        "digest": digest_of(paper) if paper.is_issued else "",
    }


def unissued(paper: Paper) -> str:
    """What stands in the place of a number."""
    return "草稿，未编号" if paper.draft else "未签发，仅供预览"


def makers(paper: Paper) -> tuple[tuple[str, str], tuple[str, str]]:
    """The two who stand for it: of a notice who prepared it and who signed it off; of a
    statement who made it and who issued it, or a place for who checks it on paper."""
    if paper.kind is PaperKind.NOTICE:
        return ("编制", paper.prepared_by), ("签发", paper.issuer)
    reviewer = paper.issuer if paper.issuer != paper.prepared_by else ""
    return ("制表", paper.prepared_by), ("审核", reviewer)


NUMERALS = "一二三四五六七八九十"


def _numbered(number: int, title: str) -> str:
    return title if title.startswith("附件") else f"{NUMERALS[number]}、{title}"


def shown_table(table: Table, titled: bool = True) -> dict[str, Any]:
    return {
        "title": table.title if titled else "",
        "note": table.note,
        "unit": _unit(table),
        "empty": table.empty,
        "widths": [column.width for column in table.columns],
        "head": [
            {"title": column.title, "right": column.kind.is_figure} for column in table.columns
        ],
        "rows": [_row(row, table.columns) for row in table.rows],
    }


def _unit(table: Table) -> str:
    kinds = {column.kind for column in table.columns}
    if ColumnKind.WAN in kinds:
        return "单位：万元"
    return "单位：元" if ColumnKind.YUAN in kinds else ""


def _row(row: Row, columns: tuple[Column, ...]) -> dict[str, Any]:
    if row.role == "group":
        return {"role": "group", "cells": [str(row.cells[0])], "paired": []}
    # A sum leaves what it does not sum blank; elsewhere nothing is "-".
    cells = [
        "" if row.role and v is None else text_of(v, c.kind)
        for v, c in zip(row.cells, columns, strict=True)
    ]
    return {
        "role": row.role,
        "cells": cells,
        "paired": [
            {"text": text, "right": column.kind.is_figure}
            for text, column in zip(cells, columns, strict=True)
        ],
    }


def text_of(value: Value, kind: ColumnKind) -> str:
    """A cell in words; '-' for nothing, as every table of the product has it."""
    if value is None or value == "":
        return "-"
    match kind:
        case ColumnKind.YUAN if isinstance(value, Decimal):
            return format_yuan(value)
        case ColumnKind.WAN if isinstance(value, Decimal):
            return format_wan(value)
        case ColumnKind.CLASS if isinstance(value, int):
            return WaterClass(value).numeral
        case ColumnKind.DATE if isinstance(value, date):
            return value.isoformat()
    return str(value)


def in_wan(value: Decimal) -> Decimal:
    return value / WAN


def date_zh(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def moment(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""
