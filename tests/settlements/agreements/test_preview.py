"""Running terms without storing anything: the same as what the pipeline stores."""

from decimal import Decimal

from basins.models import Jurisdiction
from basins.ranges import between
from settlements import pipeline, rules
from settlements.models import Accrual, Transfer
from settlements.money import yuan
from settlements.reckoning.preview import PartSpec, TermSpec, preview
from settlements.rules.parameters import with_defaults
from tests.previews import nets_by_year, terms_of
from tests.worlds import jurisdiction, month


def test_the_stored_terms_previewed_give_what_the_pipeline_stored(border):
    for when, water_class in [("2019-06", "II"), ("2020-06", "III"), ("2023-05", "II")]:
        border.measured(when, water_class)
    pipeline.recompute()
    lines = preview(border.river, terms_of(border.agreement))
    stored = {
        (t.accrual.period, t.payer, t.payee, t.yuan)
        for t in Transfer.objects.select_related("accrual", "payer", "payee")
    }
    assert {(x.period, x.payer, x.payee, x.yuan) for x in lines if x.payer} == stored
    assert len(lines) == Accrual.objects.count()
    assert nets_by_year(lines)[2023] == {
        border.upstream: yuan("1000000"),
        border.downstream: yuan("-1000000"),
    }


def test_a_preview_of_other_terms_stores_nothing(border, django_assert_num_queries):
    border.assessed("2023-05", "II")
    before = list(Accrual.objects.order_by("pk").values_list("pk", "input_digest"))
    spec = TermSpec(
        rule="baseline",
        parameters=with_defaults(
            rules.get("baseline").parameters, {"rate": "500000"}, on=month("2023-01")
        ),
        in_force=between(month("2023-01"), month("2024-01")),
        parts=(PartSpec(border.section, border.upstream, border.downstream, share=Decimal("0.5")),),
    )
    with django_assert_num_queries(4):
        lines = preview(border.river, [spec])
    assert [(x.period, x.yuan) for x in lines if x.payer] == [(month("2023-05"), yuan("250000"))]
    assert len(lines) == 12
    assert list(Accrual.objects.order_by("pk").values_list("pk", "input_digest")) == before


def test_a_fund_of_several_parties_pays_by_their_codes(border):
    treasury = jurisdiction("500900-T", "市级财政", Jurisdiction.Level.TREASURY)
    parties = [border.upstream, border.downstream, treasury]
    module = rules.get("joint_fund")
    given = {
        "fund": "1000000",
        "contributions": {"500901": "1", "500902": "3"},
        "shares": {"500901": "3", "500902": "1"},
    }
    spec = TermSpec(
        rule="joint_fund",
        parameters=with_defaults(module.parameters, given, on=month("2023-01")),
        in_force=between(month("2023-01"), month("2024-01")),
        parts=(PartSpec(border.section, border.upstream, border.downstream),),
    )
    (line,) = preview(border.river, [spec], parties)
    assert (line.payer, line.payee, line.yuan) == (
        border.downstream,
        border.upstream,
        yuan("500000"),
    )


def test_a_town_is_compared_with_the_mean_of_its_own_year_before(border):
    for when in border.months("2022-01", "2022-12"):
        border.measured(when, "III")
    border.measured("2023-05", "II")
    pipeline.recompute()
    spec = TermSpec(
        rule="town_outflow",
        parameters=with_defaults(
            rules.get("town_outflow").parameters,
            {"items": [{"indicator": "NH3-N"}]},
            on=month("2023-01"),
        ),
        in_force=between(month("2023-01"), month("2024-01")),
        parts=(PartSpec(border.section, border.upstream, border.downstream),),
    )
    treasury = jurisdiction("500900-T", "市级财政", Jurisdiction.Level.TREASURY)
    found = {x.period: x for x in preview(border.river, [spec], [border.upstream, treasury])}
    assert found[month("2023-05")].payee == border.upstream
