"""?known= on the preview of a statement: what it would have said then, and what was issued."""

import io
from datetime import date, datetime

import pytest
from django.db import connection
from django.utils import timezone
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from basins.access import viewer_of
from basins.clock import moved_to
from settlements import pipeline
from settlements.papers.queries.papers import built
from settlements.papers.services.papers import issue
from tests.conftest import empty_database
from tests.worlds import Border, People, finished

SUBJECT = "agreement:TEST:2024"
ADDRESS = "/statements/preview/"


class World:
    """Ⅱ all year; issued; then April measured anew as Ⅳ."""

    def __init__(self) -> None:
        self.people = People.make()
        self.before = timezone.now()
        self.border = Border.make()
        with moved_to(date(2025, 1, 15)):
            for when in self.border.months("2024-01", "2024-12"):
                self.border.measured(when, "II")
            pipeline.recompute()
        self.first = timezone.now()
        issue(finished(built(viewer_of(self.people.bureau), SUBJECT)), self.people.bureau)
        self.issued = timezone.now()
        with moved_to(date(2025, 1, 16)):
            self.border.measured("2024-04", "IV")
            pipeline.recompute()


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        yield World()
        connection.close()
        empty_database()


@pytest.fixture
def get(client, world):
    def fetch(who: str, at: datetime | None = None, **given):
        client.force_login(getattr(world.people, who))
        known = {} if at is None else {"known": at.isoformat()}
        return client.get(ADDRESS, {"subject": SUBJECT, **known, **given})

    return fetch


@pytest.mark.django_db
def test_the_statement_says_what_was_known_and_that_it_differs(get, world):
    then = get("district", world.issued).content.decode()
    assert "12,000,000.00" in then
    assert "与现时数据不同" in then
    assert "〔" in then.split("当时现行的文书")[1].split("</dd>")[0]
    assert 'name="body"' not in then  # nothing to issue
    now = get("bureau").content.decode()
    assert "10,000,000.00" in now
    assert "12,000,000.00" not in now
    assert 'name="known"' in now
    assert "当时尚未签发" in get("district", world.first).content.decode()
    assert "与现时数据一致" in get("district", timezone.now()).content.decode()


@pytest.mark.django_db
def test_before_there_was_a_result_the_page_says_so(get, world):
    page = get("bureau", world.before)
    assert page.status_code == 200
    assert "当时没有这份文书" in page.content.decode()
    assert "application/pdf" not in get("bureau", world.before, format="pdf")["Content-Type"]


@pytest.mark.django_db
def test_its_files_name_the_moment_and_carry_no_number(get, world):
    pdf = get("treasury", world.issued, format="pdf").content
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert "只供查考" in text.replace(" ", "").replace("\n", "")
    assert "12,000,000.00" in text
    answer = get("treasury", world.issued, format="xlsx")
    assert "%E6%89%80%E7%9F%A5" in answer["Content-Disposition"]  # 所知
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    told = {
        str(row[0]): str(row[1]) for row in book.get_sheet_by_name("说明").to_python() if row[0]
    }
    assert told["筛选：按某日所知"] == f"{timezone.localtime(world.issued):%Y-%m-%d %H:%M:%S}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "status"), [("stranger", 404), ("township", 404), ("auditor", 200)]
)
def test_who_may_not_see_it_now_may_not_see_it_then(get, world, who, status):
    assert get(who, world.issued).status_code == status
