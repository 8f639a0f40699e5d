"""推演 as people use it: copy, change, compare, share, export, run many."""

import csv
import io
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dashboard.charts.scenario import year_bars
from jobs.models import Job
from settlements import pipeline
from settlements.models import Accrual, Scenario
from settlements.money import yuan
from settlements.scenarios.comparison import NetFigure
from settlements.scenarios.services.scenarios import copy_agreement
from tests.blank import blank_pages
from tests.told_once import World, bare, of_told, told_instead, told_once
from tests.worlds import taken_as


def copied() -> World:
    world = bare()
    border, bureau = world["border"], world["people"].bureau
    for when, water_class in (("2023-04", "IV"), ("2023-05", "II"), ("2023-06", "II")):
        border.measured(when, water_class)
    pipeline.recompute()
    scenario = copy_agreement(agreement=border.agreement, name="加倍", by=bureau)
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


def typed(client, user, scenario, number=2) -> dict[str, str]:
    """The form as the page offers it, as a browser would send it."""
    client.force_login(user)
    form = client.get(reverse("scenario-term", args=[scenario.token, number])).context["form"]
    data = {name: str(form[name].value() or "") for name in form.fields}
    data |= {f"{group}-rows": str(len(rows)) for group, rows in form.rows.items()}
    return {**data, "rule": form.rule, "rule-of": form.rule, "action": "save"}


@told_instead(bare)
def test_an_agreement_is_copied_and_the_new_scenario_opens(border, people, visit):
    border.assessed("2023-04", "IV")
    page = visit(people.bureau, "simulator").content.decode()
    assert "还没有情景" in page
    assert 'aria-current="page">推演' in page
    answer = visit(people.bureau, "simulator", data={"agreement": "TEST", "name": "标准加倍"})
    made = Scenario.objects.get()
    assert answer.url == reverse("scenario", args=[made.token])
    page = visit(people.bureau, "scenario", made.token).content.decode()
    assert "净额与实际相同" in page
    assert "还没有改动" in page
    assert "标准加倍" in visit(people.bureau, "simulator").content.decode()


@told_instead(bare)
@pytest.mark.parametrize("data", [{"name": "一"}, {"agreement": "TEST"}, {"agreement": "X"}])
def test_what_is_missing_is_said(border, people, visit, data):
    answer = visit(people.bureau, "simulator", data=data)
    assert answer.status_code == 422
    assert "有内容需要更正" in answer.content.decode()
    assert not Scenario.objects.exists()


def test_the_crumb_names_the_term_that_is_changed(scenario, people, visit):
    page = visit(people.bureau, "scenario-term", scenario.token, 2).content.decode()
    assert '<span aria-current="page">第 2 条款期</span>' in page


def test_a_rate_typed_in_wan_changes_months_years_and_parties(scenario, people, client, visit):
    data = typed(client, people.bureau, scenario) | {"rate": "２００万元", "name": "标准翻番"}
    answer = visit(people.bureau, "scenario-term", scenario.token, 2, data=data)
    assert answer.status_code == 302, answer.context["form"].errors
    scenario.refresh_from_db()
    assert scenario.name == "标准翻番"
    assert scenario.terms[1]["parameters"]["rate"] == {
        "value": "2000000.00",
        "source": "情景设定",
        "is_default": False,
    }
    page = visit(people.bureau, "scenario", scenario.token).content.decode()
    assert "<h1>上游区比实际多收 100.00 万元</h1>" in page
    assert "<b>200.00 万元/期</b>" in page
    assert page.count("<rect") >= 4
    by_month = visit(people.bureau, "scenario", scenario.token, by="month").content.decode()
    assert "2023-04" in by_month
    assert "−200.00" in by_month
    by_party = visit(people.bureau, "scenario", scenario.token, by="party").content.decode()
    assert "下游区" in by_party
    other = visit(people.bureau, "scenario", scenario.token, party="500902").content.decode()
    assert "<h1>下游区比实际少收 100.00 万元</h1>" in other


