"""Rules that look at all sections of a term: one accrual a period, nets by party."""

from datetime import date
from decimal import Decimal

import pytest

from monitoring.models import Target
from settlements import pipeline
from settlements.accruals.services.gaps import fill_gaps
from settlements.accruals.services.rulings import rule_month
from settlements.models import Accrual
from settlements.reckoning.periods import due_in_year, sections_of
from settlements.reckoning.preview import preview
from settlements.reckoning.verification import verify_accruals
from tests.previews import nets_by_year, terms_of
from tests.settlements.strands import Chain
from tests.worlds import month

YEAR = date(2023, 1, 1), date(2024, 1, 1)


@pytest.fixture
def three(db) -> Chain:
    """甲区 → 乙区 → 丙区: two sections, so 丙区 answers for none."""
    return Chain.make("甲区", "乙区", "丙区")


def measured_year(chain: Chain, *classes: str) -> None:
    for n in range(1, 13):
        chain.measured(f"2023-{n:02d}", *classes)


def test_a_rank_is_one_accrual_of_all_sections_by_their_water_index(three):
    three.term("rank", *YEAR, rewarded=1, charged=1, reward="1000000", charge="500000")
    measured_year(three, "II", "IV")
    three.figures("500912 2023 水质指数 9")
    accruals = three.accruals("rank")
    assert list(accruals) == ["S0 2023-01"]
    # 乙区's water is worse than 甲区's; 丙区's index is a stored figure, the worst of all.
    assert three.net(2023) == {"甲区": 100, "丙区": -50, "市级财政": -50}
    inputs = accruals["S0 2023-01"].inputs
    assert set(inputs["observations"]) == {"index.500910", "index.500911", "index.500912"}
    # CWQI of class II water: pH 7.5/9, DO 5/9, CODMn 1.5/6, NH3-N 0.3/1, TP 0.015/0.2.
    expected = (
        Decimal("0.5") / 2 + Decimal(5) / 9 + Decimal("1.5") / 6 + Decimal("0.3")
        + Decimal("0.015") / Decimal("0.2")
    )  # fmt: skip
    assert abs(Decimal(inputs["observations"]["index.500910"]) - expected) < Decimal("1e-20")
    assert "甲区由断面 甲乙界 推算" in inputs["sources"]["observations"]
    assert verify_accruals().differ == []


def test_a_party_without_section_and_figure_is_refused_by_name(three):
    three.term("rank", *YEAR, rewarded=1, charged=1)
    measured_year(three, "II", "IV")
    pipeline.recompute()
    accrual = three.one("rank", "2023-01")
    assert accrual.month_state == "no_data"
    assert "observations.index.500912" in str(accrual.steps)


def test_a_ranks_other_sections_are_no_gap_and_feed_it(three):
    three.term("rank", *YEAR, rewarded=1, charged=0, period="monthly", reward="1000000")
    for place in ("500912",):
        three.figures(*(f"{place} 2023-{n:02d} 水质指数 9" for n in range(1, 13)))
    assert Accrual.objects.count() == 12
    assert fill_gaps() == []
    assert {p.section.code for p, _ in due_in_year(sections_of(three.agreement), 2023)} == {"S0"}
    three.measured("2023-05", "IV", "II")
    pipeline.recompute()
    assert three.one("rank", "2023-05").transfers.get().payee.name == "乙区"
    three.measured("2023-05", "IV", "V")  # only the second section is corrected
    pipeline.recompute()
    assert three.one("rank", "2023-05").transfers.get().payee.name == "甲区"


def test_met_ratios_come_from_the_months_that_meet_their_targets(three):
    """赤水河 1 : 5 : 4 → 3 : 4 : 3 of 1,000 万元; 乙区 meets 9 of 12 months."""
    codes = ("500910", "500911", "500912")
    three.term(
        "joint_fund", *YEAR, fund="10000000", assessment="met_ratio", at_stake="100",
        contributions=dict(zip(codes, ("1", "5", "4"), strict=True)),
        shares=dict(zip(codes, ("3", "4", "3"), strict=True)),
        order=dict(zip(codes, ("1", "2", "3"), strict=True)),
    )  # fmt: skip
    for n in range(1, 13):
        three.measured(f"2023-{n:02d}", "II", "IV" if n > 9 else "III")
    three.figures("500912 2023 出境断面达标率 100")
    observed = three.one("joint_fund", "2023-01").inputs["observations"]
    assert observed == {"met.500910": "100", "met.500911": "75", "met.500912": "100"}
    # 甲区 300 − 100; 乙区 400 − 100 (a quarter, to 丙区) − 500; 丙区 300 + 100 − 400.
    assert three.net(2023) == {"甲区": 200, "乙区": -200}
    # A stored figure goes before the derived one, and its correction counts.
    three.figures("500911 2023 出境断面达标率 50%")
    assert three.net(2023) == {"甲区": 200, "乙区": -300, "丙区": 100}
    # A month the bureau ruled out counts neither as met nor as missed.
    assert len(three.accruals("joint_fund")) == 1


def test_an_excluded_month_and_one_without_target_are_not_guessed(three, people):
    codes = ("500910", "500911", "500912")
    three.term(
        "joint_fund", *YEAR, fund="10000000", assessment="met_ratio", deducted_to="treasury",
        contributions=dict.fromkeys(codes, "1"), shares=dict.fromkeys(codes, "1"),
    )  # fmt: skip
    for n in range(1, 13):
        three.measured(f"2023-{n:02d}", "II", "IV" if n == 7 else "III")
    three.figures("500912 2023 出境断面达标率 100")
    rule_month(
        section=three.sections[1], month=month("2023-07"), state="excluded", ground="disaster",
        reason="山洪", by=people.bureau,
    )  # fmt: skip
    pipeline.recompute()
    assert three.one("joint_fund", "2023-01").inputs["observations"]["met.500911"] == "100"
    Target.objects.filter(section=three.sections[0]).delete()
    pipeline.recompute()
    assert "observations.met.500910" in str(three.one("joint_fund", "2023-01").steps)


def test_a_fund_that_goes_by_class_stays_one_accrual_a_section(three):
    sides = {"upstream": "1", "downstream": "1"}
    term = three.term(
        "joint_fund", *YEAR, fund="10000000", assessment="section_class",
        deducted_to="contributors", contributions=sides, shares=sides,
    )  # fmt: skip
    measured_year(three, "II", "IV")
    pipeline.recompute()
    assert list(three.accruals("joint_fund")) == ["S0 2023-01", "S1 2023-01"]
    assert term.sections.count() == 2


def test_a_preview_finds_what_the_pipeline_stores(three):
    three.term("rank", *YEAR, rewarded=1, charged=1, reward="1000000", charge="500000")
    measured_year(three, "II", "IV")
    three.figures("500912 2023 水质指数 0.1")
    parties = [*three.places, three.treasury]
    lines = preview(three.agreement.river, terms_of(three.agreement), parties)
    nets = nets_by_year(lines)[2023]
    assert {p.name: y / 10_000 for p, y in nets.items()} == three.net(2023)
    assert {line.section.code for line in lines} == {"S0"}
