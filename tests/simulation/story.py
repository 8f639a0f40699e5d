"""One agreement's two months and its year, told act by act: every changing service, every task.

Told once plainly and once harassed (tests/simulation/test_repeated_acts.py): each act aborted
before its commit, with a full disk in its middle, twice at once, and a third time. After each
act both worlds must say the same. An act finds what it acts on by itself, so that it can be
done by anybody, in any thread, any number of times.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from basins.models import CalendarDay, Jurisdiction
from basins.services.notifications import choose_delivery, try_again
from jobs import services as jobs
from jobs import tasks as job_tasks
from jobs.models import Job
from monitoring.models import Indicator
from settlements import tasks
from settlements.accruals.services import rulings
from settlements.ledger.services import (
    accounts,
    carryovers,
    ledger,
    opening,
    payments,
    reconciliation,
    reversals,
    slips,
)
from settlements.ledger.services.opening import OpeningFile, OpeningRow
from settlements.models import (
    Adjustment,
    AgreementMonth,
    BalanceStatement,
    Carryover,
    Correction,
    FuseTrip,
    JournalEntry,
    LedgerAccount,
    MonthRuling,
    Notice,
    Objection,
    OpeningBatch,
    Payment,
    Reversal,
    Settlement,
)
from settlements.notices.services import months, notices
from settlements.objections.services import decisions, joint_samples, objections
from settlements.objections.services.decisions import Treatment
from settlements.reference.services import ending
from settlements.rules.facts import MonthState
from settlements.years.services import adjustments, closing, signing
from tests.disputes import pdf, proofs
from tests.simulation.act import Act
from tests.simulation.scheme import Scheme
from tests.worlds import jurisdiction

NOVEMBER, DECEMBER = date(2023, 11, 1), date(2023, 12, 1)
KIND = "tests.story"


def counted_job(parameters: dict, progress) -> dict:
    """A job that leaves one calendar day however often it runs."""
    progress(1, 1, "一步")
    CalendarDay.objects.update_or_create(
        date=date(2031, 1, 2), defaults={"kind": "holiday", "name": "任务", "source": "测试"}
    )
    return {}


jobs.handles(KIND)(counted_job)


# What acts are done on --------------------------------------------------------------------


def _month(which: date) -> AgreementMonth:
    return AgreementMonth.objects.get(month=which)


def _notice(which: date) -> Notice:
    return Notice.objects.filter(month=which).latest("pk")


def _objection(**given) -> Objection:
    return Objection.objects.filter(**given).latest("pk")


def _of_november() -> Objection:
    return _objection(month__month=NOVEMBER)


def _of_december() -> Objection:
    return _objection(month__month=DECEMBER)


def _trip() -> FuseTrip:
    return FuseTrip.objects.latest("pk")


def _adjustment(which: date) -> Adjustment:
    return Adjustment.objects.filter(accrual__period=which).latest("pk")


def _year() -> Settlement:
    return Settlement.objects.get(year=2023)


def _payment(voucher: str) -> Payment:
    return Payment.objects.filter(voucher=voucher).latest("pk")


def _account(code: str) -> LedgerAccount:
    return LedgerAccount.objects.get(
        jurisdiction__code=code, kind="compensation", agreement__code="TEST"
    )


# What acts do -----------------------------------------------------------------------------


def _raise(which: date, kind: str, who: str):
    def do(s: Scheme):
        deal = s.deals[0]
        return objections.raise_objection(
            month=_month(which), by=getattr(s.people, who), kind=kind, section=deal.section,
            reason="氨氮分析有误。", readings=[deal.key(which)],
            ground="drought" if kind == "exclusion" else "", files=proofs(kind),
        )  # fmt: skip

    return do


def _evidence(s: Scheme):
    file = SimpleUploadedFile("记录.pdf", b"%PDF-1.7 story")
    return objections.add_evidence(
        objection=_objection(month__month=NOVEMBER),
        by=s.people.district,
        item="original",
        file=file,
    )


def _accept(s: Scheme):
    treatment = [Treatment("correct", reading=s.deals[0].key(NOVEMBER), value=Decimal("0.3"))]
    return decisions.accept_objection(
        unheard="急", objection=_objection(month__month=NOVEMBER), by=s.people.bureau, reason="记录有误",
        treatment=treatment,
    )  # fmt: skip


def _joint(s: Scheme):
    return joint_samples.record_joint_sample(
        section=s.deals[0].section, indicator=Indicator.objects.get(code="TP"),
        sampled_at=datetime(2023, 12, 20, 10, tzinfo=timezone.get_default_timezone()),
        upstream=Decimal("0.010"), downstream=Decimal("0.020"), agreed_error=Decimal(20),
        by=s.people.bureau,
    )  # fmt: skip


def _reserve(s: Scheme):
    sample = s.deals[0].section.joint_samples.get()
    return joint_samples.enter_reserve(sample=sample, reserve=Decimal("0.015"), by=s.people.bureau)


def _correct(which: date, water_class: int):
    def do(s: Scheme) -> None:
        s.measure(s.deals[0], which, water_class)

    return do


def _both_corrected(november: int, december: int):
    def do(s: Scheme) -> None:
        s.measure(s.deals[0], NOVEMBER, november)
        s.measure(s.deals[0], DECEMBER, december)

    return do


def _review(which: date):
    return lambda s: adjustments.review_adjustment(
        adjustment=_adjustment(which), by=s.people.bureau, reason="核实"
    )


def _approve(which: date):
    return lambda s: adjustments.approve_adjustment(
        adjustment=_adjustment(which), by=s.people.bureau2
    )


def _prepare_payment(voucher: str, yuan: str):
    def do(s: Scheme):
        deal = s.deals[0]
        debtor, creditor = (deal.up, deal.down)
        net = _year().nets.get(jurisdiction=debtor).yuan
        if net > 0:
            debtor, creditor = creditor, debtor
        return payments.prepare_payment(
            agreement=deal.agreement, payer=debtor, payee=creditor, yuan=yuan, voucher=voucher,
            paid_on=date(2024, 2, 8), settlement=_year(), by=s.people.treasury,
        )  # fmt: skip

    return do


def _approve_payment(voucher: str):
    return lambda s: payments.approve_payment(payment=_payment(voucher), by=s.people.treasury2)


def _attach_slips(s: Scheme):
    return slips.attach_slips(payment=_payment("PZ-A"), files=[pdf()], by=s.people.treasury)


def _propose_reversal(s: Scheme):
    entry = JournalEntry.objects.get(payment=_payment("PZ-A"))
    return reversals.propose_reversal(entry=entry, why="付错", by=s.people.treasury)


def _reversal() -> Reversal:
    return Reversal.objects.latest("pk")


def _state_balance(s: Scheme):
    return reconciliation.state_balance(
        account=_account("500901"), as_of=date(2024, 2, 9), amount="1.00", note="在途",
        by=s.people.district,
    )  # fmt: skip


def _propose_correction(s: Scheme):
    return reconciliation.propose_correction(
        statement=BalanceStatement.objects.earliest("pk"), against=_account("500902"),
        why="双方确认", by=s.people.treasury,
    )  # fmt: skip


def _correction() -> Correction:
    return Correction.objects.latest("pk")


def _opening_file(s: Scheme, number: int) -> OpeningFile:
    deal = s.deals[0]
    amount = Decimal("123.45")
    rows = (
        OpeningRow(deal.up, deal.agreement, amount, ""),
        OpeningRow(deal.down, deal.agreement, -amount, ""),
    )
    return OpeningFile("期初.csv", f"{number:064d}", rows)


def _prepare_opening(number: int):
    return lambda s: opening.prepare_opening(
        file=_opening_file(s, number), on=date(2022, 12, 31), by=s.people.treasury
    )


def _rule(s: Scheme):
    return rulings.rule_month(
        section=s.deals[0].section, month=date(2024, 1, 1), state=MonthState.NATURAL_NO_FLOW,
        ground="drought", reason="断流", by=s.people.bureau,
    )  # fmt: skip


def _revoke(s: Scheme):
    return rulings.revoke_ruling(
        ruling=MonthRuling.objects.latest("pk"), why="误认", by=s.people.bureau
    )


MERGED, PAPER = date(2024, 2, 12), "渝府〔2024〕1号"


def _upstream() -> Jurisdiction:
    return Jurisdiction.objects.get(code="500901")


def _end_upstream(s: Scheme):
    return ending.end_place(place=_upstream(), on=MERGED, source=PAPER, by=s.people.admin)


def _successor(s: Scheme) -> None:
    jurisdiction("500951", "新区")


def _propose_carryover(s: Scheme):
    return carryovers.propose_carryover(
        ended=_upstream(), successor=Jurisdiction.objects.get(code="500951"), on=MERGED,
        document=PAPER, by=s.people.treasury,
    )  # fmt: skip


def _carryover() -> Carryover:
    return Carryover.objects.latest("pk")


def _old_account(s: Scheme) -> LedgerAccount:
    return ledger.account_of(s.deals[0].up, None, opened_on=date(2024, 2, 1))


def _retire(s: Scheme):
    account = LedgerAccount.objects.get(agreement=None)
    return accounts.retire_account(account=account, on=date(2024, 2, 12), by=s.people.treasury)


def _wants_mail(s: Scheme) -> None:
    s.people.district.email = "district@example.org"
    s.people.district.save(update_fields=["email"])
    choose_delivery(user=s.people.district, rhythm="daily", mail=True)


def _holiday(s: Scheme) -> None:
    for day in (date(2024, 1, 18), date(2024, 1, 19)):
        CalendarDay.objects.update_or_create(
            date=day, defaults={"kind": "holiday", "name": "测试", "source": "测试"}
        )


def _queued(s: Scheme) -> None:
    jobs.enqueue(kind=KIND, key="run", parameters={}, wake=False)


def _lost(s: Scheme) -> None:
    jobs.enqueue(kind=KIND, key="lost", parameters={}, wake=False)
    past = timezone.now() - timedelta(hours=1)
    Job.objects.filter(key="lost").update(created_at=past)


def _run_job(s: Scheme):
    return job_tasks.run(Job.objects.get(kind=KIND, key="run").pk)


def _enqueue(s: Scheme):
    return jobs.enqueue(kind=KIND, key="twice", parameters={}, wake=False)


def _cancel(s: Scheme):
    return jobs.cancel(job_id=Job.objects.get(kind=KIND, key="twice").pk)


def _by(service, what: Callable[[], object], who: str, name: str, **more):
    """An act of a service that takes one thing (by that name) and the person."""
    return lambda s: service(**{name: what(), "by": getattr(s.people, who), **more})


DEC, JAN, FEB = date(2023, 12, 15), date(2024, 1, 16), date(2024, 2, 4)

STORY: tuple[Act, ...] = (
    Act("settlements.recompute", DEC, lambda s: tasks.recompute(), _correct(NOVEMBER, 4), True),
    Act("prepare_notice", DEC,
        lambda s: notices.prepare_notice(month=NOVEMBER, by=s.people.bureau)),
    Act("return_notice", DEC,
        _by(notices.return_notice, lambda: _notice(NOVEMBER), "bureau2", "notice", reason="改")),
    Act("prepare_notice", DEC,
        lambda s: notices.prepare_notice(month=NOVEMBER, by=s.people.bureau)),
    Act("sign_off_notice", DEC,
        _by(notices.sign_off_notice, lambda: _notice(NOVEMBER), "bureau2", "notice")),
    Act("raise_objection", date(2023, 12, 18), _raise(NOVEMBER, "data_error", "district")),
    Act("add_evidence", date(2023, 12, 18), _evidence),
    Act("reply", date(2023, 12, 19),
        _by(objections.reply, _of_november, "downstream", "objection", text="无异议。")),
    Act("order_remeasurement", date(2023, 12, 19),
        _by(decisions.order_remeasurement, _of_november, "bureau", "objection", reason="复测")),
    Act("record_remeasurement", date(2023, 12, 20),
        _by(decisions.record_remeasurement, _of_november, "bureau", "objection", text="0.3")),
    Act("accept_objection", date(2023, 12, 20), _accept),
    Act("settlements.recompute", date(2023, 12, 20), lambda s: tasks.recompute(), several=True),
    Act("review_adjustment", date(2023, 12, 21), _review(NOVEMBER)),
    Act("return_adjustment", date(2023, 12, 21),
        _by(adjustments.return_adjustment, lambda: _adjustment(NOVEMBER), "bureau2", "adjustment",
            why="再核")),
    Act("review_adjustment", date(2023, 12, 22), _review(NOVEMBER)),
    Act("approve_adjustment", date(2023, 12, 22), _approve(NOVEMBER)),
    Act("settlements.daily", date(2023, 12, 29), lambda s: tasks.daily(), _wants_mail, True),
    Act("rule_month", date(2024, 1, 8), _rule),
    Act("revoke_ruling", date(2024, 1, 9), _revoke),
    Act("record_joint_sample", date(2024, 1, 9), _joint),
    Act("enter_reserve", date(2024, 1, 9), _reserve, _correct(DECEMBER, 4)),
    Act("settlements.recompute", JAN, lambda s: tasks.recompute(), several=True),
    Act("prepare_notice", JAN,
        lambda s: notices.prepare_notice(month=DECEMBER, by=s.people.bureau)),
    Act("sign_off_notice", JAN,
        _by(notices.sign_off_notice, lambda: _notice(DECEMBER), "bureau2", "notice")),
    Act("raise_objection", date(2024, 1, 17), _raise(DECEMBER, "data_error", "district")),
    Act("settlements.refresh_deadlines", date(2024, 1, 17),
        lambda s: tasks.refresh_deadlines(), _holiday, True),
    Act("withdraw_objection", date(2024, 1, 17),
        _by(objections.withdraw_objection, _of_december, "district", "objection")),
    Act("confirm_month", date(2024, 1, 17),
        _by(months.confirm_month, lambda: _month(DECEMBER), "downstream", "agreement_month")),
    Act("raise_objection", date(2024, 1, 17), _raise(DECEMBER, "data_error", "district")),
    Act("reject_objection", date(2024, 1, 18),
        _by(decisions.reject_objection, _of_december, "bureau", "objection", reason="数据无误",
            unheard="急")),
    Act("settlements.daily", date(2024, 1, 25), lambda s: tasks.daily(), several=True),
    # Two months at once turn out otherwise: the run stops.
    Act("settlements.recompute", date(2024, 1, 26),
        lambda s: tasks.recompute(), _both_corrected(4, 2), True),
    Act("propose_release", date(2024, 1, 26),
        _by(adjustments.propose_release, _trip, "bureau", "trip", reason="属实")),
    Act("return_stop", date(2024, 1, 26),
        _by(adjustments.return_stop, _trip, "bureau2", "trip", why="再核")),
    Act("propose_drop", date(2024, 1, 26),
        _by(adjustments.propose_drop, _trip, "bureau", "trip", reason="误传")),
    Act("drop_fuse", date(2024, 1, 26), _by(adjustments.drop_fuse, _trip, "bureau2", "trip")),
    Act("settlements.recompute", date(2024, 1, 27),
        lambda s: tasks.recompute(), _both_corrected(5, 2), True),
    Act("propose_release", date(2024, 1, 27),
        _by(adjustments.propose_release, _trip, "bureau", "trip", reason="属实")),
    Act("release_fuse", date(2024, 1, 27), _by(adjustments.release_fuse, _trip, "bureau2", "trip")),
    Act("decline_adjustment", date(2024, 1, 28),
        _by(adjustments.decline_adjustment, lambda: _adjustment(NOVEMBER), "bureau", "adjustment",
            reason="不予")),
    Act("dismiss_adjustment", date(2024, 1, 28),
        _by(adjustments.dismiss_adjustment, lambda: _adjustment(NOVEMBER), "bureau2", "adjustment")),
    Act("review_adjustment", date(2024, 1, 28), _review(DECEMBER)),
    Act("approve_adjustment", date(2024, 1, 28), _approve(DECEMBER)),
    Act("settlements.daily", date(2024, 1, 29), lambda s: tasks.daily(), several=True),
    Act("sign_data", FEB, _by(signing.sign_data, _year, "district", "settlement")),
    Act("sign_data", FEB, _by(signing.sign_data, _year, "downstream", "settlement")),
    Act("confirm_amounts", FEB, _by(signing.confirm_amounts, _year, "district", "settlement")),
    Act("confirm_amounts", FEB, _by(signing.confirm_amounts, _year, "downstream", "settlement")),
    Act("prepare_closing", FEB, _by(closing.prepare_closing, _year, "bureau", "settlement")),
    Act("return_closing", FEB,
        _by(closing.return_closing, _year, "bureau2", "settlement", why="再核")),
    Act("prepare_closing", FEB, _by(closing.prepare_closing, _year, "bureau", "settlement")),
    Act("close_settlement", FEB, _by(closing.close_settlement, _year, "bureau2", "settlement")),
    Act("prepare_payment", date(2024, 2, 8), _prepare_payment("PZ-R", "1000")),
    Act("reject_payment", date(2024, 2, 8),
        _by(payments.reject_payment, lambda: _payment("PZ-R"), "treasury2", "payment", why="错")),
    Act("prepare_payment", date(2024, 2, 8), _prepare_payment("PZ-A", "5000")),
    Act("attach_slips", date(2024, 2, 8), _attach_slips),
    Act("approve_payment", date(2024, 2, 8), _approve_payment("PZ-A")),
    Act("propose_reversal", date(2024, 2, 8), _propose_reversal),
    Act("reject_reversal", date(2024, 2, 8),
        _by(reversals.reject_reversal, _reversal, "treasury2", "reversal", why="无误")),
    Act("propose_reversal", date(2024, 2, 9), _propose_reversal),
    Act("approve_reversal", date(2024, 2, 9),
        _by(reversals.approve_reversal, _reversal, "treasury2", "reversal")),
    Act("state_balance", date(2024, 2, 10), _state_balance),
    Act("propose_correction", date(2024, 2, 10), _propose_correction),
    Act("reject_correction", date(2024, 2, 10),
        _by(reconciliation.reject_correction, _correction, "treasury2", "correction", why="未核实")),
    Act("propose_correction", date(2024, 2, 10), _propose_correction),
    Act("approve_correction", date(2024, 2, 10),
        _by(reconciliation.approve_correction, _correction, "treasury2", "correction")),
    Act("prepare_opening", date(2024, 2, 10), _prepare_opening(1)),
    Act("reject_opening", date(2024, 2, 10),
        _by(opening.reject_opening, lambda: OpeningBatch.objects.latest("pk"), "treasury2", "batch", why="错")),
    Act("prepare_opening", date(2024, 2, 10), _prepare_opening(2)),
    Act("approve_opening", date(2024, 2, 10),
        _by(opening.approve_opening, lambda: OpeningBatch.objects.latest("pk"), "treasury2", "batch")),
    Act("retire_account", date(2024, 2, 12), _retire, _old_account),
    Act("end_place", date(2024, 2, 12), _end_upstream),
    Act("take_back_end_of", date(2024, 2, 12), lambda s: ending.take_back_end_of(
        place=_upstream(), source="登记错了", by=s.people.admin)),
    Act("end_place", date(2024, 2, 12), _end_upstream),
    Act("propose_carryover", date(2024, 2, 12), _propose_carryover, _successor),
    Act("reject_carryover", date(2024, 2, 12),
        _by(carryovers.reject_carryover, _carryover, "treasury2", "carryover", why="批复未到")),
    Act("propose_carryover", date(2024, 2, 12), _propose_carryover),
    Act("approve_carryover", date(2024, 2, 12),
        _by(carryovers.approve_carryover, _carryover, "treasury2", "carryover")),
    Act("try_again", date(2024, 2, 12), lambda s: try_again(delivery=s.people.district.delivery)),
    Act("enqueue", date(2024, 2, 12), _enqueue),
    Act("cancel", date(2024, 2, 12), _cancel),
    Act("jobs.run", date(2024, 2, 12), _run_job, _queued, True),
    Act("jobs.sweep", date(2024, 2, 12), lambda s: job_tasks.sweep(), _lost, True),
)  # fmt: skip


def in_peace() -> None:
    """Take out the calendar days the story adds: they outlive an emptied test database."""
    CalendarDay.objects.filter(source="测试").delete()
