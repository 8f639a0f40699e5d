"""规则: the families, and a page to try one; for who edits agreements alone."""

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from settlements.rules import RULES
from settlements.trying.rule_docs import example

ADDRESS = "/rules/class_vs_last_year/"
FACTS = {
    "section": "茨坝", "period": "2019-05", "target": "III", "class": "II", "last_year": "III",
    "upstream": "永川区", "downstream": "江津区",
}  # fmt: skip


@pytest.fixture
def admin(client, people):
    client.force_login(people.admin)
    return client


def tried(client, facts, parameters="{}", status: int = 200) -> str:
    texts = {
        "facts": facts if isinstance(facts, str) else json.dumps(facts),
        "parameters": parameters if isinstance(parameters, str) else json.dumps(parameters),
    }
    answer = client.post(ADDRESS, texts)
    assert answer.status_code == status
    return answer.content.decode()


def test_only_who_edits_agreements_finds_the_pages(client, people):
    for user, status in (
        (people.admin, 200), (people.bureau, 404), (people.district, 404),
        (people.stranger, 404), (people.station, 404), (people.nobody, 403),
    ):  # fmt: skip
        client.force_login(user)
        found = [client.get("/rules/").status_code, client.get(ADDRESS).status_code]
        assert set(found) <= {status, 403 if status == 404 else status}, user
        assert found[0] == found[1]
        posted = client.post(ADDRESS, {}).status_code
        assert posted == (422 if status == 200 else found[0]), user


def test_the_list_leads_to_every_family(admin):
    page = admin.get("/rules/").content.decode()
    for code, module in RULES.items():
        assert f'href="/rules/{code}/">{module.title}</a>' in page


@pytest.mark.parametrize("code", RULES)
def test_each_familys_page_holds_its_example_and_computes_it(admin, code):
    page = admin.get(f"/rules/{code}/").content.decode()
    assert 'id="net"' not in page
    given = example(code)
    assert re.search(r'<textarea[^>]*name="facts"[^>]*>\s*\{', page)
    answer = admin.post(f"/rules/{code}/", {"facts": given.facts, "parameters": given.parameters})
    found = answer.content.decode()
    assert "有内容需要更正" not in found
    assert 'id="net"' in found
    assert 'class="calc-sum"' in found


def test_an_unknown_family_is_not_found(admin):
    assert admin.get("/rules/nothing/").status_code == 404


def test_the_answer_shows_steps_payment_and_net(admin):
    page = tried(admin, FACTS)
    assert "江津区 → 永川区 1,000,000.00 元" in page
    assert "与功能类别、去年同期比较" in page
    assert "默认参数" in page
    assert 'title="1,000,000.00 元"' in page
    assert re.search(r"应付.{0,120}?100\.00", page, re.S)


def test_every_fault_stands_in_the_summary_and_beside_its_field(admin):
    page = tried(admin, FACTS | {"clas": "II"}, {"rat": 1}, status=422)
    assert "有内容需要更正" in page
    summary = page[page.index("error-summary") : page.index("page-head")]
    assert "没有这个键。是否为 class？" in summary
    assert "是否为 rate？" in summary
    assert 'id="net"' not in page
    assert "&quot;clas&quot;" in page  # what was written is kept


@pytest.mark.parametrize("text", ["{", "", "[" * 50000, '{"flow": 1e999999999}'])
def test_text_that_is_no_json_is_told_and_kept(admin, text):
    assert "有内容需要更正" in tried(admin, text, status=422)


def test_what_is_written_is_shown_as_text(admin):
    page = tried(admin, FACTS | {"section": "<script>alert(1)</script>"})
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_trying_a_rule_writes_nothing(admin):
    tried(admin, FACTS)
    with CaptureQueriesContext(connection) as captured:
        tried(admin, FACTS)
    asked = [q["sql"] for q in captured if "basins_signinsession" not in q["sql"]]  # sign-in's own
    assert not [sql for sql in asked if sql.startswith(("INSERT", "UPDATE", "DELETE"))]
    # The person, the role, and how many notifications are unread.
    assert len([sql for sql in asked if sql.startswith("SELECT")]) <= 3


def test_without_the_form_token_nothing_is_computed(people):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people.admin)
    assert strict.post(ADDRESS, {"facts": "{}", "parameters": "{}"}).status_code == 403
