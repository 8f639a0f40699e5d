"""Agreements: the list, and one with its terms, parameters, clauses and years."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from settlements import pipeline
from settlements.models import Agreement
from settlements.queries.agreements import in_words
from settlements.rules import baseline
from settlements.rules.parameters import specs


def page(client, user, address="/agreements/TEST/") -> str:
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_agreement_shows_each_term_with_value_source_and_default(border, people, client):
    term = border.agreement.terms.get(rule="baseline")
    term.clauses = {"第六条(二)": "未达到基准的,由上游补偿下游。", "rate": "每月一百万元"}
    term.save()
    found = page(client, people.bureau)
    assert "第 1 条款期：同比类别法" in found
    assert "第 2 条款期：基准法" in found
    assert "2018-06-01 至 2022-12-31" in found
    assert "100.00 万元/月" in found
    assert 'title="1,000,000.00 元/月"' in found
    assert "默认参数" in found
    assert "<b>第六条(二)</b>　未达到基准的,由上游补偿下游。" in found
    assert "<b>补偿标准</b>　每月一百万元" in found
    assert "交界" in found
    assert "100 %" in found


def test_years_of_an_agreement_lead_to_their_settlements(border, people, client):
    border.assessed("2023-04", "IV")
    found = page(client, people.bureau)
    assert "/settlements/TEST/2023/" in found
    assert "上游区补偿下游区 100.00 万元" in found
    assert "/settlements/TEST/2023/" not in page(client, people.stranger)


@pytest.mark.parametrize(
    ("name", "stored", "words"),
    [
        ("rate", "1000000.00", "100.00"),
        ("baseline_class", "Ⅱ", "Ⅱ类"),
        ("baseline_class", None, "不设"),
        ("baseline_kind", "limits", "各指标限值"),
        ("limits", {"TP": "0.2"}, "总磷 0.2"),
        ("dead_band", "5.0", "5"),
    ],
)
def test_a_stored_parameter_is_said_in_words(name, stored, words):
    assert in_words(specs(baseline.Parameters)[name], stored) == words


def test_a_draft_is_for_its_parties_and_who_edits(border, people, client):
    Agreement.objects.update(state="draft")
    for user, status in (
        (people.district, 200), (people.admin, 200), (people.stranger, 404),
        (people.station, 403), (people.nobody, 403),
    ):  # fmt: skip
        client.force_login(user)
        assert client.get("/agreements/TEST/").status_code == status
    assert "/agreements/TEST/" not in page(client, people.stranger, "/agreements/")


def test_the_list_is_narrowed_by_its_address(border, people, client):
    assert "/agreements/TEST/" in page(client, people.bureau, "/agreements/?party=500902")
    assert "/agreements/TEST/" not in page(client, people.bureau, "/agreements/?state=ended")
    assert "/agreements/TEST/" in page(client, people.bureau, "/agreements/?river=nowhere")


def test_an_unknown_agreement_is_not_found(border, people, client):
    client.force_login(people.bureau)
    assert client.get("/agreements/NONE/").status_code == 404


def test_the_number_of_queries_does_not_grow_with_terms_and_years(border, people, client):
    client.force_login(people.bureau)

    def count(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    few = count("/agreements/TEST/"), count("/agreements/")
    border.agreement.terms.filter(rule="baseline").update(
        in_force=(date(2023, 1, 1), date(2024, 1, 1))
    )
    border.term("baseline", date(2024, 1, 1))
    pipeline.recompute()
    many = count("/agreements/TEST/"), count("/agreements/")
    # One more where there are years: their nets.
    assert many[0] <= few[0] + 1
    assert many[1] <= few[1]
    assert few[0] <= 14
