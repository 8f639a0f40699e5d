"""推演: a term, a strand or a party added or taken out, and the files."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from settlements import pipeline
from settlements.scenarios.services.scenarios import (
    ScenarioError,
    add_term,
    copy_agreement,
    remove_term,
)
from tests.told_once import World, bare, of_told, told_once


def copied() -> World:
    world = bare()
    border, bureau = world["border"], world["people"].bureau
    for when, water_class in (("2023-04", "IV"), ("2023-05", "II"), ("2024-05", "II")):
        border.measured(when, water_class)
    pipeline.recompute()
    scenario = copy_agreement(agreement=border.agreement, name="试", by=bureau)
    return {**world, "scenario": scenario}


told = told_once(copied)
scenario = of_told("scenario")


@pytest.fixture
def visit(client):
    def go(user, name, *arguments, data=None, **query):
        client.force_login(user)
        path = reverse(name, args=arguments)
        return client.get(path, query) if data is None else client.post(path, data)

    return go


def form_of(client, user, scenario, number=2) -> dict[str, str]:
    client.force_login(user)
    form = client.get(reverse("scenario-term", args=[scenario.token, number])).context["form"]
    data = {name: str(form[name].value() or "") for name in form.fields}
    data |= {f"{group}-rows": str(len(rows)) for group, rows in form.rows.items()}
    return {**data, "rule": form.rule, "rule-of": form.rule, "action": "save"}


def test_a_term_takes_over_from_the_one_in_force(scenario, people, visit):
    answer = visit(
        people.bureau, "scenario-term-add", scenario.token, data={"like": "2", "since": "2024年1月"}
    )
    assert answer.url == reverse("scenario-term", args=[scenario.token, 3])
    scenario.refresh_from_db()
    assert [(t["number"], t["since"], t["until"]) for t in scenario.terms[1:]] == [
        (2, "2023-01-01", "2024-01-01"), (3, "2024-01-01", None),
    ]  # fmt: skip
    page = visit(people.bureau, "scenario", scenario.token).content.decode()
    assert "情景新增：" in page


def test_a_strand_runs_beside_and_is_taken_out_again(scenario, people, visit):
    data = {"like": "2", "since": "2023-01-01", "strand": "加付"}
    visit(people.bureau, "scenario-term-add", scenario.token, data=data)
    page = visit(people.bureau, "scenario", scenario.token, party="500901")
    assert page.context["page"].all_years.scenario == Decimal("2000000.00")  # twice 1,000,000
    visit(people.bureau, "scenario-term-remove", scenario.token, data={"number": "3"})
    page = visit(people.bureau, "scenario", scenario.token, party="500901")
    assert page.context["page"].all_years.difference == 0


def test_a_term_taken_out_pays_nothing_in_its_time(scenario, people, visit):
    visit(people.bureau, "scenario-term-remove", scenario.token, data={"number": "2"})
    page = visit(people.bureau, "scenario", scenario.token, party="500901")
    assert page.context["page"].all_years.scenario == 0
    assert "情景去掉" in page.content.decode()
    scenario.refresh_from_db()
    with pytest.raises(ScenarioError, match="至少要有一个条款期"):
        remove_term(scenario=scenario, number=1, by=people.bureau)


@pytest.mark.parametrize(
    ("like", "since", "words"),
    [(2, date(2023, 1, 1), "正是 2023-01-01 起"), (9, date(2024, 1, 1), "没有第 9 条款期")],
)
def test_a_term_that_cannot_be_added_is_refused(scenario, people, like, since, words):
    with pytest.raises(ScenarioError, match=words):
        add_term(scenario=scenario, like=like, since=since, by=people.bureau)


def test_a_day_that_is_none_is_said(scenario, people, visit, client):
    visit(people.bureau, "scenario-term-add", scenario.token, data={"like": "2", "since": "明年"})
    assert "不是日期" in client.get(reverse("scenario", args=[scenario.token])).content.decode()


def test_another_party_takes_the_place_of_one(scenario, people, client, visit):
    data = form_of(client, people.bureau, scenario) | {"part-0-downstream": "500903"}
    visit(people.bureau, "scenario-term", scenario.token, 2, data=data)
    page = visit(people.bureau, "scenario", scenario.token, by="party").context["page"]
    assert {f.code: (f.actual, f.scenario) for f in page.figures} == {
        "500901": (Decimal("1000000.00"), Decimal("1000000.00")),
        "500902": (Decimal("-1000000.00"), Decimal("0.00")),
        "500903": (Decimal("0.00"), Decimal("-1000000.00")),
    }
    page = visit(people.bureau, "scenario", scenario.token).content.decode()
    assert "交界 100%（上游区 → 外人区）" in page


def test_a_cleared_row_takes_its_section_out_but_not_the_last(scenario, people, client, visit):
    data = form_of(client, people.bureau, scenario)
    one = {k: v for k, v in data.items() if k.startswith("part-0-")}
    two = {k.replace("part-0-", "part-1-"): v for k, v in one.items()}
    two |= {"part-1-upstream": "500902", "part-1-downstream": "500903", "part-rows": "2"}
    visit(people.bureau, "scenario-term", scenario.token, 2, data=data | two)
    scenario.refresh_from_db()
    assert [p["downstream"] for p in scenario.terms[1]["sections"]] == ["500902", "500903"]
    blank = dict.fromkeys(one, "")
    visit(people.bureau, "scenario-term", scenario.token, 2, data=data | two | blank)
    scenario.refresh_from_db()
    assert [p["downstream"] for p in scenario.terms[1]["sections"]] == ["500903"]
    answer = visit(people.bureau, "scenario-term", scenario.token, 2, data=data | blank)
    assert answer.status_code == 422
    assert "至少要有一个断面" in answer.content.decode()


def test_only_the_owner_adds_or_takes_out(scenario, people, visit):
    for name in ("scenario-term-add", "scenario-term-remove"):
        assert visit(people.treasury, name, scenario.token, data={}).status_code == 404


def test_the_workbook_holds_numbers_as_numbers(scenario, people, visit):
    answer = visit(people.bureau, "scenario-export-xlsx", scenario.token)
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == ["按月", "按年", "按各方"]
    rows = book.get_sheet_by_name("按月").to_python()
    assert rows[0][3:] == ["实际净额(元)", "情景净额(元)", "差额(元)", "演示"]
    april = next(r for r in rows if r[:3] == ["2023-04", "上游区", "500901"])
    assert april[3:6] == [-1000000.0, -1000000.0, 0.0]
    parties = book.get_sheet_by_name("按各方").to_python()[1:]
    assert sum(row[3] for row in parties) == 0


@pytest.mark.parametrize(("who", "status"), [("district", 200), ("stranger", 200), ("nobody", 403)])
def test_the_file_is_for_whoever_may_open_the_link(scenario, people, visit, who, status):
    answer = visit(getattr(people, who), "scenario-export-xlsx", scenario.token)
    assert answer.status_code == status
