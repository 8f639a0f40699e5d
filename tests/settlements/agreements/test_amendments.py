"""Amendments: piecewise, over what is published, with other parties and strands, and the end."""

from datetime import date

import pytest
from django.db import connection

from basins.models import User
from basins.ranges import between, today
from monitoring.models import Section
from settlements import pipeline, rules
from settlements.accruals.services.accruals import accrue_agreement
from settlements.accruals.services.gaps import fill_gaps
from settlements.agreements.services import drafts as services
from settlements.agreements.services.activation import activate_draft, ready, submit_draft
from settlements.agreements.services.amendments import start_amendment
from settlements.agreements.services.difference import difference
from settlements.agreements.services.drafts import DraftRefused
from settlements.agreements.services.ending import start_ending
from settlements.agreements.services.entered import entered
from settlements.models import Accrual, Adjustment, Settlement, SettlementNet
from settlements.money import yuan
from settlements.reckoning.verification import verify_accruals
from settlements.rules.parameters import with_defaults
from tests.drafting import amended, fill, person, put_in_force
from tests.told_once import computed, told_once
from tests.worlds import Border, month, taken_as

told = told_once(computed)


@pytest.fixture
def preparer(db) -> User:
    return person("录入人")


@pytest.fixture
def second(db) -> User:
    return person("核对人")


def test_an_amendment_is_piecewise(border, preparer, second):
    for when in ("2023-05", "2024-02", "2024-05"):
        border.measured(when, "II")
    pipeline.recompute()
    draft = amended(border.agreement, date(2024, 4, 1), preparer, rate="3000000.00")
    put_in_force(draft, second)
    old, new = border.agreement.terms.order_by("number")[1:]
    assert (old.in_force, new.in_force, new.number) == (
        between(date(2023, 1, 1), date(2024, 4, 1)), between(date(2024, 4, 1)), 3,
    )  # fmt: skip
    for when, amount in (("2023-05", "1000000"), ("2024-02", "1000000"), ("2024-05", "3000000")):
        assert [y for _, _, y in border.transfers(when)] == [yuan(amount)]
    assert border.accrual("2024-02").term == old
    assert border.accrual("2024-05").term == new  # exactly one: the old one is gone
    assert border.net(2024) == {"上游区": yuan("4000000"), "下游区": yuan("-4000000")}
    verified = verify_accruals()
    assert verified.differ == []


def test_an_amendment_shows_what_changes_and_which_months_would_differ(border, preparer):
    for when in ("2023-05", "2024-02", "2024-05"):
        border.measured(when, "II")
    pipeline.recompute()
    draft = amended(border.agreement, date(2024, 4, 1), preparer, rate="3000000.00")
    found = difference(draft, entered(draft))
    changed = [(x.label, x.old, x.new) for x in found.terms if x.changed]
    assert changed == [
        ("有效期", "2023-01-01 起，长期", "2024-04-01 起，长期"),
        ("补偿标准", "100.00 万元/期", "300.00 万元/期"),
    ]
    assert [(m.month, m.difference) for m in found.months] == [("2024-05", yuan("2000000"))]
    assert found.old_number == 2


def test_an_amendment_inside_an_old_term_ends_where_that_ended(border, preparer, second):
    draft = amended(border.agreement, date(2020, 1, 1), preparer)
    put_in_force(draft, second)
    first, _, third = border.agreement.terms.order_by("number")
    assert first.in_force.upper == date(2020, 1, 1)
    assert third.in_force == between(date(2020, 1, 1), date(2023, 1, 1))


def test_the_running_month_goes_over_to_the_amendment(border, preparer, second):
    running = today().replace(day=1)
    border.assessed(f"{running:%Y-%m}", "II")
    before = border.accrual(f"{running:%Y-%m}").term
    draft = amended(border.agreement, running, preparer, rate="3000000.00")
    put_in_force(draft, second)
    after = border.accrual(f"{running:%Y-%m}").term
    assert (before.number, after.number) == (2, 3)


# What is published ----------------------------------------------------------------------


def published(border: Border, first: str, last: str, water_class="II", state="published") -> None:
    """Measured, computed and published months."""
    for when in border.months(first, last):
        border.measured(when, water_class)
    pipeline.recompute()
    taken_as(state, Accrual.objects.filter(period__range=(month(first), month(last))))


def closed(border: Border, year: int) -> Settlement:
    """The year measured, settled and closed at once, past the guards of its workflow."""
    published(border, f"{year}-01", f"{year}-12", state="settled")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        Settlement.objects.filter(year=year).update(state="closed", closed_on=date(year + 1, 1, 31))
        cursor.execute("SET LOCAL session_replication_role = origin")
    return Settlement.objects.get(year=year)


