"""/api/: every endpoint and parameter of the document, examples that run, and how to get a token."""

import ast
import html
import re
import shlex

import pytest
from django.test import Client

from dashboard.api.schema import document
from dashboard.programs.page import endpoints
from monitoring.models import Section


@pytest.fixture
def page(people):
    def page(who: str) -> str:
        client = Client()
        client.force_login(getattr(people, who))
        return html.unescape(client.get("/api/").content.decode())

    return page


def test_the_page_names_every_endpoint_and_every_parameter(page):
    said = page("district")
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            assert f"{method.upper()} {path}" in said
            for parameter in operation.get("parameters", ()):
                assert f"<code>{parameter['name']}</code>" in said


def test_the_bureau_reads_how_a_token_is_made_and_others_whom_to_ask(page):
    assert "manage.py add_token" in page("bureau")
    assert "manage.py" not in page("district")
    assert "由生态环境局签发" in page("district")


def test_the_examples_are_written_for_this_site_and_can_be_read_by_shell_and_python(page):
    assert "http://testserver/api/v1/readings/" in page("bureau")
    written = [each for each in endpoints("http://river.test") if each.curl]
    assert len(written) == 4
    for each in written:
        words = shlex.split(each.curl)
        assert words[0] == "curl"
        assert words[-1].startswith(f"http://river.test{each.path}")
        ast.parse(each.python)


def test_what_the_examples_ask_for_is_answered(page, border, people):
    """With the section they name there, by the session of a person."""
    Section.objects.create(code="PUSHUN", name="普顺", province=border.section.province)
    client = Client()
    client.force_login(people.bureau)
    asked = re.findall(r'"http://testserver(/api/v1/[^"]+)"', page("bureau"))
    assert len(asked) > 4
    for address in asked:
        assert client.get(address).status_code == 200, address
