"""Deciding: acceptance changes data, the recompute proposes, people approve; once, by the bureau."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import IntegrityError, transaction

from basins.clock import moved_to
from monitoring.models import DirtyMonth, Indicator, MonthlyMean, Reading, Verdict
from monitoring.screening.services.verdicts import ReadingKey
from settlements import pipeline
from settlements.models import (
    Accrual,
    Adjustment,
    MonthRuling,
    Objection,
    StateMove,
)
from settlements.moving.acts import NotAllowed, Refused
from settlements.notices.services.months import finalise_due
from settlements.objections.queries.objections import treated
from settlements.objections.services.decision_preview import dry_run
from settlements.objections.services.decisions import (
    MeasuredInstead,
    NotYetHeard,
    Treatment,
    accept_objection,
    order_remeasurement,
    record_remeasurement,
    reject_objection,
)
from settlements.objections.services.joint_samples import enter_reserve, record_joint_sample
from settlements.objections.services.objections import (
    add_evidence,
    raise_objection,
    reply,
    withdraw_objection,
)
from settlements.years.services.adjustments import approve_adjustment, difference, review_adjustment
from tests.disputes import (
    AMMONIA,
    APRIL,
    DECIDED,
    objected,
    pdf,
    proofs,
    year_published,
)
from tests.told_once import bare, of_told, told_instead, told_once, with_april

CORRECT = [Treatment("correct", reading=AMMONIA, value=Decimal("0.8"))]


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


told = told_once(with_april)
april = of_told("april")


@pytest.fixture
def objection(border, people, april) -> Objection:
    return objected(border, people, april)


def accept(objection, people, treatment=CORRECT, **more):
    with moved_to(DECIDED):
        return accept_objection(
            unheard="急", objection=objection, by=people.bureau, reason="原始记录证明录入有误。",
            treatment=treatment, **more,
        )  # fmt: skip


def state_of(thing) -> str:
    return type(thing).objects.get(pk=thing.pk).state


def ammonia() -> Reading:
    return Reading.objects.get(indicator__code="NH3-N", origin=2)


# The whole story ------------------------------------------------------------------------


def test_from_objection_to_net(border, people, april, objection):
    before = border.net(2023)
    published = border.transfers("2023-04")
    with moved_to(date(2023, 5, 17)):
        reply(objection=objection, by=people.downstream, text="请市局复核。")
    accept(objection, people)
    assert (state_of(objection), state_of(april)) == ("accepted", "decided")
    # The data changed, no amount did.
    assert (ammonia().value, Verdict.objects.get().cause) == (
        Decimal("0.8"), f"objection {objection.pk}",
    )  # fmt: skip
    assert border.net(2023) == before
    pipeline.recompute()
    adjustment = Adjustment.objects.get()
    assert adjustment.cause == f"采纳上游区异议（第 {objection.pk} 号）"
    assert adjustment.state == "proposed"
    assert border.net(2023) == before
    with moved_to(date(2023, 5, 19)):
        assert finalise_due() == 0  # an adjustment pends
        review_adjustment(adjustment=adjustment, by=people.bureau, reason="与裁决一致")
        shift = difference(adjustment)
        approve_adjustment(adjustment=adjustment, by=people.bureau2)
        assert [finalise_due() for _ in range(3)] == [1, 0, 0]
    assert state_of(april) == "final"
    # Published class IV against III: upstream paid. Class III: it does no longer.
    assert border.transfers("2023-04") == published
    assert shift[border.upstream.code] == -shift[border.downstream.code] > 0
    after = border.net(2023)
    assert after["上游区"] - before.get("上游区", 0) == shift[border.upstream.code]
    assert sum(after.values()) == 0
    objection.refresh_from_db()
    assert objection.treatment[0]["before"] == ["1.200", "N"]
    assert objection.treatment[0]["after"][1] == "N"


def test_the_dry_run_shows_what_then_happens_and_leaves_nothing(border, people, objection):
    with moved_to(DECIDED):
        run = dry_run(objection=objection, treatment=CORRECT, by=people.bureau, reason="试")
    (change,) = run.classes
    assert (change.before, change.after) == (4, 3)
    (mean,) = run.means
    assert (mean.indicator, mean.before, mean.after) == ("NH3-N", Decimal("1.2"), Decimal("0.8"))
    assert not Verdict.objects.exists()
    assert not Adjustment.objects.exists()
    assert ammonia().value == Decimal("1.2")
    (proposal,) = run.proposals
    accept(objection, people)
    pipeline.recompute()
    shown = dict(proposal.nets)
    assert {border.upstream.name, border.downstream.name} == set(shown)
    assert shown[border.upstream.name] == difference(Adjustment.objects.get())[border.upstream.code]


# Once, with evidence, by the bureau ---------------------------------------------------------


def test_a_decision_is_made_once(objection, people):
    accept(objection, people)
    for _ in range(2):
        with pytest.raises(Refused, match="已采纳"):
            accept(objection, people)
        with pytest.raises(Refused, match="已采纳"):
            reject_objection(unheard="急", objection=objection, by=people.bureau2, reason="不成立")
        with pytest.raises(Refused, match="已采纳"):
            withdraw_objection(objection=objection, by=people.district)
    assert Verdict.objects.count() == 1
    assert StateMove.objects.filter(thing="objection", event="accept").count() == 1


def test_before_the_other_side_was_heard_a_decision_needs_a_reason_of_its_own(objection, people):
    given = {"objection": objection, "by": people.bureau, "reason": "质控合格。"}
    with moved_to(DECIDED):  # 下游区 may answer until 23 May
        for act in (reject_objection, partial(accept_objection, treatment=CORRECT)):
            with pytest.raises(NotYetHeard, match="下游区尚未答复，答复期至 2023-05-23"):
                act(**given)
        assert state_of(objection) == "raised"
        decided = reject_objection(**given, unheard="年清缴在即")
    assert decided.decision == "质控合格。（下游区未答复，提前裁决：年清缴在即）"


def test_once_it_answered_or_its_days_are_over_no_such_reason_is_asked(objection, people):
    given = {"objection": objection, "by": people.bureau, "reason": "质控合格。"}
    with moved_to(date(2023, 5, 24)), transaction.atomic():
        assert reject_objection(**given).decision == "质控合格。"
        transaction.set_rollback(True)
    with moved_to(DECIDED):
        reply(objection=objection, by=people.downstream, text="不同意")
        assert reject_objection(**given).decision == "质控合格。"


def test_a_rejection_changes_no_data_and_decides_the_month(objection, people, april):
    with pytest.raises(Refused, match="理由"):
        reject_objection(unheard="急", objection=objection, by=people.bureau, reason=" ")
    with moved_to(DECIDED):
        reject_objection(
            unheard="急", objection=objection, by=people.bureau, reason="质控合格，数据有效。"
        )
    assert (state_of(objection), state_of(april)) == ("rejected", "decided")
    assert not Verdict.objects.exists()
    assert pipeline.recompute() == 0


def test_without_the_required_evidence_nothing_is_accepted(border, people, april):
    lacking = objected(border, people, april, kind="no_fault", readings=[])
    exclude = [Treatment("exclude", state="excluded", ground="drought")]
    with pytest.raises(Refused, match="流向与流量记录、沿程监测数据、沿线污染源核查记录"):
        accept(lacking, people, exclude)
    with moved_to(DECIDED):
        for item in ("flow", "course", "sources"):
            add_evidence(objection=lacking, by=people.bureau, item=item, file=pdf("证明.pdf"))
    accept(lacking, people, exclude)
    ruling = MonthRuling.objects.get()
    assert (ruling.agreement, ruling.evidence_name) == (border.agreement, "证明.pdf")
    pipeline.recompute()
    adjustment = Adjustment.objects.get()
    assert adjustment.outcome["state"] == "excluded"
    assert adjustment.cause.startswith("采纳上游区异议")


@pytest.mark.parametrize(
    ("treatment", "says"),
    [
        ([], "数据如何处理"),
        ([Treatment("exclude", state="excluded", ground="drought")], "数据处理是"),
        ([Treatment("correct", reading=AMMONIA)], "更正后的值"),
        ([Treatment("correct", reading=AMMONIA, value=Decimal("1.2"))], "无须更正"),
        ([Treatment("accept", reading=AMMONIA)], "本来有效"),
        ([Treatment("invalidate")], "请选择"),
        (
            [Treatment("invalidate", reading=ReadingKey("NH3-N", APRIL + timedelta(days=31), 2))],
            "之内",
        ),
        ([Treatment("joint", sample=1)], "联合监测"),
    ],
)
def test_a_treatment_that_does_not_fit_is_refused_and_nothing_decided(
    objection, people, treatment, says
):
    with pytest.raises(Refused, match=says):
        accept(objection, people, treatment)
    assert state_of(objection) == "raised"
    assert ammonia().value == Decimal("1.2")


@pytest.mark.parametrize(
    "who",
    ["district", "downstream", "stranger", "treasury", "township", "admin", "auditor", "nobody"],
)
def test_only_the_bureau_decides(objection, people, who):
    by = getattr(people, who)
    for act in (
        lambda: accept_objection(
            unheard="急", objection=objection, by=by, reason="是", treatment=CORRECT
        ),
        lambda: reject_objection(unheard="急", objection=objection, by=by, reason="否"),
        lambda: order_remeasurement(objection=objection, by=by, reason="测"),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert state_of(objection) == "raised"


def test_not_even_sql_decides_past_the_workflow(objection):
    with pytest.raises(IntegrityError, match="流程不允许"), transaction.atomic():
        Objection.objects.filter(pk=objection.pk).update(state="withdrawn")


# Re-measurement and joint samples -------------------------------------------------------------


def test_a_remeasurement_counts_only_once_accepted(border, people, objection):
    later = APRIL + timedelta(hours=3)
    with moved_to(DECIDED):
        order_remeasurement(objection=objection, by=people.bureau, reason="请总站复测")
        with pytest.raises(Refused, match="尚未录入"):
            accept_objection(
                unheard="急",
                objection=objection,
                by=people.bureau,
                reason="是",
                treatment=CORRECT,
            )
        for _ in range(3):
            record_remeasurement(
                objection=objection, by=people.bureau, text="总站报告 0.75 mg/L",
                values=[MeasuredInstead(Indicator.objects.get(code="NH3-N"), later, Decimal("0.75"))],
            )  # fmt: skip
    pipeline.recompute()
    assert MonthlyMean.objects.get(indicator__code="NH3-N").mean == Decimal("1.2")
    accept(
        objection, people,
        [Treatment("accept", reading=ReadingKey("NH3-N", later, 2)),
         Treatment("invalidate", reading=AMMONIA)],
    )  # fmt: skip
    pipeline.recompute()
    assert MonthlyMean.objects.get(indicator__code="NH3-N").mean == Decimal("0.75")
    assert objection.replies.filter(kind="remeasurement").count() == 1


def test_a_joint_sample_replaces_the_disputed_reading(border, people, objection):
    with moved_to(DECIDED):
        sample = record_joint_sample(
            section=border.section, indicator=Indicator.objects.get(code="NH3-N"),
            sampled_at=APRIL, upstream=Decimal("0.5"), downstream=Decimal("1.0"),
            agreed_error=Decimal("20"), by=people.bureau, objection=objection,
        )  # fmt: skip
    joint = [Treatment("joint", sample=sample.pk)]
    with pytest.raises(Refused, match="留样尚未检测"):
        accept(objection, people, joint)
    with moved_to(DECIDED):
        enter_reserve(sample=sample, reserve=Decimal("0.7"), by=people.bureau)
    pipeline.recompute()
    assert MonthlyMean.objects.get(indicator__code="NH3-N").mean == Decimal("1.2")
    accept(objection, people, joint)
    assert ammonia().flag == "V"
    pipeline.recompute()
    mean = MonthlyMean.objects.get(indicator__code="NH3-N")
    assert (mean.mean, mean.origin) == (Decimal("0.7"), 3)
    assert Accrual.objects.filter(state="published").count() == 1
    assert Adjustment.objects.count() == 1


def test_the_month_waits_for_its_last_objection(border, people, april, objection):
    with moved_to(date(2023, 5, 17)):
        other = raise_objection(
            month=april, by=people.downstream, section=border.section, kind="data_error",
            reason="总磷有误。", readings=[ReadingKey("TP", APRIL, 2)], files=proofs(),
        )  # fmt: skip
    accept(objection, people)
    assert state_of(april) == "objected"
    with moved_to(DECIDED):
        withdraw_objection(objection=other, by=people.downstream)
    assert state_of(april) == "decided"


@told_instead(bare)
def test_a_reading_of_any_month_of_a_year_settled_as_one_is_disputed_and_treated(border, people):
    month = year_published(border, people)
    assert border.net(2023) == {"上游区": -1000000, "下游区": 1000000}
    june = ReadingKey("NH3-N", APRIL.replace(month=6), AMMONIA.origin)
    with moved_to(date(2024, 1, 16)):
        outside = ReadingKey("NH3-N", APRIL.replace(year=2022), AMMONIA.origin)
        given = {
            "month": month, "by": people.district, "section": border.section,
            "kind": "data_error", "reason": "六月样品有误。", "files": proofs(),
        }  # fmt: skip
        with pytest.raises(Refused, match="不是该期的数据"):
            raise_objection(**given, readings=[outside])
        objection = raise_objection(**given, readings=[june])
        treatment = [Treatment("correct", reading=june, value=Decimal("0.5"))]
        run = dry_run(objection=objection, treatment=treatment, by=people.bureau, reason="试")
        assert [(m.month, m.after) for m in run.means] == [(date(2023, 6, 1), Decimal("0.5"))]
        classes = {each.month: (each.before, each.after) for each in run.classes}
        assert classes == {date(2023, 6, 1): (6, 2), date(2023, 12, 1): (3, 3)}
        accept_objection(
            unheard="急",
            objection=objection,
            by=people.bureau,
            reason="原始记录属实。",
            treatment=treatment,
        )
        assert set(DirtyMonth.objects.values_list("month", flat=True)) >= {date(2023, 6, 1)}
        pipeline.recompute()
    adjustment = Adjustment.objects.get()
    assert adjustment.accrual.yearly
    assert adjustment.cause == f"采纳上游区异议（第 {objection.pk} 号）"
    assert difference(adjustment) == {"500901": 1000000, "500902": -1000000}


@told_instead(bare)
def test_one_month_of_a_year_settled_as_one_is_excluded(border, people):
    month = year_published(border, people)
    with moved_to(date(2024, 1, 16)):
        objection = raise_objection(
            month=month, by=people.district, section=border.section, kind="exclusion",
            reason="六、七月大旱断流。", ground="drought", files=proofs("exclusion"),
        )  # fmt: skip
        given = {"objection": objection, "by": people.bureau, "reason": "水文资料属实。"}
        drought = {"do": "exclude", "state": "excluded", "ground": "drought"}
        with pytest.raises(Refused, match="2022-12 不在这一期之内"):
            accept_objection(
                unheard="急",
                **given,
                treatment=[Treatment(**drought, month=date(2022, 12, 1))],
            )
        accept_objection(
            unheard="急",
            **given,
            treatment=[Treatment(**drought, month=date(2023, n, 1)) for n in (6, 7)],
        )
        pipeline.recompute()
    assert set(MonthRuling.objects.values_list("month", flat=True)) == {
        date(2023, 6, 1), date(2023, 7, 1),
    }  # fmt: skip
    objection.refresh_from_db()
    assert treated(objection.treatment) == [
        "2023-06 认定为“剔除”（干旱、断流）", "2023-07 认定为“剔除”（干旱、断流）",
    ]  # fmt: skip
    assert difference(Adjustment.objects.get()) == {"500901": 1000000, "500902": -1000000}
