"""A section that another replaces, a district that is renamed: the past stays, and is said."""

from dataclasses import replace
from datetime import date

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from basins.access import viewer_of
from basins.models import ReferenceChange
from basins.reference.kind import Asked
from basins.reference.planning import carry_out
from basins.reference.reading import read_file
from basins.refusals import NotAllowed, Refused
from monitoring.assessment.queries.assessments import section_months
from monitoring.models import Section, Target
from monitoring.reference.succession import end_section, replace_section, take_back_end
from monitoring.sections.queries.rivers import river_page
from settlements import pipeline
from settlements.models import Accrual, Adjustment, Agreement
from settlements.money import yuan
from settlements.reckoning.computation import compute, work_of
from settlements.reference.kinds import KINDS
from settlements.work.queries.missing import missing
from tests.told_once import of_told, told_once
from tests.worlds import Border, People

SOURCE = "示例环函〔2022〕1号"


def with_a_new_section():
    """The border, measured through 2021, and beside it a section of 2022 with its own agreement."""
    border = Border.make()
    new = Section.objects.create(
        code="NEU", name="新交界", province=border.section.province, river=border.river, km=11,
        upstream=border.upstream, downstream=border.downstream,
    )  # fmt: skip
    for target in border.section.targets.all():
        Target.objects.create(
            section=new, water_class=3, in_force=target.in_force, source="测试用功能类别"
        )
    after = replace(border, section=new)
    after.sign("NEU")
    border.measured("2021-03", "II")
    after.measured("2022-03", "III")
    pipeline.recompute()
    return {"border": border, "after": after, "people": People.make()}


told = told_once(with_a_new_section)
border, after, people = of_told("border"), of_told("after"), of_told("people")


def replaced(border, after, on=date(2022, 1, 1)):
    new = replace_section(old=border.section, new=after.section, on=on, source=SOURCE, by=None)
    pipeline.recompute()
    return new


def last_year_of(accrual: Accrual) -> str:
    inputs = [i for step in accrual.steps for i in step.get("inputs", [])]
    return next((i["source"] for i in inputs if i["name"] == "去年同期类别"), "")


def test_the_new_section_is_compared_with_what_was_measured_at_the_old_one_and_says_so(
    border, after, db
):
    assert after.transfers("2022-03") == []
    replaced(border, after)
    assert after.transfers("2022-03") == [(border.upstream, border.downstream, yuan("1000000"))]
    assert last_year_of(after.accrual("2022-03")) == (
        f"2022-01-01 起由新交界断面接替，此前取自交界断面（{SOURCE}）"
    )


def test_what_comes_late_at_the_old_section_reaches_the_new_ones_next_year(border, after, db):
    replaced(border, after)
    border.measured("2021-03", "III")
    pipeline.recompute()
    assert after.transfers("2022-03") == []


def test_months_before_the_change_are_the_old_sections_own_under_either(border, after, db):
    before = Accrual.objects.get(
        term__agreement=border.agreement, period=date(2021, 3, 1)
    ).input_digest
    replaced(border, after)
    assert (
        Accrual.objects.get(term__agreement=border.agreement, period=date(2021, 3, 1)).input_digest
        == before
    )
    assert after.accrual("2021-03").inputs["section"] == "交界"
    assert after.accrual("2022-03").inputs["section"] == "新交界"


def test_as_known_before_the_change_the_new_section_had_no_past(border, after, db):
    replaced(border, after)
    call_command("verify_known", pairs=300, seed=1)
    take_back_end(section=border.section, source="登记错了", by=None)
    pipeline.recompute()
    assert after.transfers("2022-03") == []
    call_command("verify_known", pairs=300, seed=1)


def test_the_overview_compares_with_the_predecessor_and_lists_each_in_its_own_months(
    border, after, people, db
):
    replaced(border, after)
    viewer = viewer_of(people.bureau)
    assert [s.code for s in section_months(viewer, date(2021, 12, 1))] == ["BORDER"]
    [new] = section_months(viewer, date(2022, 3, 1))
    assert (new.code, new.water_class, new.year_before) == ("NEU", 3, 2)


def test_the_river_compares_its_year_before_with_what_the_old_section_measured(
    border, after, people, db
):
    viewer = viewer_of(people.bureau)
    replaced(border, after)
    page = river_page(viewer, border.river.code, date(2022, 3, 1), 2021, 2022)
    assert page is not None
    assert (page.state.assessed, page.year_before.assessed) == (1, 1)
    assert (page.state.water_class, page.year_before.water_class) == (3, 2)


def test_an_agreement_that_still_counts_the_old_section_is_named_as_what_is_missing(
    border, after, db
):
    replaced(border, after)
    words = [m.what for m in missing(date(2022, 4, 1)) if m.code == "BORDER"]
    assert words == ["交界断面已自 2022-01-01 停用、由新交界断面接替；请自该日起修订协议。"]


def test_the_change_stands_in_the_history_of_both(border, after, db):
    replaced(border, after)
    found = ReferenceChange.objects.order_by("pk").values_list("code", "act", "differences", "why")
    assert list(found) == [
        ("BORDER", "succeeded", [["接替断面", "", "新交界"]], SOURCE),
        ("NEU", "changed", [["前身断面", "", "交界"]], SOURCE),
    ]


@pytest.mark.parametrize(
    ("on", "words"), [(date(2022, 1, 2), "请填某月 1 日"), (date(2999, 1, 1), "还没有到")]
)
def test_a_section_is_replaced_from_the_first_of_a_month_that_has_come(
    border, after, on, words, db
):
    with pytest.raises(Refused, match=words):
        replaced(border, after, on)


