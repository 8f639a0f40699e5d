"""Agreements: the list, and one with its terms, parameters, clauses and years."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from basins.access import viewer_of
from settlements import pipeline, rules
from settlements.agreements.queries.history import changes_of
from settlements.models import Agreement
from settlements.rules.baseline import FAMILY as baseline
from settlements.rules.parameters import specs, with_defaults
from settlements.shown.terms import in_words
from tests.drafting import amended, person, put_in_force
from tests.told_once import computed, told_once

told = told_once(computed)


def page(client, user, address="/agreements/TEST/") -> str:
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_agreement_shows_each_term_with_value_source_and_default(border, people, client):
    term = border.agreement.terms.get(rule="baseline")
    term.clauses = {
        "第六条(二)": "未达到基准的,由上游补偿下游。",
        "rate": "每月一百万元",
        "share": "各半",
    }
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
    assert "<b>份额</b>　各半" in found
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
    assert in_words(specs(baseline.parameters)[name], stored) == words


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
    assert few[0] <= 23


# Strands, parties and what changed -------------------------------------------------------


def changed(border, **given):
    preparer, second = person("录入甲"), person("核对乙")
    put_in_force(amended(border.agreement, date(2024, 4, 1), preparer, **given), second)


def test_the_record_says_what_changed_from_what_to_what_by_whom_and_why(border, people, client):
    changed(border, rate="3000000.00")
    client.force_login(people.bureau)
    page = client.get("/agreements/TEST/").content.decode()
    record = page[page.index('id="changes"') :]
    for words in ("修订，自 2024-04-01 起：第 3 条款期", "补偿标准", "100.00 万元/期", "300.00 万元/期",
                  "录入甲", "核对乙", "原因</dt><dd>补充", "随数据导入"):  # fmt: skip
        assert words in record
    assert "核对时的内容" not in record  # a draft is for those who edit
    client.force_login(people.admin)
    assert "核对时的内容" in client.get("/agreements/TEST/").content.decode()


def test_a_later_amendment_does_not_change_what_the_earlier_one_said(border, people):
    changed(border, rate="3000000.00")

    def spans(number: int) -> list[tuple[str, str]]:
        found = next(c for c in changes_of(viewer_of(people.bureau), "TEST") if c.term == number)
        return [(line.old, line.new) for line in found.lines if line.label == "有效期"]

    [(_, said)] = spans(3)
    assert said == "2024-04-01 起，长期"
    again = amended(border.agreement, date(2024, 7, 1), person("录入丙"), rate="4000000.00")
    put_in_force(again, person("核对丁"))
    assert spans(3)[0][1] == said
    assert spans(4) == [(said, "2024-07-01 起，长期")], "as it stood when it was amended"


def test_an_amendment_does_not_change_what_a_term_of_the_data_said(border, people):
    def line(number: int):
        found = next(c for c in changes_of(viewer_of(people.bureau), "TEST") if c.term == number)
        return next(line for line in found.lines if line.label == "有效期")

    said = line(2).new
    assert said == "2023-01-01 起，长期"
    changed(border, rate="3000000.00")
    assert line(2).new == said
    assert line(3).old == said
    assert line(1).new == "2018-06-01 至 2022-12-31", "an end it came with stays"


def test_strands_are_shown_side_by_side(border, people, client):
    stored = with_defaults(
        rules.get("baseline").parameters, {"rate": "1.00"}, on=date(2024, 4, 1), source="附件"
    )
    steps = {"rule": {"rule": "baseline", "parameters": stored}}
    preparer, second = person("录入甲"), person("核对乙")
    put_in_force(
        amended(border.agreement, date(2024, 4, 1), preparer, strand="加付", steps=steps), second
    )
    client.force_login(people.bureau)
    page = client.get("/agreements/TEST/").content.decode()
    assert "2 条线索并行" in page
    assert "<h3>主线索</h3>" in page
    assert "<h3>加付</h3>" in page
    assert "另开线索“加付”" in page


def test_an_agreement_that_ended_says_so_and_is_found_by_it(border, people, client):
    border.agreement.terms.filter(rule="baseline").update(
        in_force=(date(2023, 1, 1), date(2024, 1, 1))
    )
    client.force_login(people.admin)
    page = client.get("/agreements/TEST/").content.decode()
    assert "已终止" in page
    assert "/agreements/TEST/amend/" in page  # it can be taken up again
    assert "测试河协议" in client.get("/agreements/?state=ended").content.decode()
    lines = client.get("/agreements/?state=active").context["lines"]
    assert [line.code for line in lines] == []
