"""Why an amount is what it is: the sheet, the JSON, and who may read them."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from monitoring.models import Origin
from settlements import pipeline
from settlements.models import Accrual, TermSection
from tests.blank import blank_pages
from tests.drafting import amended, person, put_in_force
from tests.told_once import World, bare, told_instead, told_once
from tests.worlds import month, taken_as

FREE = {
    "facts",
    "parameters[].value",
    "readings.used.by_indicator",
    "readings.left_out.by_reason",
    "adjustments[].steps[]",
    "adjustments[].transfers[]",
    "adjustments[].differences[]",
}


@pytest.fixture
def get(client):
    def visit(user, name, *arguments):
        client.force_login(user)
        return client.get(reverse(name, args=arguments))

    return visit


def april_computed() -> World:
    """April 2023: 上游区 pays 下游区 a million."""
    world = bare()
    world["border"].assessed("2023-04", "IV")
    return world


told = told_once(april_computed)


def accrual_of(border) -> Accrual:
    return border.accrual("2023-04")


def keys_of(document, at="") -> set[str]:
    """Every key as docs/api.md writes it; maps with free keys are one."""
    if at in FREE or not isinstance(document, dict | list):
        return {at}
    if isinstance(document, list):
        return {key for each in document for key in keys_of(each, f"{at}[]")}
    return {
        key
        for name, value in document.items()
        for key in keys_of(value, f"{at}.{name}" if at else name)
    }


def documented(heading: str) -> set[str]:
    text = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text("utf-8")
    part = next(p for p in text.split("\n## ") if heading in p.splitlines()[0])
    return set(re.findall(r"^\| `([^`]+)` \|", part, re.M))


def adjusted(border, when="2023-04") -> None:
    """The month published, and then the rate trebled from it on by an amendment."""
    taken_as("published", Accrual.objects.filter(period=month(when)))
    preparer, second = person("录入人"), person("核对人")
    draft = amended(border.agreement, month(when), preparer, rate="3000000.00")
    put_in_force(draft, second)


def test_every_key_of_the_answer_is_documented_and_every_documented_one_is_there(
    border, people, get
):
    accrual = accrual_of(border)
    term = accrual.term
    term.clauses = {"第六条": "每月核算一次。"}
    term.save(update_fields=["clauses"])
    adjusted(border)
    found = keys_of(get(people.bureau, "api:accrual-explanation", accrual.pk).json())
    # Without sub-keys in this answer: the parent stands for them, or a line is empty.
    assert found | {"readings"} >= documented("/accruals/") - {
        "steps[].defaults[]",
        "adjustments[]",
    }
    assert found <= documented("/accruals/")
    month = get(people.bureau, "api:month-explanation", "TEST", 2023, 4).json()
    accruals = month.pop("accruals")
    assert keys_of(month) | {"accruals[]"} == documented("/settlements/")
    assert [a["id"] for a in accruals] == [accrual.pk]


def test_the_explanation_says_who_pays_by_which_rule_from_which_data(border, people, get):
    accrual = accrual_of(border)
    document = get(people.bureau, "api:accrual-explanation", accrual.pk).json()
    assert document["version"] == 1
    assert document["software_version"] == "0.1.0"
    assert document["transfers"] == [
        {
            "payer": {"code": "500901", "name": "上游区"},
            "payee": {"code": "500902", "name": "下游区"},
            "yuan": "1000000.00",
            "reason": document["transfers"][0]["reason"],
        }
    ]
    assert document["rule"]["code"] == "baseline"
    assert document["rule"]["revision"] == accrual.rule_revision
    assert document["term"]["in_force"] == {"since": "2023-01-01", "until": None}
    assert document["state"] == {"code": "not_met", "name": "未达标"}
    assert document["status"]["code"] == "preliminary"
    assert document["water_class"] == "Ⅳ"
    assert document["steps"] == accrual.steps
    assert document["facts"] == accrual.inputs
    assert document["input_digest"] == accrual.input_digest
    rate = next(p for p in document["parameters"] if p["name"] == "rate")
    assert rate["value"] == "1000000.00"
    assert rate["is_default"] is True
    assert rate["source"]
    ammonia = next(m for m in document["means"] if m["code"] == "NH3-N")
    assert (ammonia["mean"], ammonia["unit"]) == ("1.2", "mg/L")
    assert Decimal(ammonia["mean_now"]) == Decimal("1.2")
    assert document["readings"]["used"]["by_indicator"]["NH3-N"] == 1
    assert document["readings"]["left_out"] == {"total": 0, "by_reason": {}}


def test_readings_left_out_are_counted_by_flag(border, people, get):
    start = datetime(2023, 5, 1, 8, tzinfo=timezone.get_default_timezone())
    for day in range(31):
        border.store(start + timedelta(days=day), {"NH3-N": "1.2"}, origin=Origin.AUTOMATIC)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE monitoring_reading SET flag = 'M'"
            " WHERE sampled_at >= '2023-05-05' AND sampled_at < '2023-05-08'"
        )
    pipeline.recompute()
    found = get(people.bureau, "api:accrual-explanation", border.accrual("2023-05").pk).json()
    assert found["readings"] == {
        "used": {"total": 28, "by_indicator": {"NH3-N": 28}},
        "left_out": {"total": 3, "by_reason": {"维护": 3}},
    }


def test_a_mean_corrected_since_stands_beside_the_one_that_was_reckoned_with(border, people, get):
    accrual = accrual_of(border)
    taken_as("published", Accrual.objects.filter(pk=accrual.pk))
    border.measured("2023-04", "II")
    pipeline.recompute()
    found = get(people.bureau, "api:accrual-explanation", accrual.pk).json()
    ammonia = next(m for m in found["means"] if m["code"] == "NH3-N")
    assert Decimal(ammonia["mean"]) == Decimal("1.2")
    assert Decimal(ammonia["mean_now"]) == Decimal("0.3")
    assert found["transfers"][0]["yuan"] == "1000000.00"
    assert "已更正" in get(people.bureau, "explain", accrual.pk).content.decode()


@told_instead(bare)
def test_a_yearly_accrual_counts_the_readings_of_all_its_months(border, people, get):
    border.agreement.terms.get(rule="baseline").delete()
    border.term("fixed_annual", date(2023, 1, 1), amount="3500000", from_year=2023, to_year=2030)
    border.measured("2023-02", "II")
    border.measured("2023-07", "II")
    pipeline.recompute()
    accrual = Accrual.objects.get(yearly=True, period=date(2023, 1, 1))
    found = get(people.bureau, "api:accrual-explanation", accrual.pk).json()
    assert found["period"] == {"start": "2023-01-01", "granularity": "year"}
    assert found["readings"]["used"]["by_indicator"]["NH3-N"] == 2
    page = get(people.bureau, "settlement", "TEST", 2023).content.decode()
    assert reverse("explain", args=[accrual.pk]) in page


def test_the_sheet_shows_parameters_with_source_steps_readings_and_digest(border, people, get):
    accrual = accrual_of(border)
    page = get(people.bureau, "explain", accrual.pk).content.decode()
    assert "上游区补偿下游区 100.00 万元" in page
    assert "1,000,000.00 元" in page
    for step in accrual.steps:
        assert step["title"] in page
    assert "补偿标准" in page
    assert "100.00 万元/月" in page
    assert "默认参数" in page
    assert accrual.input_digest in page
    assert reverse("api:accrual-explanation", args=[accrual.pk]) in page


def test_from_the_month_one_click_leads_to_sheet_print_and_json(border, people, get):
    accrual = accrual_of(border)
    page = get(people.bureau, "settlement-month", "TEST", 2023, 4).content.decode()
    assert f'href="{reverse("explain", args=[accrual.pk])}"' in page
    assert f'href="{reverse("api:month-explanation", args=["TEST", 2023, 4])}"' in page
    assert "data-print hidden" in page


@pytest.mark.parametrize(
    ("who", "draft", "published"),
    [
        ("bureau", 200, 200),
        ("treasury", 200, 200),
        ("admin", 200, 200),
        ("auditor", 200, 200),
        ("district", 200, 200),
        ("stranger", 404, 200),
        ("township", 404, 404),
        ("station", 404, 404),
        ("nobody", 404, 404),
    ],
)
@blank_pages()
def test_each_person_reads_what_the_page_shows_them(border, people, get, who, draft, published):
    accrual = accrual_of(border)
    user = getattr(people, who)
    for state, expected in (("preliminary", draft), ("published", published)):
        taken_as(state, Accrual.objects.filter(pk=accrual.pk))
        one = get(user, "api:accrual-explanation", accrual.pk)
        month = get(user, "api:month-explanation", "TEST", 2023, 4)
        assert (one.status_code, month.status_code) == (expected, expected)
        page = get(user, "settlement-month", "TEST", 2023, 4)
        assert (page.status_code == 200) == (expected == 200)
        assert (get(user, "explain", accrual.pk).status_code == 200) == (expected == 200)


def test_foreign_missing_and_impossible_answer_alike(border, people, client):
    accrual = accrual_of(border)
    client.force_login(people.stranger)
    paths = [
        reverse("api:accrual-explanation", args=[accrual.pk]),
        reverse("api:accrual-explanation", args=[accrual.pk + 1000]),
        reverse("api:accrual-explanation", args=[10**30]),
        reverse("api:month-explanation", args=["TEST", 2023, 4]),
        reverse("api:month-explanation", args=["NONE", 2023, 4]),
        reverse("api:month-explanation", args=["TEST", 2023, 13]),
        "/api/v1/accruals/x/explanation/",
        "/api/v2/",
    ]
    answers = [client.get(path) for path in paths]
    assert {a.status_code for a in answers} == {404}
    assert {a.content for a in answers} == {
        '{"error":{"code":"not_found","message":"没有这项内容。"}}'.encode()
    }
    assert {a["Content-Type"] for a in answers} == {"application/json"}


def test_who_is_not_signed_in_and_what_is_not_get_is_refused_in_json(border, people, client):
    path = reverse("api:accrual-explanation", args=[accrual_of(border).pk])
    answer = client.get(path)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "not_signed_in"
    client.force_login(people.bureau)
    refused = client.post(path)
    assert refused.status_code == 405
    assert refused.json()["error"]["code"] == "method_not_allowed"
    assert client.get(path, headers={"accept": "text/csv"}).status_code == 406


def test_the_number_of_queries_does_not_grow_with_sections(border, people, client):
    client.force_login(people.bureau)
    path = reverse("api:month-explanation", args=["TEST", 2023, 4])

    def queries(sections: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(client.get(path).json()["accruals"]) == sections
        return len(captured)

    accrual_of(border)
    one = queries(1)
    for number in range(3):
        border.section.pk = None
        border.section.code, border.section.name = f"B{number}", f"第{number}"
        border.section.save()
        TermSection.objects.create(
            term=border.agreement.terms.get(rule="baseline"),
            section=border.section,
            upstream=border.upstream,
            downstream=border.downstream,
        )
        border.measured("2023-04", "IV")
    pipeline.recompute()
    assert queries(4) == one
    assert one <= 14


def test_an_adjustment_is_explained_by_the_old_term_and_the_new(border, people, get):
    accrual = accrual_of(border)
    adjusted(border)
    page = get(people.bureau, "explain", accrual.pk).content.decode()
    assert "调整：待审" in page
    assert "第 2 条款期与第 3 条款期" in page
    assert "300.00 万元/期" in page
    document = get(people.bureau, "api:accrual-explanation", accrual.pk).json()["adjustments"][0]
    assert document["term"] == 3
    assert [(s["party"]["code"], s["yuan"]) for s in document["shifts"]] == [
        ("500901", "-2000000.00"), ("500902", "2000000.00"),
    ]  # fmt: skip


def test_who_sees_no_drafts_sees_no_proposal(border, people, get):
    accrual = accrual_of(border)
    adjusted(border)
    assert "待审" not in get(people.stranger, "explain", accrual.pk).content.decode()
    document = get(people.stranger, "api:accrual-explanation", accrual.pk).json()
    assert document["adjustments"] == []


def test_the_counts_of_readings_name_the_indicators_in_chinese(border, people, get):
    page = get(people.bureau, "explain", accrual_of(border).pk).content.decode()
    assert "<td>氨氮</td>" in page
    assert "<td>NH3-N</td>" not in page