def test_an_unchanged_form_changes_no_parameter(scenario, people, client, visit):
    before = scenario.terms
    data = typed(client, people.bureau, scenario)
    assert visit(people.bureau, "scenario-term", scenario.token, 2, data=data).status_code == 302
    scenario.refresh_from_db()
    assert scenario.terms[1]["parameters"] == before[1]["parameters"]
    assert scenario.terms[0] == before[0]
    share = scenario.terms[1]["sections"][0]
    assert share == before[1]["sections"][0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rate": "很多"}, "不是数字"),
        ({"rate": "-5"}, "低于下限"),
        ({"until": "2022-12-31"}, "止日早于起日"),
        ({"since": "2020-01-01"}, "有效期重叠"),
        ({"part-0-share": "150%"}, "份额"),
        ({"name": ""}, "情景名称"),
        ({"since": "某天"}, "不是日期"),
    ],
)
def test_what_cannot_be_is_said_and_not_saved(scenario, people, client, visit, change, words):
    before = scenario.terms
    data = typed(client, people.bureau, scenario) | change
    answer = visit(people.bureau, "scenario-term", scenario.token, 2, data=data)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "有内容需要更正" in page
    assert words in page
    scenario.refresh_from_db()
    assert scenario.terms == before


def test_another_rule_is_looked_at_before_it_is_saved(scenario, people, client, visit):
    data = typed(client, people.bureau, scenario) | {"rule": "fixed_annual"}
    shown = visit(people.bureau, "scenario-term", scenario.token, 2, data=data)
    assert shown.status_code == 200
    assert "每年金额" in shown.content.decode() or "amount" in shown.content.decode()
    scenario.refresh_from_db()
    assert scenario.terms[1]["rule"] == "baseline"
    form = shown.context["form"]
    again = {name: str(form[name].value() or "") for name in form.fields}
    again |= {f"{group}-rows": str(len(rows)) for group, rows in form.rows.items()}
    again |= {"rule": "fixed_annual", "rule-of": "fixed_annual", "action": "save"}
    again |= {"amount": "350万元", "from_year": "2023", "to_year": "2030"}
    answer = visit(people.bureau, "scenario-term", scenario.token, 2, data=again)
    assert answer.status_code == 302, answer.context["form"].errors
    page = visit(people.bureau, "scenario", scenario.token, by="month").content.decode()
    assert "2023年（按年）" in page


def test_a_shared_link_shows_and_copies_but_does_not_change(scenario, people, visit):
    page = visit(people.treasury, "scenario", scenario.token).content.decode()
    assert "复制为我的情景" in page
    assert "更改第" not in page
    assert visit(people.treasury, "scenario-term", scenario.token, 2).status_code == 404
    assert visit(people.treasury, "scenario-delete", scenario.token, data={}).status_code == 404
    answer = visit(people.treasury, "scenario-copy", scenario.token, data={})
    mine = Scenario.objects.get(owner=people.treasury)
    assert answer.url == reverse("scenario", args=[mine.token])
    assert Scenario.objects.filter(pk=scenario.pk).exists()
    assert visit(people.treasury, "scenario-delete", scenario.token).status_code == 404
    check = visit(people.bureau, "scenario-delete", scenario.token).content.decode()
    assert "核对后删除情景" in check
    assert "加倍" in check
    assert Scenario.objects.filter(pk=scenario.pk).exists()
    visit(people.bureau, "scenario-delete", scenario.token, data={})
    assert not Scenario.objects.filter(pk=scenario.pk).exists()


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("bureau", 200),
        ("treasury", 200),
        ("admin", 200),
        ("auditor", 200),
        ("district", 200),
        ("stranger", 200),
        ("township", 404),
        ("station", 403),
        ("nobody", 403),
    ],
)
@blank_pages()
def test_each_role_opens_the_link_or_finds_nothing(scenario, people, visit, who, status):
    user = getattr(people, who)
    assert visit(user, "scenario", scenario.token).status_code == status
    assert visit(user, "scenario-export", scenario.token).status_code == status
    assert visit(user, "scenario", "missing").status_code == (404 if status == 200 else status)


def test_nobody_gets_in_without_signing_in(scenario, client):
    for path in (reverse("simulator"), reverse("scenario", args=[scenario.token])):
        assert client.get(path).status_code == 302


def test_a_stranger_is_told_that_only_published_periods_are_compared(scenario, people, visit):
    taken_as("published", Accrual.objects.filter(period="2023-05-01"))
    page = visit(people.stranger, "scenario", scenario.token, by="month").content.decode()
    assert "只比较已发布的期间" in page
    assert "2023-05" in page
    assert "2023-04" not in page


def test_the_file_holds_every_period_and_party_with_sums(scenario, people, visit):
    answer = visit(people.bureau, "scenario-export", scenario.token)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:3] == ["期间", "协议方", "行政区代码"]
    assert ["2023-04", "上游区", "500901", "-1000000.00", "-1000000.00", "0.00"] in rows
    sums = [row for row in rows if row[0] == "合计"]
    assert [row[3] for row in sums] == ["1000000.00", "-1000000.00"]


