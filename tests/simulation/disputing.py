"""An objection to a published month, from its raising to its end."""

from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile

from monitoring.models import Assessment
from settlements.models import AgreementMonth
from settlements.notices.services.months import confirm_month
from settlements.objections.services import decisions, objections
from settlements.objections.services.decisions import Treatment
from tests.disputes import proofs
from tests.simulation.scheme import Deal
from tests.worlds import AMMONIA


def object_to(years, deal: Deal, own: AgreementMonth) -> None:
    """One party objects to the ammonia; the other answers; it is withdrawn or decided."""
    people, dice = years.scheme.people, years.dice
    raiser, other = dice.sample([people.district, people.downstream], 2)
    bureau = years.one_of(people.bureau, people.bureau2)
    if years.chance("wrong_person"):
        years.act(
            "raise_objection by a stranger",
            lambda: _raised(deal, own, people.stranger),
            refused=True,
        )
    objection = years.act("raise_objection", lambda: _raised(deal, own, raiser))
    years.act(
        "confirm_month under an objection",
        lambda: confirm_month(agreement_month=own, by=other),
        refused=True,
    )
    years.act("add_evidence", lambda: _evidence(objection, raiser), fault=None)
    if dice.random() < 0.5:
        years.act("reply", lambda: objections.reply(objection=objection, by=other, text="无异议。"))
    how = dice.choice(["withdraw", "reject", "accept", "accept", "remeasure"])
    if how == "withdraw":
        years.act(
            "withdraw_objection",
            lambda: objections.withdraw_objection(objection=objection, by=raiser, why="核对无误"),
        )
        return
    if how == "remeasure":
        years.act(
            "order_remeasurement",
            lambda: decisions.order_remeasurement(objection=objection, by=bureau, reason="复测"),
        )
        years.act(
            "record_remeasurement",
            lambda: decisions.record_remeasurement(objection=objection, by=bureau, text="相符。"),
        )
    if how != "accept":
        years.act(
            "reject_objection",
            lambda: decisions.reject_objection(
                unheard="急", objection=objection, by=bureau, reason="数据无误"
            ),
        )
        return
    if years.chance("wrong_person"):
        years.act(
            "accept_objection by a party",
            lambda: _accepted(deal, own, objection, other, 3),
            refused=True,
        )
    water_class = 4 if deal.truth[own.month] <= 3 else 2
    years.act("accept_objection", lambda: _accepted(deal, own, objection, bureau, water_class))
    deal.truth[own.month] = water_class
    years.recompute()
    found = (
        Assessment.objects.filter(section=deal.section, month=own.month)
        .values_list("water_class", flat=True)
        .first()
    )
    years.expect(found == water_class, f"after the decision the class is {found}")


def _raised(deal: Deal, own: AgreementMonth, by):
    return objections.raise_objection(
        month=own, by=by, kind="data_error", section=deal.section, reason="氨氮分析有误。",
        readings=[deal.key(own.month)], files=proofs(),
    )  # fmt: skip


def _evidence(objection, by):
    file = SimpleUploadedFile("记录.pdf", b"%PDF-1.7 original")
    return objections.add_evidence(objection=objection, by=by, item="original", file=file)


def _accepted(deal: Deal, own: AgreementMonth, objection, by, water_class: int):
    value = Decimal(AMMONIA[water_class])
    treatment = [Treatment("correct", reading=deal.key(own.month), value=value)]
    return decisions.accept_objection(
        unheard="急", objection=objection, by=by, reason="原始记录有误", treatment=treatment
    )
