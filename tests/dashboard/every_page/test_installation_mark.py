"""演示 is across every page and sheet of what a demonstration hands out; 正式 hands out clean ones."""

import io

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from tests.money_world import DOWN

SUBJECT = f"district:{DOWN}:2023"


@pytest.fixture
def get(money, client):
    def get(address: str, **query) -> bytes:
        client.force_login(money.people.treasury)
        answer = client.get(address, query)
        assert answer.status_code == 200
        return answer.content

    return get


def titles(content: bytes) -> list[str]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [str(book.get_sheet_by_name(name).to_python()[0][0]) for name in book.sheet_names]


@pytest.mark.parametrize(("installation", "mark"), [("demo", "演示"), ("test", "测试")])
def test_every_page_of_a_pdf_carries_the_mark(get, settings, installation, mark):
    settings.INSTALLATION = installation
    file = get("/statements/preview/", subject=SUBJECT, format="pdf")
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(file)).pages]
    assert len(pages) > 1
    settings.INSTALLATION = "production"
    clean = get("/statements/preview/", subject=SUBJECT, format="pdf")
    for marked, plain in zip(pages, PdfReader(io.BytesIO(clean)).pages, strict=True):
        assert marked.count(mark) == plain.extract_text().count(mark) + 1


@pytest.mark.parametrize("address", ["/statements/preview/", "/ledger/export/trial.xlsx"])
def test_every_sheet_of_a_workbook_carries_the_mark(get, settings, address):
    query = {"subject": SUBJECT, "format": "xlsx"} if "preview" in address else {}
    settings.INSTALLATION = "demo"
    marked = titles(get(address, **query))
    settings.INSTALLATION = "production"
    plain = titles(get(address, **query))
    notes = plain.index("内容") if "内容" in plain else None  # a sheet of pairs has no title
    assert len(plain) >= 2
    for at, (with_mark, without) in enumerate(zip(marked, plain, strict=True)):
        assert with_mark == (without if at == notes else f"【演示】{without}")


def test_a_column_of_amounts_holds_nothing_but_amounts(get):
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(get("/statements/preview/", subject=SUBJECT, format="xlsx"))
    )
    seen = 0
    for name in book.sheet_names:
        rows = book.get_sheet_by_name(name).to_python()
        if len(rows) < 4 or name in ("汇总", "说明"):
            continue
        for at, title in enumerate(map(str, rows[2])):
            if title.endswith("（元）"):
                cells = [row[at] for row in rows[3:] if at < len(row)]
                words = [c for c in cells if isinstance(c, str) and c and ("-" in c[:1])]
                assert not words, (name, title)
                seen += sum(isinstance(c, float) for c in cells)
    assert seen > 10