def proposals() -> list[tuple[str, str, list]]:
    return [
        (f"{a.accrual.period:%Y-%m}", a.state, [t["yuan"] for t in a.outcome["transfers"]])
        for a in Adjustment.objects.order_by("accrual__period", "pk").select_related("accrual")
    ]


def test_published_months_stay_and_get_a_proposal(border, preparer, second):
    published(border, "2024-02", "2024-03")
    border.assessed("2024-05", "II")
    draft = amended(border.agreement, date(2024, 2, 1), preparer, rate="3000000.00")
    put_in_force(draft, second)
    old, new = border.agreement.terms.order_by("number")[1:]
    for when in ("2024-02", "2024-03"):
        assert (border.accrual(when).term, border.accrual(when).state) == (old, "published")
        assert [y for _, _, y in border.transfers(when)] == [yuan("1000000")]
    assert border.accrual("2024-05").term == new  # the open month is replaced
    assert [y for _, _, y in border.transfers("2024-05")] == [yuan("3000000")]
    assert proposals() == [
        ("2024-02", "proposed", ["3000000.00"]), ("2024-03", "proposed", ["3000000.00"]),
    ]  # fmt: skip
    assert {a.term_section.term for a in Adjustment.objects.all()} == {new}
    assert {a.cause for a in Adjustment.objects.all()} == {"第 3 条款期修订"}
    assert border.net(2024)["上游区"] == yuan("5000000")
    assert verify_accruals().differ == []


def test_nothing_is_computed_twice_however_often_it_is_computed(border, preparer, second):
    published(border, "2024-02", "2024-03")
    draft = amended(border.agreement, date(2024, 2, 1), preparer, rate="3000000.00")
    put_in_force(draft, second)
    before = (Accrual.objects.count(), proposals(), border.net(2024))
    assert fill_gaps() == []
    accrue_agreement(agreement=border.agreement)
    assert (Accrual.objects.count(), proposals(), border.net(2024)) == before
    keys = list(Accrual.objects.values_list("term_section__section", "period"))
    assert len(keys) == len(set(keys))


def test_a_correction_of_a_published_month_is_found_under_the_new_term(border, preparer, second):
    published(border, "2024-02", "2024-02")
    put_in_force(amended(border.agreement, date(2024, 2, 1), preparer, rate="3000000.00"), second)
    border.assessed("2024-02", "IV")  # now the upstream pays
    last = Adjustment.objects.get(state="proposed")
    assert last.outcome["transfers"][0]["payer"] == border.upstream.code
    assert [state for _, state, _ in proposals()].count("withdrawn") == 1


def test_an_amendment_that_finds_the_same_proposes_nothing(border, preparer, second):
    published(border, "2024-02", "2024-03")
    put_in_force(amended(border.agreement, date(2024, 2, 1), preparer), second)
    assert proposals() == []


def test_a_closed_year_is_amended_by_proposals_never_by_an_edit(border, preparer, second):
    settlement = closed(border, 2023)
    nets = list(SettlementNet.objects.filter(settlement=settlement).values_list("yuan"))
    draft = amended(border.agreement, date(2023, 7, 1), preparer, rate="3000000.00")
    put_in_force(draft, second)
    assert [when for when, _, _ in proposals()] == border.months("2023-07", "2023-12")
    assert Accrual.objects.filter(period__year=2023, state="settled").count() == 12
    assert Accrual.objects.filter(period__year=2023).count() == 12
    assert list(SettlementNet.objects.filter(settlement=settlement).values_list("yuan")) == nets


def test_the_difference_shows_what_becomes_of_each_month(border, preparer):
    published(border, "2024-02", "2024-02")
    border.assessed("2024-03", "II")
    draft = amended(border.agreement, date(2024, 2, 1), preparer, rate="3000000.00")
    found = difference(draft, ready(draft))
    assert [(m.month, m.before, m.after, m.fate) for m in found.months] == [
        ("2024-02", yuan("1000000"), yuan("3000000"), "已发布：保留，提出调整"),
        ("2024-03", yuan("1000000"), yuan("3000000"), "初步：将被替换"),
    ]


def test_published_months_are_adjusted_only_when_confirmed(border, preparer, second):
    published(border, "2024-02", "2024-02")
    draft = start_amendment(agreement=border.agreement, from_date=date(2024, 2, 1), by=preparer)
    rule = draft.data["rule"]["values"]
    rule["parameters"]["rate"] = {"value": "3000000.00", "source": "补", "is_default": False}
    services.save_step(draft=draft, step="rule", by=preparer, values=rule)
    with pytest.raises(DraftRefused, match="有 1 个已发布或已结清的断面月会提出调整"):
        submit_draft(draft=draft, by=preparer)
    draft = submit_draft(draft=draft, by=preparer, confirmed=1)
    with pytest.raises(DraftRefused, match="勾选确认"):
        activate_draft(draft=draft, version=draft.version, by=second)
    activate_draft(draft=draft, version=draft.version, by=second, confirmed=1)
    assert Adjustment.objects.count() == 1