def test_a_scenario_that_cannot_be_computed_says_why(scenario, people, visit):
    scenario.terms[0]["rule"] = "gone"
    scenario.save()
    page = visit(people.bureau, "scenario", scenario.token).content.decode()
    assert "没有规则“gone”" in page
    assert visit(people.bureau, "scenario-export", scenario.token).status_code == 302


def test_a_run_shows_its_progress_then_its_result_to_its_owner_alone(scenario, people, visit):
    answer = visit(people.bureau, "scenario-run-start", data={"what": "saved"})
    job = Job.objects.get()
    assert answer.url == reverse("scenario-run", args=[job.pk])
    page = visit(people.bureau, "scenario-run", job.pk).content.decode()
    assert "data-hx-get" in page
    assert "<progress" in page
    assert visit(people.treasury, "scenario-run", job.pk).status_code == 404
    Job.objects.update(
        state="done",
        result={
            "seconds": 1.5,
            "lines": [
                {
                    "name": "加倍",
                    "token": scenario.token,
                    "agreement": "TEST",
                    "title": "测试河协议",
                    "changed": 3,
                    "parties": [
                        {
                            "code": "500901",
                            "name": "上游区",
                            "years": [],
                            "actual": "1000000.00",
                            "scenario": "2000000.00",
                        }
                    ],
                },
                {
                    "name": "坏",
                    "token": "",
                    "agreement": "TEST",
                    "title": "测试河协议",
                    "error": "没有规则",
                },
            ],
        },
    )
    page = visit(people.bureau, "scenario-run", job.pk).content.decode()
    assert "用时 1.5 秒" in page
    assert "+200.00" in page
    assert "没有规则" in page
    assert "data-hx-get" not in page


def test_a_grid_is_read_as_people_type_it(scenario, people, visit):
    answer = visit(
        people.bureau,
        "scenario-run-start",
        data={"what": "grid", "parameter": "baseline.rate", "values": "50万元、1,000,000；"},
    )
    assert answer.status_code == 302
    assert Job.objects.get().parameters["grid"] == {
        "rule": "baseline",
        "parameter": "rate",
        "values": ["500000.00", "1000000.00"],
    }


@pytest.mark.parametrize(
    "data", [{"values": "1"}, {"parameter": "baseline.rate", "values": "很多"}, {}]
)
def test_a_grid_that_cannot_be_read_is_said(scenario, people, visit, data):
    answer = visit(people.bureau, "scenario-run-start", data={"what": "grid", **data})
    assert answer.status_code == 422
    assert "有内容需要更正" in answer.content.decode()
    assert not Job.objects.exists()


def test_a_run_can_be_cancelled_by_its_owner(scenario, people, visit):
    visit(people.bureau, "scenario-run-start", data={"what": "saved"})
    job = Job.objects.get()
    assert visit(people.treasury, "scenario-run-cancel", job.pk, data={}).status_code == 404
    visit(people.bureau, "scenario-run-cancel", job.pk, data={})
    assert Job.objects.get().state == "cancelled"
    assert "运行已取消" in visit(people.bureau, "scenario-run", job.pk).content.decode()


def test_the_number_of_queries_does_not_grow_with_months_or_scenarios(
    scenario, border, people, client
):
    client.force_login(people.bureau)

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    paths = [reverse("scenario", args=[scenario.token]), reverse("simulator")]
    before = [queries(path) for path in paths]
    for when in border.months("2021-01", "2022-12"):
        border.measured(when, "IV")
    pipeline.recompute()
    for number in range(4):
        copy_agreement(agreement=border.agreement, name=f"第{number}", by=people.bureau)
    assert [queries(path) for path in paths] == before
    assert before[0] <= 26


def test_a_scenario_is_drawn_otherwise_than_what_happened_and_otherwise_than_a_payment():
    years = [
        NetFigure(label=f"{year}年", actual=yuan(actual), scenario=yuan(supposed))
        for year, actual, supposed in ((2023, "5", "-3"), (2024, "0", "2"))
    ]
    one, two = (year_bars(years[:n], "上游区") for n in (1, 2))
    assert [bar.word for bar in two.bars] == ["实际", "情景", "", "情景"], "no word without a bar"
    assert [bar.scenario for bar in two.bars] == [False, True] * 2
    assert {bar.width for bar in one.bars} == {"72.0"}, "a single year is no wall"
    assert Decimal(one.bars[0].x) + 72 < Decimal(one.bars[1].x)
