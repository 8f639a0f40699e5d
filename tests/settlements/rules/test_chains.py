"""Borders as rivers have them, from readings to nets: several sections, banks, chains, towns.

Amounts by hand, in 万元; 100 a month unless said. Target Ⅲ everywhere.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from basins.guarding import differing
from basins.models import Jurisdiction, User
from basins.ranges import between
from monitoring.models import Section, Target
from settlements import pipeline, rules
from settlements.migrations import _parameters
from settlements.models import (
    Accrual,
    AgreementDraft,
    Party,
    Scenario,
    Term,
    TermSection,
    Transfer,
)
from settlements.reckoning.computation import compute, digest_of, work_of
from settlements.reckoning.preview import preview
from settlements.reckoning.verification import verify_accruals
from settlements.rules.parameters import specs
from tests.previews import terms_of
from tests.settlements.strands import Chain
from tests.worlds import jurisdiction, taken_as

YEAR = date(2023, 1, 1), date(2024, 1, 1)
CLASS = "class_vs_last_year"

pytestmark = pytest.mark.django_db


def paid(rule):
    """section, payer → payee, 万元, by section."""
    rows = Transfer.objects.filter(accrual__term__rule=rule).order_by(
        "accrual__term_section__section__code", "accrual__period", "pk"
    )
    return [
        (t.accrual.term_section.section.code, f"{t.payer.name}→{t.payee.name}", t.yuan / 10000)
        for t in rows
    ]


def bank(term, section, upstream, downstream, share, **more):
    return TermSection.objects.create(
        term=term, section=section, upstream=upstream, downstream=downstream, share=share, **more
    )


def test_a_river_through_five_districts_nets_each_over_its_two_borders():
    chain = Chain.make("甲区", "乙区", "丙区", "丁区", "戊区")
    chain.measured("2022-05", "III", "II", "III", "III")
    chain.measured("2023-05", "II", "III", "IV", "III")
    chain.term(CLASS, *YEAR)
    pipeline.recompute()
    assert paid(CLASS) == [
        ("S0", "乙区→甲区", 100),  # better than last year
        ("S1", "乙区→丙区", 100),  # worse, though met
        ("S2", "丙区→丁区", 100),  # not met
    ]  # S3: same class, nobody
    assert chain.net(2023) == {"甲区": 100, "乙区": -200, "丁区": 100}  # 丙区: 100 − 100
    assert verify_accruals().differ == []


def test_left_and_right_bank_are_two_pairs_at_half_the_rate_each():
    chain = Chain.make("甲区", "乙区", "丙区")
    left, right, below = chain.places
    term = chain.term(CLASS, *YEAR)
    term.sections.all().delete()
    bank(term, chain.sections[0], left, below, Decimal("0.5"))
    bank(term, chain.sections[0], right, below, Decimal("0.5"))
    chain.measured("2023-05", "IV", None)
    pipeline.recompute()
    assert chain.net(2023) == {"甲区": -50, "乙区": -50, "丙区": 100}
    lines = preview(chain.agreement.river, terms_of(chain.agreement), [*chain.places])
    assert [(line.payer.name, line.yuan / 10000) for line in lines if line.payer] == [
        ("甲区", 50), ("乙区", 50),
    ]  # fmt: skip


def test_several_sections_of_one_border_share_its_rate():
    chain = Chain.make("甲区", "乙区", "丙区")
    first, second, _ = chain.places
    term = chain.term(CLASS, *YEAR)
    term.sections.all().delete()
    for section, share in zip(chain.sections, ("0.7", "0.3"), strict=True):
        bank(term, section, first, second, Decimal(share))
    chain.measured("2022-05", "III", "III")
    chain.measured("2023-05", "II", "V")
    pipeline.recompute()
    assert paid(CLASS) == [("S0", "乙区→甲区", 70), ("S1", "甲区→乙区", 30)]
    assert chain.net(2023) == {"甲区": 40, "乙区": -40}


def test_a_district_plays_the_treasury_of_its_towns():
    chain = Chain.make("甲镇", "乙镇", "丙镇")
    district = jurisdiction("500930", "某区")
    chain.agreement.parties.filter(jurisdiction=chain.treasury).delete()
    Party.objects.create(
        agreement=chain.agreement, jurisdiction=district, role=Party.Role.MUNICIPAL_FILL, order=9
    )
    chain.term(
        "town_outflow", *YEAR, items=[{"indicator": "NH3-N"}], against_last_year=False,
        reward="100000", charge="50000",
    )  # fmt: skip
    chain.measured("2023-05", "II", "IV")
    pipeline.recompute()
    assert paid("town_outflow") == [("S0", "某区→甲镇", 10), ("S1", "乙镇→某区", 5)]
    assert chain.net(2023) == {"甲镇": 10, "乙镇": -5, "某区": -5}
    parties = [p.jurisdiction for p in chain.agreement.parties.select_related("jurisdiction")]
    lines = preview(chain.agreement.river, terms_of(chain.agreement), parties, treasury=district)
    assert {(line.payer.name, line.payee.name) for line in lines if line.payer} == {
        ("某区", "甲镇"), ("乙镇", "某区"),
    }  # fmt: skip


def test_a_province_border_of_twelve_months_at_40():
    """酉水 2019: Hunan paid Chongqing 480 万元."""
    chain = Chain.make("重庆", "湖南")
    Jurisdiction.objects.filter(name__in=["重庆", "湖南"]).update(level=Jurisdiction.Level.PROVINCE)
    chain.term("pollutant_threshold", date(2019, 1, 1), date(2020, 1, 1))
    for n in range(1, 13):
        chain.measured(f"2019-{n:02d}", "II")
    pipeline.recompute()
    assert chain.net(2019) == {"重庆": 480, "湖南": -480}


def test_a_reservoir_is_assessed_by_the_limits_of_lakes():
    """TP 0.015 is class I of a river and class II of a lake."""
    chain = Chain.make("忠县", "垫江县")
    Section.objects.filter(code="S0").update(water_body="lake")
    Target.objects.filter(section__code="S0").update(water_class=2)
    chain.term("baseline", *YEAR)
    chain.measured("2023-05", "I")
    pipeline.recompute()
    accrual = chain.accruals("baseline")["S0 2023-05"]
    assert (accrual.water_class, accrual.month_state) == (2, "met")
    assert chain.net(2023) == {}


def test_inherited_pollution_follows_the_section_where_the_river_came_in():
    chain = Chain.make("甲区", "乙区", "丙区")
    term = chain.term(CLASS, *YEAR, inherited="none")
    TermSection.objects.filter(term=term, section=chain.sections[1]).update(
        inflow=chain.sections[0]
    )
    chain.measured("2023-05", "V", "V")
    chain.measured("2023-06", "IV", "V")
    pipeline.recompute()
    found = chain.accruals(CLASS)
    assert found["S1 2023-05"].month_state == "not_increased"
    assert found["S1 2023-06"].month_state == "not_met"
    assert chain.net(2023) == {"甲区": -200, "乙区": 100, "丙区": 100}


def test_xiaoan_is_paid_only_for_water_better_than_the_downstreams_own():
    chain = Chain.make("铜梁区", "合川区", "河口")
    term = chain.term(CLASS, *YEAR, better_than="downstream_own")
    term.sections.filter(section=chain.sections[1]).delete()
    term.sections.update(reference=chain.sections[1])
    for when, own in (("2023-05", "III"), ("2023-06", "II")):
        chain.measured(when.replace("2023", "2022"), "III", None)
        chain.measured(when, "II", own)
    pipeline.recompute()
    assert chain.net(2023) == {"铜梁区": 100, "合川区": -100}
    chain.measured("2023-05", None, "I")  # the reference alone changes: the month is found anew
    pipeline.recompute()
    assert chain.net(2023) == {}
    assert verify_accruals().differ == []


def test_a_missing_month_takes_the_last_valid_one_and_gives_way_to_its_own_reading():
    chain = Chain.make("甲区", "乙区")
    chain.term("baseline", date(2023, 1, 1), date(2023, 4, 1), missing_month="previous")
    chain.measured("2022-12", "V")  # before the term: not its month
    chain.measured("2023-02", "IV")
    pipeline.recompute()
    found = chain.accruals("baseline")
    assert {k: a.month_state for k, a in found.items()} == {
        "S0 2023-01": "no_data", "S0 2023-02": "not_met", "S0 2023-03": "not_met",
    }  # fmt: skip
    assert not found["S0 2023-03"].complete
    assert "本月无数据，按协议取2023年2月的值" in str(found["S0 2023-03"].steps)
    assert chain.net(2023) == {"甲区": -200, "乙区": 200}
    chain.measured("2023-02", "II")  # the donor changes, and with it the month that took it
    pipeline.recompute()
    assert chain.net(2023) == {"甲区": 200, "乙区": -200}
    chain.measured("2023-03", "III")
    pipeline.recompute()
    assert chain.net(2023) == {"甲区": 100, "乙区": -100}
    assert verify_accruals().differ == []


def test_a_quarters_sample_settles_its_three_months():
    chain = Chain.make("甲区", "乙区")
    chain.term("baseline", date(2023, 4, 1), date(2023, 10, 1), sampling="quarterly")
    chain.measured("2023-05", "II")
    pipeline.recompute()
    assert [m for _, _, m in paid("baseline")] == [100, 100, 100]
    states = {k: a.month_state for k, a in chain.accruals("baseline").items()}
    assert states["S0 2023-07"] == "no_data"
    chain.measured("2023-09", "IV")
    pipeline.recompute()
    assert chain.net(2023) == {}  # 3 × 100 − 3 × 100


def test_a_term_from_the_middle_of_a_month_counts_it_by_days():
    """From 16 June: 15 of 30 days; until 10 August: 9 of 31, 29.032258 万元."""
    chain = Chain.make("甲区", "乙区")
    span = date(2023, 6, 16), date(2023, 8, 10)
    chain.term("baseline", *span, part_month="by_days")
    for when in ("2023-06", "2023-07", "2023-08"):
        chain.measured(when, "II")
    pipeline.recompute()
    assert [m for _, _, m in paid("baseline")] == [50, 100, Decimal("29.032258")]
    assert "有效 9 日，全月 31 日" in str(chain.accruals("baseline")["S0 2023-08"].steps)
    assert verify_accruals().differ == []


@pytest.mark.parametrize(
    ("how", "months"),
    [("first_day", ["07", "08"]), ("none", ["07"]), ("by_days", ["06", "07", "08"])],
)
def test_months_of_a_term_that_it_does_not_wholly_cover(how, months):
    chain = Chain.make("甲区", "乙区")
    chain.term("baseline", date(2023, 6, 16), date(2023, 8, 10), part_month=how)
    chain.measured("2023-07", "II")
    pipeline.recompute()
    assert sorted(chain.accruals("baseline")) == [f"S0 2023-{m}" for m in months]


def test_parameters_added_at_their_default_leave_digests_as_they_were():
    chain = Chain.make("甲区", "乙区")
    term = chain.term(CLASS, *YEAR)
    chain.measured("2023-05", "IV")
    pipeline.recompute()
    accrual = Accrual.objects.get(period=date(2023, 5, 1))
    assert not {"missing_month", "sampling"} & set(accrual.inputs)
    (computed,) = [c for c in compute(work_of(chain.agreement)) if c.period == accrual.period]
    added = {n for n, spec in specs(rules.get(CLASS).parameters).items() if spec.added}
    term.parameters = {n: e for n, e in term.parameters.items() if n not in added}
    computed.part.term = term
    rule = rules.read(term.rule, accrual.term.parameters)
    before = digest_of(computed.part, rule, computed.facts, computed.outcome)
    assert before == accrual.input_digest


def test_a_scenario_of_half_a_month_is_run_the_same_way():
    chain = Chain.make("甲区", "乙区")
    chain.measured("2023-06", "II")
    pipeline.recompute()
    chain.term("baseline", date(2023, 6, 1), date(2023, 7, 1), part_month="by_days")
    (spec,) = terms_of(chain.agreement)
    spec = replace(spec, in_force=between(date(2023, 6, 16), date(2023, 7, 1)))
    (line,) = preview(chain.agreement.river, [spec], chain.places)
    assert line.yuan == 500000


def test_stored_terms_drafts_and_scenarios_are_given_the_parameters_added():
    chain = Chain.make("甲区", "乙区")
    term = chain.term(CLASS, *YEAR)
    whole = term.parameters
    old = {name: entry for name, entry in whole.items() if name not in _parameters.GIVEN[CLASS]}
    Term.objects.filter(pk=term.pk).update(parameters=old)
    by = User.objects.create(username="admin")
    data = {"rule": {"values": {"rule": CLASS, "parameters": old}}, "river": {"typed": {}}}
    draft = AgreementDraft.objects.create(data=data, prepared_by=by)
    scenario = Scenario.objects.create(
        name="情景", agreement=chain.agreement, copied_on=date(2023, 1, 1), owner=by,
        terms=[{"rule": CLASS, "parameters": old}],
    )  # fmt: skip
    _parameters.change(apps, _parameters.GIVEN, _parameters.added)
    for made in (term, draft, scenario):
        made.refresh_from_db()
    assert term.parameters == whole
    assert draft.data["rule"]["values"]["parameters"] == whole
    assert scenario.terms[0]["parameters"] == whole
    _parameters.change(apps, _parameters.GIVEN, _parameters.taken_out)
    term.refresh_from_db()
    assert term.parameters == old


def test_a_term_under_which_results_were_published_is_given_a_parameter_too():
    chain = Chain.make("甲区", "乙区")
    term = chain.term(CLASS, *YEAR)
    before = term.parameters
    chain.measured("2023-05", "IV")
    pipeline.recompute()
    taken_as("published", Accrual.objects.all())
    new = {CLASS: {"later": ("none", _parameters.OURS)}}
    with pytest.raises(IntegrityError, match="条款期"), transaction.atomic():
        _parameters.change(apps, new, _parameters.added)
    migration, editor = _parameters.give_parameters(new), SimpleNamespace(connection=connection)
    migration.code(apps, editor)
    term.refresh_from_db()
    assert term.parameters["later"]["value"] == "none"
    migration.reverse_code(apps, editor)
    term.refresh_from_db()
    assert term.parameters == before
    assert differing() == []