def test_a_section_that_a_closed_year_never_had_is_refused(border, preparer):
    closed(border, 2023)
    Section.objects.create(
        code="OTHER", name="另一断面", province=border.section.province, river=border.river, km=20
    )
    draft = start_amendment(agreement=border.agreement, from_date=date(2023, 7, 1), by=preparer)
    river = draft.data["river"]["values"]
    river["sections"].append({**river["sections"][0], "section": "OTHER"})
    services.save_step(draft=draft, step="river", by=preparer, values=river)
    with pytest.raises(DraftRefused, match=r"没有核算过另一断面.*最早可自 2024-01-01 起"):
        submit_draft(draft=draft, by=preparer)


def test_months_cannot_take_the_place_of_a_published_year(border, preparer):
    published(border, "2023-01", "2023-12")
    draft = start_amendment(agreement=border.agreement, from_date=date(2024, 1, 1), by=preparer)
    taken_as("published", Accrual.objects.filter(period=month("2024-01")))
    rule = draft.data["rule"]["values"]
    rule["parameters"]["comparison"] = {"value": "yearly", "source": "补", "is_default": False}
    services.save_step(draft=draft, step="rule", by=preparer, values=rule)
    with pytest.raises(DraftRefused, match="2024 年已按月核算并发布，不能改为按年"):
        submit_draft(draft=draft, by=preparer)


def test_a_section_taken_out_of_published_months_is_proposed_at_nothing(border, preparer, second):
    Section.objects.create(
        code="OTHER", name="另一断面", province=border.section.province, river=border.river, km=20
    )
    published(border, "2024-02", "2024-02")
    draft = start_amendment(agreement=border.agreement, from_date=date(2024, 2, 1), by=preparer)
    river = draft.data["river"]["values"]
    river["sections"][0]["section"] = "OTHER"
    draft = fill(draft, {"river": river}, preparer)
    draft = submit_draft(draft=draft, by=preparer, confirmed=1)
    put_in_force(draft, second)
    assert proposals() == [("2024-02", "proposed", [])]
    assert Adjustment.objects.get().outcome["steps"][0]["title"] == "条款已不适用"


# Parties and strands --------------------------------------------------------------------


def parties_of(draft, *codes):
    values = draft.data["parties"]["values"]
    return {**values, "parties": [{"jurisdiction": c, "role": "signatory"} for c in codes]}


def test_a_party_is_replaced_and_the_published_month_goes_over_by_proposal(
    border, preparer, second
):
    published(border, "2024-02", "2024-02")
    draft = start_amendment(agreement=border.agreement, from_date=date(2024, 2, 1), by=preparer)
    river = draft.data["river"]["values"]
    river["sections"][0]["downstream"] = border.stranger.code
    steps = {"parties": parties_of(draft, "500901", "500903"), "river": river}
    draft = submit_draft(draft=fill(draft, steps, preparer), by=preparer, confirmed=1)
    put_in_force(draft, second)
    parties = {p.jurisdiction.code: (p.since, p.until) for p in border.agreement.parties.all()}
    assert parties == {
        "500901": (None, None),
        "500902": (None, date(2024, 2, 1)),
        "500903": (date(2024, 2, 1), None),
    }
    proposed = Adjustment.objects.get().outcome["transfers"][0]
    assert (proposed["payer"], proposed["payee"]) == ("500903", "500901")


def test_a_party_that_another_strand_needs_is_not_left_out(border, preparer):
    fixed(border, preparer, person("第三人"))
    draft = start_amendment(agreement=border.agreement, from_date=date(2024, 4, 1), by=preparer)
    river = draft.data["river"]["values"]
    river["sections"][0]["downstream"] = border.stranger.code
    steps = {"parties": parties_of(draft, "500901", "500903"), "river": river}
    with pytest.raises(DraftRefused, match=r"线索“固定年补偿”）还以下游区为一方"):
        submit_draft(draft=fill(draft, steps, preparer), by=preparer)


def fixed(border, preparer, second):
    """A yearly fixed sum beside the water quality, from 2024."""
    draft = start_amendment(
        agreement=border.agreement, from_date=date(2024, 1, 1), by=preparer, strand="固定年补偿"
    )
    assert "rule" not in draft.data
    stored = with_defaults(
        rules.get("fixed_annual").parameters,
        {"amount": "500000.00", "payer": "downstream", "from_year": 2024, "to_year": 2030},
        on=date(2024, 1, 1),
        source="第二条",
    )
    draft = fill(draft, {"rule": {"rule": "fixed_annual", "parameters": stored}}, preparer)
    put_in_force(submit_draft(draft=draft, by=preparer), second)


