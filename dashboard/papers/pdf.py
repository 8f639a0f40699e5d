"""A paper as PDF: A4, tagged (PDF/UA-1), every page with its number and the code.

The same issued paper gives the same bytes: the time stamp is that of its issue.
"""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import typst

from dashboard.papers.font import FAMILY, font_folder, marked
from dashboard.papers.shown import shown
from settlements.papers.paper import Paper

TEMPLATE = Path(__file__).with_name("paper.typ")
DRAFTED = datetime(2000, 1, 1, tzinfo=UTC)  # of a preview, which has no time of issue


def pdf_of(paper: Paper) -> bytes:
    """The document; what its font lacks is printed as code points."""
    return _compile(paper, "pdf")


def pictures_of(paper: Paper) -> list[bytes]:
    """The pages as PNG, as the same layout makes them."""
    made = _compile(paper, "png")
    return made if isinstance(made, list) else [made]


def _compile(paper: Paper, format: Literal["pdf", "png"]) -> Any:
    data = json.dumps(_marked(shown(paper)), ensure_ascii=False)
    standards: list[Literal["ua-1"]] = ["ua-1"] if format == "pdf" else []
    compiler = typst.Compiler(
        TEMPLATE.read_bytes(),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"paper": data, "font": FAMILY},
    )
    return compiler.compile(
        format=format,
        ppi=72 if format == "png" else None,
        pdf_standards=list(standards),
        timestamp=(paper.issued_at or DRAFTED).astimezone(UTC).replace(microsecond=0),
    )


@cache
def _fonts() -> Any:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(font_folder())],
    )


def _marked(data: Any) -> Any:
    if isinstance(data, str):
        return marked(data)
    if isinstance(data, list):
        return [_marked(each) for each in data]
    if isinstance(data, dict):
        return {key: _marked(each) for key, each in data.items()}
    return data