def test_a_section_has_one_predecessor_and_one_successor_and_no_circle(border, after, db):
    replaced(border, after)
    other = Section.objects.create(
        code="X", name="另一", province=border.section.province, river=border.river, km=12
    )
    for old, new, words in (
        (border.section, other, "已由新交界断面接替"),
        (other, after.section, "已接替交界断面"),
        (after.section, border.section, "已于 2022-01-01 停用"),
        (after.section, after.section, "须是另一个断面"),
    ):
        with pytest.raises(Refused, match=words):
            replace_section(old=old, new=new, on=date(2022, 6, 1), source=SOURCE, by=None)
    with pytest.raises(Refused, match="请写明依据"):
        end_section(section=other, on=date(2022, 6, 1), source=" ", by=None)


def test_a_section_ends_once_and_that_is_taken_back_once(border, db):
    given = {"section": border.section, "source": SOURCE, "by": None}
    end_section(on=date(2022, 6, 1), **given)
    with pytest.raises(Refused, match="已于 2022-06-01 停用"):
        end_section(on=date(2022, 7, 1), **given)
    take_back_end(**given)
    with pytest.raises(Refused, match="没有停用"):
        take_back_end(**given)
    assert not Section.objects.exclude(ended_on=None).exists()


def test_only_administrators_end_a_section(border, people, db):
    with pytest.raises(NotAllowed):
        end_section(section=border.section, on=date(2022, 6, 1), source=SOURCE, by=people.bureau)


def test_on_its_page_a_section_is_replaced_after_a_check_and_the_agreements_to_revise_are_named(
    border, after, people, db
):
    client = Client()
    client.force_login(people.admin)
    address = "/reference/sections/item/BORDER/replace/"
    given = {"new": str(after.section.pk), "on": "2022-1-1", "source": SOURCE}
    checked = client.post(address, given | {"action": "check"}).content.decode()
    assert "新交界" in checked
    assert not Section.objects.filter(predecessor__isnull=False).exists()
    done = client.post(address, given | {"action": "do"}, follow=True).content.decode()
    assert "请自 2022-01-01 起修订协议 《测试河协议》" in done
    assert "新交界（2022-01-01 起）" in done
    page = client.get("/reference/sections/item/NEU/").content.decode()
    assert "交界（2022-01-01 起接替）" in page


# Names -----------------------------------------------------------------------------------------


def renamed(border, on=date(2022, 6, 1)):
    text = f"代码,名称,级别\n{border.upstream.code},上游新区,区县\n"
    rows = read_file(KINDS["districts"], text.encode()).rows
    carry_out(KINDS["districts"], rows, Asked(None, on, "民函〔2022〕6号"))


def facts_of(border):
    agreement = Agreement.objects.get(pk=border.agreement.pk)
    return {c.period: c for c in compute(work_of(agreement))}


def test_a_renamed_district_goes_by_its_old_name_in_the_months_before(border, db):
    before = facts_of(border)
    renamed(border)
    now = facts_of(border)
    assert now[date(2022, 5, 1)].facts.upstream == "上游区"
    assert now[date(2022, 6, 1)].facts.upstream == "上游新区"
    same = [period for period in before if before[period].digest == now[period].digest]
    assert same == [period for period in before if period < date(2022, 6, 1)]


def test_the_page_of_a_month_says_the_names_of_then(border, people, db):
    """Heading, calculation and JSON alike."""
    for when in ("2021-05", "2021-06", "2022-05", "2022-06"):
        border.measured(when, "IV" if when.startswith("2022") else "II")
    renamed(border)
    pipeline.recompute()
    client = Client()
    client.force_login(people.bureau)
    for month, name, other in ((5, "上游区", "上游新区"), (6, "上游新区", "上游区")):
        page = client.get(f"/settlements/TEST/2022/{month}/").content.decode()
        heading, _, calculation = page.partition("逐行计算")
        assert f"{name}补偿下游区" in heading.split("<h1>")[1], month
        shown = calculation.partition("可信程度")[0]
        assert name in shown, month
        assert other not in shown, month
        said = client.get(reverse("api:month-explanation", args=["TEST", 2022, month])).json()
        [explained] = said["accruals"]
        assert explained["section"]["upstream"]["name"] == name, month


def test_a_rename_said_again_for_the_same_day_is_a_correction(border, db):
    renamed(border)
    border.upstream.refresh_from_db()
    border.upstream.rename("上游大区", date(2022, 6, 1), "更正")
    assert border.upstream.former_names == [["上游区", "2022-06-01", "更正"]]
    assert border.upstream.name_on(date(2022, 5, 31)) == "上游区"
    assert border.upstream.name_on(date(2022, 6, 1)) == "上游大区"
    border.upstream.rename("上游区", date(2022, 6, 1), "没有更名")
    assert border.upstream.former_names == []


def test_the_page_of_a_district_names_what_it_was_called(border, people, db):
    renamed(border)
    client = Client()
    client.force_login(people.bureau)
    page = client.get(f"/reference/districts/item/{border.upstream.code}/").content.decode()
    assert "2022-06-01 前称" in page
    assert "上游区（民函〔2022〕6号）" in page


def test_a_rename_is_reckoned_without_any_money_moving(border, db):
    before = dict(Accrual.objects.values_list("pk", "input_digest"))
    renamed(border)
    pipeline.recompute()
    now = dict(Accrual.objects.values_list("pk", "input_digest"))
    changed = {pk for pk in now if now[pk] != before[pk]}
    assert changed
    assert {a.period < date(2022, 6, 1) for a in Accrual.objects.filter(pk__in=changed)} == {False}
    assert not Adjustment.objects.exists()
    call_command("verify_known", pairs=200, seed=2)