def test_a_strand_is_opened_beside_the_others(border, preparer, second):
    border.assessed("2024-05", "II")
    fixed(border, preparer, second)
    main, extra = border.agreement.terms.order_by("number")[1:]
    assert (main.in_force.upper, extra.strand) == (None, "固定年补偿")
    assert {(a.yearly, a.term) for a in Accrual.objects.filter(period__year=2024, transfers__isnull=False)} == {
        (True, extra), (False, main),
    }  # fmt: skip


def test_a_new_strand_is_refused_in_a_closed_year(border, preparer):
    closed(border, 2023)
    with pytest.raises(DraftRefused, match="不能补进已关账的年度；最早可自 2024-01-01 起"):
        start_amendment(
            agreement=border.agreement, from_date=date(2023, 1, 1), by=preparer, strand="另一条"
        )


# The end --------------------------------------------------------------------------------


def ending(border, by, on, strand=""):
    return start_ending(
        agreement=border.agreement, from_date=on, by=by, strand=strand, reason="期满", source="函"
    )


def test_an_agreement_ends_when_a_second_person_says_so(border, preparer, second):
    published(border, "2024-02", "2024-02")
    border.assessed("2024-05", "II")
    draft = ending(border, preparer, date(2024, 2, 1))
    draft = submit_draft(draft=draft, by=preparer, confirmed=1)
    with pytest.raises(DraftRefused, match="另一位协议管理员"):
        activate_draft(draft=draft, version=draft.version, by=preparer, confirmed=1)
    put_in_force(draft, second)
    assert border.agreement.terms.order_by("number").last().in_force.upper == date(2024, 2, 1)
    assert not Accrual.objects.filter(period__gte=month("2024-03")).exists()
    assert border.accrual("2024-02").state == "published"
    assert proposals() == [("2024-02", "proposed", [])]
    draft.refresh_from_db()
    assert (draft.state, draft.term, draft.agreement) == ("activated", None, border.agreement)


def test_a_strand_ends_alone(border, preparer, second):
    fixed(border, preparer, second)
    draft = ending(border, preparer, date(2025, 1, 1), strand="固定年补偿")
    put_in_force(submit_draft(draft=draft, by=preparer), second)
    main, extra = border.agreement.terms.order_by("number")[1:]
    assert (main.in_force.upper, extra.in_force.upper) == (None, date(2025, 1, 1))


@pytest.mark.parametrize(
    ("on", "words"),
    [
        (date(2024, 2, 2), "终止日须为某月 1 日"),
        (date(2023, 1, 1), "正是 2023-01-01 起"),
        (date(2020, 1, 1), "第 2 条款期自 2023-01-01 起已经排定"),
        (date(2017, 1, 1), "没有执行中的条款期可终止"),
    ],
)
def test_a_day_it_cannot_end_on_is_refused(border, preparer, on, words):
    with pytest.raises(DraftRefused, match=words):
        ending(border, preparer, on)


# Dates ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "words"),
    [
        (date(2024, 2, 15), "须为当月 1 日"),
        (date(2023, 1, 1), "正是 2023-01-01 起"),
        (date(2017, 1, 1), "之前没有条款期可修订"),
    ],
)
def test_a_date_that_cannot_begin_an_amendment_is_refused(border, preparer, on, words):
    with pytest.raises(DraftRefused, match=words):
        start_amendment(agreement=border.agreement, from_date=on, by=preparer)


def test_a_yearly_rule_is_amended_from_new_year_only(border, preparer):
    draft = start_amendment(agreement=border.agreement, from_date=date(2024, 4, 1), by=preparer)
    rule = draft.data["rule"]["values"]
    rule["parameters"]["comparison"] = {
        "value": "yearly", "source": "补充协议", "is_default": False,
    }  # fmt: skip
    services.save_step(draft=draft, step="rule", by=preparer, values=rule)
    with pytest.raises(DraftRefused, match="须自 1 月 1 日起"):
        submit_draft(draft=draft, by=preparer)


def test_an_amendment_may_not_run_into_the_next_term(border, preparer):
    draft = start_amendment(agreement=border.agreement, from_date=date(2020, 1, 1), by=preparer)
    term = {**draft.data["term"]["values"], "until": None}
    services.save_step(draft=draft, step="term", by=preparer, values=term)
    with pytest.raises(DraftRefused, match="止日须不晚于 2022-12-31"):
        submit_draft(draft=draft, by=preparer)
