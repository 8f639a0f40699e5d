"""The sources of 我的工作, one small query each; see settlements.work.queries.work."""

from collections.abc import Callable
from datetime import date

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
)
from django.db.models.functions import Coalesce

from basins.access import Act, Viewer
from basins.clock import today
from basins.links import Link, to
from basins.models import CalendarAct, PersonAct, Role, User
from basins.words import month_words
from settlements.models import (
    Accrual,
    Adjustment,
    Agreement,
    AgreementDraft,
    AgreementMonth,
    AmountRefusal,
    BalanceStatement,
    Correction,
    Demand,
    FuseTrip,
    IssueRequest,
    JournalEntry,
    Measure,
    MonthConfirmation,
    Notice,
    NoticeReceipt,
    Objection,
    OffsetConsent,
    OpeningBatch,
    Party,
    Payment,
    PaymentSlip,
    Posting,
    RefusalReply,
    Reversal,
    Settlement,
    SettlementNet,
    SettlementSignature,
    StateMove,
)
from settlements.money import ZERO, format_yuan
from settlements.moving.acting import speaks_for
from settlements.notices.queries.notices import months_on, months_to_prepare
from settlements.notices.services.notices import due_day
from settlements.notices.services.supplements import (
    open_accruals,
    published_before,
    supplementary,
)
from settlements.work.queries.tasks import Source, Task

State = Settlement.State

# The month -----------------------------------------------------------------------------


def _prepare(row: dict) -> Task:
    month: date = row["month"]
    return Task(
        f"编制{month_words(month)}通报",
        to("notice-prepare", month=f"{month:%Y-%m}"),
        "编制",
        deadline=due_day(month),
    )


def supplements_to_prepare(viewer: Viewer) -> QuerySet:
    """Agreements with results of months that were published before: what one act brought is one
    task, however many months."""
    waiting = Notice.objects.filter(state=Notice.State.PREPARED).values("month")
    late = open_accruals().filter(published_before()).exclude(month__in=waiting)
    return Agreement.objects.filter(Exists(late.filter(term__agreement=OuterRef("pk")))).order_by(
        "code"
    )


def _supplement(agreement: Agreement) -> Task:
    return Task(f"补充通报：{agreement}", to("supplement-prepare"), "编制")


def supplements_to_sign(viewer: Viewer) -> QuerySet:
    """By who prepared them: what one person prepared at one act is one task."""
    waiting = supplementary(Notice.objects.filter(state=Notice.State.PREPARED))
    return (
        User.objects.filter(Exists(waiting.filter(prepared_by=OuterRef("pk"))))
        .exclude(pk=viewer.user_id)
        .order_by("pk")
    )


def _sign_supplements(preparer: User) -> Task:
    return Task("签发补充通报", to("supplement-sign"), "核对并签发", note=f"{preparer}编制")


def notices_to_sign(viewer: Viewer) -> QuerySet:
    return (
        Notice.objects.filter(~published_before(), state=Notice.State.PREPARED)
        .exclude(prepared_by=viewer.user_id)
        .select_related("prepared_by")
        .order_by("month")
    )


def _sign(notice: Notice) -> Task:
    return Task(
        f"签发{month_words(notice.month)}通报",
        to("notice-sign", notice.pk),
        "核对并签发",
        deadline=notice.due_on,
        note=f"{notice.prepared_by}编制",
    )


def of_party(viewer: Viewer) -> QuerySet:
    """Months of agreements in which the viewer's jurisdiction is a party for itself."""
    party = Party.objects.filter(
        Q(since=None) | Q(since__lt=months_on(OuterRef("month"), 1)),
        Q(until=None) | Q(until__gt=OuterRef("month")),
        ~Q(role=Party.Role.MUNICIPAL_FILL),
        agreement=OuterRef("agreement"),
        jurisdiction=viewer.jurisdiction_id,
    )
    return AgreementMonth.objects.filter(Exists(party))


def months_to_confirm(viewer: Viewer) -> QuerySet:
    confirmed = MonthConfirmation.objects.filter(
        month=OuterRef("pk"), jurisdiction=viewer.jurisdiction_id
    )
    return (
        of_party(viewer)
        .filter(~Exists(confirmed), state=AgreementMonth.State.PUBLISHED)
        .select_related("agreement")
        .order_by("objection_until", "agreement__code", "month")
    )


def month_link(agreement: str, month: date, name: str = "settlement-month") -> Link:
    return to(name, agreement, month.year, month.month)


def _confirm(month: AgreementMonth) -> Task:
    return Task(
        f"确认或异议：{month}",
        month_link(month.agreement.code, month.month),
        "查看并确认",
        deadline=month.objection_until,
        provisional=month.provisional,
    )


def notices_to_read(viewer: Viewer) -> QuerySet:
    """Notices nobody of the jurisdiction has opened while a month of it can be objected to."""
    read = NoticeReceipt.objects.filter(notice=OuterRef("pk"), jurisdiction=viewer.jurisdiction_id)
    open_months = of_party(viewer).filter(
        notice=OuterRef("pk"), state=AgreementMonth.State.PUBLISHED
    )
    return Notice.objects.filter(~Exists(read), Exists(open_months)).order_by("month", "pk")


def _read(notice: Notice) -> Task:
    return Task(f"阅读{notice}", to("notice", notice.pk), "阅读")


# Objections, adjustments, stopped runs ---------------------------------------------------


def objections_to_decide(viewer: Viewer) -> QuerySet:
    return (
        Objection.objects.filter(state__in=Objection.OPEN)
        .select_related("month__agreement", "jurisdiction")
        .order_by("raised_at", "pk")
    )


def _decide(objection: Objection) -> Task:
    return Task(
        f"裁决异议：{objection}",
        to("objection", objection.pk),
        "查看",
        note=str(objection.get_state_display()),
    )


def objections_to_answer(viewer: Viewer) -> QuerySet:
    return (
        Objection.objects.filter(
            state=Objection.State.RAISED,
            evidence_until__gte=today(),
            month__in=of_party(viewer).values("pk"),
        )
        .exclude(jurisdiction=viewer.jurisdiction_id)
        .select_related("month__agreement", "jurisdiction")
        .order_by("evidence_until", "pk")
    )


def _answer(objection: Objection) -> Task:
    return Task(
        f"答复异议：{objection}",
        to("objection", objection.pk),
        "答复",
        deadline=objection.evidence_until,
        provisional=objection.provisional,
    )


def objections_to_prove(viewer: Viewer) -> QuerySet:
    """The viewer's own, while evidence can be added."""
    return (
        Objection.objects.filter(
            state__in=Objection.OPEN,
            evidence_until__gte=today(),
            jurisdiction=viewer.jurisdiction_id,
        )
        .select_related("month__agreement", "jurisdiction")
        .order_by("evidence_until", "pk")
    )


def _prove(objection: Objection) -> Task:
    return Task(
        f"补充证据：{objection}",
        to("objection", objection.pk),
        "查看证据",
        deadline=objection.evidence_until,
        provisional=objection.provisional,
    )


SECOND_PERSONS = (Adjustment.State.REVIEWED, Adjustment.State.DECLINED)


def adjustments(viewer: Viewer) -> QuerySet:
    """Proposed ones, and those another person put up for approval or refusal."""
    return (
        Adjustment.objects.filter(state__in=Adjustment.PENDING)
        .exclude(reviewed_by=viewer.user_id, state__in=SECOND_PERSONS)
        .select_related("accrual__term__agreement")
        .defer("outcome", "inputs", "accrual__steps", "accrual__inputs")
        .order_by("proposed_at", "pk")
    )


def _adjust(adjustment: Adjustment) -> Task:
    accrual = adjustment.accrual
    act = {Adjustment.State.REVIEWED: "批准", Adjustment.State.DECLINED: "复核不予"}.get(
        Adjustment.State(adjustment.state), "审核"
    )
    where = accrual.term.agreement
    return Task(
        f"{act}调整：{where} {month_words(accrual.period)}",
        to("adjustment", adjustment.pk),
        act.removesuffix("不予"),
        note=adjustment.cause,
    )


def stopped_runs(viewer: Viewer) -> QuerySet:
    """Stops to be looked at, and those another person asks to release or drop."""
    newest = StateMove.objects.filter(thing="fuse", object_id=OuterRef("pk")).order_by("-pk")
    return (
        FuseTrip.objects.filter(state__in=FuseTrip.OPEN)
        .alias(asked_by=Subquery(newest.values("by")[:1]))
        .filter(Q(state=FuseTrip.State.TRIPPED) | ~Q(asked_by=viewer.user_id))
        .select_related("agreement")
        .order_by("pk")
    )


def _stopped(trip: FuseTrip) -> Task:
    act = "核实" if trip.state == FuseTrip.State.TRIPPED else "复核"
    return Task(
        f"{act}停下的重算：{trip.agreement}",
        to("fuse-trip", trip.pk),
        act,
        note="；".join(map(str, trip.reasons)),
    )


# The year, payments ----------------------------------------------------------------------


def settlements_to_close(viewer: Viewer) -> QuerySet:
    """Confirmed by all parties, or prepared by somebody else."""
    prepared_by_me = StateMove.objects.filter(
        thing="settlement", object_id=OuterRef("pk"), event="prepare", by=viewer.user_id
    )
    return (
        Settlement.objects.filter(
            Q(state=Settlement.State.CONFIRMED)
            | Q(~Exists(prepared_by_me), state=Settlement.State.PREPARED)
        )
        .select_related("agreement")
        .order_by("year", "agreement__code")
    )


def _close(settlement: Settlement) -> Task:
    prepared = settlement.state == Settlement.State.PREPARED
    return Task(
        f"{'关账' if prepared else '提请关账'}：{settlement}",
        to("settlement", settlement.agreement.code, settlement.year),
        "关账" if prepared else "提请关账",
    )


def years_to_sign(viewer: Viewer) -> QuerySet:
    """Years that are over with all months final and not signed by the viewer's jurisdiction:
    first the data, then the amounts, which it does not refuse just now."""
    months = AgreementMonth.objects.filter(
        agreement=OuterRef("agreement"), month__year=OuterRef("year")
    )
    unpublished = Accrual.objects.filter(
        term__agreement=OuterRef("agreement"),
        period__year=OuterRef("year"),
        state__in=Accrual.OPEN,
    )
    mine = SettlementNet.objects.filter(
        settlement=OuterRef("pk"), jurisdiction__in=speaks_for(viewer)
    )
    signed = SettlementSignature.objects.filter(
        settlement=OuterRef("settlement"), jurisdiction=OuterRef("jurisdiction"), void_at=None
    )
    refusing = AmountRefusal.objects.filter(
        settlement=OuterRef("settlement"),
        jurisdiction=OuterRef("jurisdiction"),
        state__in=AmountRefusal.OPEN,
    )
    data, amount = SettlementSignature.Subject
    unconfirmed = mine.exclude(Exists(signed.filter(subject=amount))).exclude(Exists(refusing))
    return (
        Settlement.objects.filter(
            Exists(months),
            ~Exists(months.exclude(state=AgreementMonth.State.FINAL)),
            ~Exists(unpublished),
            Q(Exists(mine.exclude(Exists(signed.filter(subject=data)))), state=State.OPEN)
            | Q(Exists(unconfirmed), state=State.SIGNED),
            year__lt=today().year,
        )
        .select_related("agreement")
        .order_by("year", "agreement__code")
    )


def _sign_year(settlement: Settlement) -> Task:
    data = settlement.state == Settlement.State.OPEN
    return Task(
        f"{'签认年度数据' if data else '确认年度金额'}：{settlement}",
        to("settlement", settlement.agreement.code, settlement.year),
        "签认" if data else "确认",
    )


def _prepared_payments() -> QuerySet:
    """Recorded ones; `shown`: with its 银行回单, or the consent of both parties of an offset."""
    consents = OffsetConsent.objects.filter(payment=OuterRef("pk")).order_by()
    both = consents.values("payment").annotate(n=Count("pk")).values("n")
    offset = Q(kind=Payment.Kind.OFFSET)
    return Payment.objects.filter(state=Payment.State.PREPARED).alias(
        consented=Coalesce(Subquery(both), 0),
        shown=Case(
            When(offset, then=Q(consented=2)),
            default=Exists(PaymentSlip.objects.filter(payment=OuterRef("pk"))),
        ),
    )


def slips_to_attach(viewer: Viewer) -> QuerySet:
    """Recorded payments without their 银行回单, of whoever recorded them."""
    return (
        _prepared_payments()
        .filter(shown=False)
        .exclude(kind=Payment.Kind.OFFSET)
        .select_related("payer", "payee")
        .defer("payer__boundary", "payee__boundary")
        .order_by("pk")
    )


def offsets_to_consent(viewer: Viewer) -> QuerySet:
    """Recorded offsets of the viewer's own place that it has not consented to."""
    places = speaks_for(viewer)
    said = OffsetConsent.objects.filter(payment=OuterRef("pk"), jurisdiction__in=places)
    return (
        _prepared_payments()
        .filter(Q(payer__in=places) | Q(payee__in=places), ~Exists(said))
        .filter(kind=Payment.Kind.OFFSET)
        .select_related("payer", "payee")
        .defer("payer__boundary", "payee__boundary")
        .order_by("pk")
    )


def offsets_waiting(viewer: Viewer) -> QuerySet:
    """Recorded offsets to which a party has not consented, for who enters letters."""
    return (
        _prepared_payments()
        .filter(kind=Payment.Kind.OFFSET, shown=False)
        .select_related("payer", "payee")
        .defer("payer__boundary", "payee__boundary")
        .order_by("pk")
    )


def _of_payment(words: str, action: str) -> Callable[[Payment], Task]:
    def task(payment: Payment) -> Task:
        return Task(
            f"{words}：{payment.payer}付{payment.payee} {format_yuan(payment.yuan)} 元",
            to("ledger-payment", payment.pk),
            action,
            note=payment.voucher,
        )

    return task


def payments_to_approve(viewer: Viewer) -> QuerySet:
    return (
        _prepared_payments()
        .filter(shown=True)
        .exclude(prepared_by=viewer.user_id)
        .select_related("payer", "payee")
        .defer("payer__boundary", "payee__boundary")
        .order_by("pk")
    )


def _approve(payment: Payment) -> Task:
    return Task(
        f"复核付款：{payment}",
        to("ledger-payment", payment.pk),
        "复核",
    )


def _others(found: QuerySet, viewer: Viewer) -> QuerySet:
    """Requests of two persons that somebody else prepared."""
    return found.exclude(prepared_by=viewer.user_id).order_by("pk")


def reversals_to_approve(viewer: Viewer) -> QuerySet:
    waiting = Reversal.objects.filter(state=Reversal.State.PREPARED).select_related("entry")
    return _others(waiting, viewer)


def _approve_reversal(reversal: Reversal) -> Task:
    return Task(
        f"复核冲销：{reversal.entry.label}",
        to("ledger-reversal", reversal.pk),
        "复核",
        note=reversal.why,
    )


def openings_to_approve(viewer: Viewer) -> QuerySet:
    return _others(OpeningBatch.objects.filter(state=OpeningBatch.State.PREPARED), viewer)


def _approve_opening(batch: OpeningBatch) -> Task:
    return Task(
        f"复核 {batch.on} 的期初余额", to("ledger-opening", batch.pk), "复核", note=batch.filename
    )


def corrections_to_approve(viewer: Viewer) -> QuerySet:
    waiting = Correction.objects.filter(state=Correction.State.PREPARED)
    return _others(waiting.select_related("statement__account__jurisdiction"), viewer).defer(
        "statement__account__jurisdiction__boundary"
    )


def _approve_correction(correction: Correction) -> Task:
    return Task(
        f"复核更正余额：{correction.statement}",
        to("ledger-correction", correction.pk),
        "复核",
        note=correction.why,
    )


def papers_to_issue(viewer: Viewer) -> QuerySet:
    """签发申请 of one's own office: what the bureau asked for is not the treasury's."""
    waiting = IssueRequest.objects.filter(state=IssueRequest.State.PREPARED)
    office = Role.objects.filter(
        user=OuterRef("prepared_by"), role=viewer.role, in_force__contains=today()
    )
    return _others(waiting.filter(Exists(office)), viewer)


def _issue(request: IssueRequest) -> Task:
    return Task(
        f"复核签发：{request.title}",
        to("issue-request", request.pk),
        "复核",
        note=f"{request.papers} 份" if request.year is not None else "",
    )


def drafts_to_activate(viewer: Viewer) -> QuerySet:
    """Handed over by others: who had a hand in a draft may not activate it."""
    return (
        AgreementDraft.objects.filter(state=AgreementDraft.State.SUBMITTED)
        .exclude(preparers=viewer.user_id)
        .select_related("prepared_by")
        .order_by("submitted_at", "pk")
    )


def _activate(draft: AgreementDraft) -> Task:
    return Task(
        f"核对启用：{draft.title}{'（修订）' if draft.amends_id else ''}",
        to("draft-check", draft.pk),
        "核对",
        note=f"{draft.prepared_by}录入",
    )


def drafts_to_finish(viewer: Viewer) -> QuerySet:
    """Drafts the viewer had a hand in, begun or sent back."""
    return AgreementDraft.objects.filter(
        state=AgreementDraft.State.DRAFT, preparers=viewer.user_id
    ).order_by("changed_at", "pk")


def _finish(draft: AgreementDraft) -> Task:
    return Task(
        f"继续录入：{draft.title or '未命名的协议'}{'（修订）' if draft.amends_id else ''}",
        to("draft-check", draft.pk),
        "继续",
    )


def measures_to_report(viewer: Viewer) -> QuerySet:
    """Measures with a due date that the viewer's district has not reported on."""
    return (
        Measure.objects.filter(
            jurisdiction=viewer.jurisdiction_id, report="", lifted_on=None, due_on__isnull=False
        )
        .select_related("jurisdiction")
        .order_by("due_on", "pk")
    )


def _report(measure: Measure) -> Task:
    return Task(
        f"报告整改情况：{measure}",
        to("measure", measure.pk),
        "报告",
        deadline=measure.due_on,
        note=measure.document_number,
    )


def years_waiting(viewer: Viewer) -> QuerySet:
    """Years whose parties have not all signed what they were asked for; `missing`: their names."""
    signed = SettlementSignature.objects.filter(
        settlement=OuterRef("settlement"), jurisdiction=OuterRef("jurisdiction"), void_at=None
    )
    nets = SettlementNet.objects.filter(settlement=OuterRef("pk"))
    data, amount = SettlementSignature.Subject

    def names(subject: str) -> Subquery:
        left = nets.exclude(Exists(signed.filter(subject=subject))).order_by()
        return Subquery(
            left.values("settlement")
            .annotate(names=StringAgg("jurisdiction__name", "、", order_by="jurisdiction__code"))
            .values("names")
        )

    return (
        Settlement.objects.filter(state__in=[State.OPEN, State.SIGNED], sign_until__isnull=False)
        .annotate(missing=Case(When(state=State.OPEN, then=names(data)), default=names(amount)))
        .filter(missing__isnull=False)
        .select_related("agreement")
        .order_by("sign_until", "agreement__code")
    )


def _wait(settlement: Settlement) -> Task:
    data = settlement.state == State.OPEN
    return Task(
        f"{'签认年度数据' if data else '确认年度金额'}：{settlement}",
        to("settlement", settlement.agreement.code, settlement.year),
        "催办",
        deadline=settlement.sign_until,
        provisional=settlement.sign_provisional,
        note=f"尚缺{settlement.missing}",  # type: ignore[attr-defined]
    )


def _refusals() -> QuerySet:
    return (
        AmountRefusal.objects.select_related("settlement__agreement", "jurisdiction")
        .defer("jurisdiction__boundary")
        .order_by("until", "pk")
    )


def refusals_to_answer(viewer: Viewer) -> QuerySet:
    """Of the other parties, while they may answer, by who has not."""
    places = speaks_for(viewer)
    own = SettlementNet.objects.filter(settlement=OuterRef("settlement"), jurisdiction__in=places)
    said = RefusalReply.objects.filter(refusal=OuterRef("pk"), jurisdiction__in=places)
    return (
        _refusals()
        .filter(
            Exists(own),
            ~Exists(said),
            state__in=[AmountRefusal.State.RAISED, AmountRefusal.State.ANSWERED],
            until__gte=today(),
        )
        .exclude(jurisdiction__in=places)
    )


def refusals_turned_down(viewer: Viewer) -> QuerySet:
    """The viewer's own, while they can be taken to the common superior."""
    return _refusals().filter(
        jurisdiction__in=speaks_for(viewer),
        state=AmountRefusal.State.REJECTED,
        until__gte=today(),
    )


def refusals_to_decide(viewer: Viewer) -> QuerySet:
    """Heard, or not answered in time; and those whose ruling is to be entered."""
    of = AmountRefusal.State
    return _refusals().filter(
        Q(state__in=[of.ANSWERED, of.ESCALATED]) | Q(state=of.RAISED, until__lt=today())
    )


def refusals_to_correct(viewer: Viewer) -> QuerySet:
    """Accepted, or ruled to be corrected: the data are not yet."""
    return _refusals().filter(state=AmountRefusal.State.ACCEPTED)


def _refusal(words: str, *, dated: bool = True) -> Callable[[AmountRefusal], Task]:
    def task(refusal: AmountRefusal) -> Task:
        return Task(
            f"{words}：{refusal}",
            to("refusal", refusal.pk),
            "查看",
            deadline=refusal.until if dated else None,
            provisional=refusal.provisional and dated,
            note=str(refusal.get_state_display()),
        )

    return task


def _left_of(settlement: str, party: str) -> Func:
    """What of a closed year is left of a party (positive: to receive), as the guards count it."""
    return Func(
        F(settlement),
        F(party),
        function="settlements_year_left_of",
        output_field=DecimalField(max_digits=16, decimal_places=2),
    )


def payments_due(viewer: Viewer) -> QuerySet:
    """The newest 拨款通知 of each closed year the viewer's own place owes something of."""
    newer = Demand.objects.filter(
        settlement=OuterRef("settlement"),
        jurisdiction=OuterRef("jurisdiction"),
        pk__gt=OuterRef("pk"),
    )
    return (
        Demand.objects.filter(
            ~Exists(newer),
            jurisdiction__in=speaks_for(viewer),
            settlement__state=State.CLOSED,
        )
        .alias(left=_left_of("settlement", "jurisdiction"))
        .filter(left__lt=0)
        .select_related("settlement__agreement")
        .order_by("due_on", "pk")
    )


def _pay(demand: Demand) -> Task:
    also = "（关账后的调整）" if demand.adjustment_id else ""
    return Task(
        f"付款：{demand.settlement}{also}",
        to("ledger-demand", demand.pk),
        "查看通知",
        deadline=demand.due_on,
        provisional=demand.provisional,
        note=demand.label,
    )


def payments_expected(viewer: Viewer) -> QuerySet:
    """Closed years of which the viewer's own place is still to receive something."""
    return (
        Settlement.objects.filter(state=State.CLOSED, nets__jurisdiction__in=speaks_for(viewer))
        .alias(left=_left_of("pk", "nets__jurisdiction"))
        .filter(left__gt=0)
        .select_related("agreement")
        .order_by("closed_on", "agreement__code")
    )


def _expect(settlement: Settlement) -> Task:
    return Task(
        f"待收款：{settlement}",
        to("settlement", settlement.agreement.code, settlement.year),
        "查看",
        note=f"{settlement.closed_on} 关账",
    )


def measures_to_lift(viewer: Viewer) -> QuerySet:
    """Measures that the district has reported on and the bureau has not lifted."""
    return (
        Measure.objects.filter(lifted_on=None)
        .exclude(report="")
        .select_related("jurisdiction")
        .order_by("reported_at", "pk")
    )


def _lift(measure: Measure) -> Task:
    return Task(
        f"核实整改情况：{measure}",
        to("measure", measure.pk),
        "核实",
        note=measure.document_number,
    )


def statements_that_differ(viewer: Viewer) -> QuerySet:
    """对账不符 that still stands: an account's latest, its difference neither booked, nor asked to
    be, nor cleared by what was booked since (as refuse_correction says it)."""
    stated = BalanceStatement.objects.filter(account=OuterRef("account"))
    later = stated.filter(
        Q(as_of__gt=OuterRef("as_of")) | Q(as_of=OuterRef("as_of"), pk__gt=OuterRef("pk"))
    )
    since = (
        Posting.objects.filter(
            account=OuterRef("account"),
            entry__effective_on__lte=OuterRef("as_of"),
            entry__booked_at__gt=OuterRef("at"),
        )
        .order_by()
        .values("account")
        .annotate(moved=Sum("yuan"))
        .values("moved")
    )
    waiting = Correction.objects.filter(statement=OuterRef("pk"), state=Correction.State.PREPARED)
    return (
        BalanceStatement.objects.annotate(moved=Coalesce(Subquery(since), ZERO))
        .filter(
            ~Q(yuan=F("our_yuan")),
            ~Exists(later),
            ~Exists(JournalEntry.objects.filter(statement=OuterRef("pk"))),
            ~Exists(waiting),
            moved=ZERO,
        )
        .select_related("account__jurisdiction", "account__agreement")
        .defer("account__jurisdiction__boundary")
        .order_by("at", "pk")
    )


def _differs(statement: BalanceStatement) -> Task:
    return Task(
        f"核对差额：{statement}",
        to("ledger-correct", statement.pk),
        "核对",
        note=f"相差 {format_yuan(statement.difference)} 元",
    )


def debts(viewer: Viewer) -> QuerySet:
    return (
        Settlement.objects.filter(state=Settlement.State.CLOSED)
        .select_related("agreement")
        .order_by("closed_on", "agreement__code")
    )


def _debt(settlement: Settlement) -> Task:
    return Task(
        f"待清缴：{settlement}",
        to("settlement", settlement.agreement.code, settlement.year),
        "查看",
        note=f"{settlement.closed_on} 关账",
    )


# People --------------------------------------------------------------------------------


def calendar_acts(viewer: Viewer) -> QuerySet:
    """Proposed by another administrator."""
    return (
        CalendarAct.objects.filter(state=CalendarAct.State.PROPOSED)
        .exclude(proposed_by=viewer.user_id)
        .select_related("proposed_by")
        .order_by("pk")
    )


def _calendar_act(act: CalendarAct) -> Task:
    return Task(str(act), to("calendar-act", act.pk), "复核", note=f"{act.proposed_by} 提出")


def account_acts(viewer: Viewer) -> QuerySet:
    """Proposed by another administrator, and not about the viewer."""
    return (
        PersonAct.objects.filter(state=PersonAct.State.PROPOSED)
        .exclude(proposed_by=viewer.user_id)
        .filter(Q(person=None) | ~Q(person=viewer.user_id))
        .select_related("person", "proposed_by")
        .order_by("pk")
    )


def _account_act(act: PersonAct) -> Task:
    return Task(str(act), to("person-act", act.pk), "复核", note=f"{act.proposed_by} 提出")


SOURCES: tuple[Source, ...] = (
    Source("months-to-confirm", "待确认的月度", Act.CONFIRM, months_to_confirm, _confirm),
    Source("notices-to-read", "未读的月通报", Act.CONFIRM, notices_to_read, _read),
    Source("objections-to-answer", "待答复的异议", Act.OBJECT, objections_to_answer, _answer),
    Source("objections-to-prove", "可补充证据的异议", Act.OBJECT, objections_to_prove, _prove),
    Source("years-to-sign", "待签认的年度", Act.SIGN_YEAR, years_to_sign, _sign_year),
    Source("payments-due", "待付款", Act.SIGN_YEAR, payments_due, _pay),
    Source("payments-expected", "待收款", Act.SIGN_YEAR, payments_expected, _expect),
    Source(
        "refusals-to-answer",
        "待答复的不予确认",
        Act.SIGN_YEAR,
        refusals_to_answer,
        _refusal("答复"),
    ),
    Source(
        "refusals-turned-down",
        "未获采纳的不予确认",
        Act.SIGN_YEAR,
        refusals_turned_down,
        _refusal("报共同上级或撤回"),
    ),
    Source(
        "refusals-to-decide",
        "待裁决的不予确认",
        Act.DECIDE,
        refusals_to_decide,
        _refusal("裁决", dated=False),
    ),
    Source(
        "refusals-to-correct",
        "已采纳、待更正的不予确认",
        Act.DECIDE,
        refusals_to_correct,
        _refusal("更正或登记复核结果", dated=False),
    ),
    Source("years-waiting", "各方尚未签认的年度", Act.CONFIRM_FOR, years_waiting, _wait),
    Source("measures-to-report", "待报告整改的措施", Act.CONFIRM, measures_to_report, _report),
    Source("notices-to-sign", "待签发的月通报", Act.PUBLISH, notices_to_sign, _sign),
    Source(
        "months-to-prepare",
        "待编制的月通报",
        Act.PUBLISH,
        months_to_prepare,
        _prepare,
    ),
    Source(
        "supplements-to-sign",
        "待签发的补充通报",
        Act.PUBLISH,
        supplements_to_sign,
        _sign_supplements,
    ),
    Source(
        "supplements-to-prepare",
        "待编制的补充通报",
        Act.PUBLISH,
        supplements_to_prepare,
        _supplement,
    ),
    Source("objections-to-decide", "待裁决的异议", Act.DECIDE, objections_to_decide, _decide),
    Source("stopped-runs", "停下的重算", Act.ADJUST, stopped_runs, _stopped),
    Source("adjustments", "待审的调整", Act.ADJUST, adjustments, _adjust),
    Source("settlements-to-close", "待关账的年度", Act.CLOSE, settlements_to_close, _close),
    Source(
        "offsets-to-consent",
        "待同意的抵扣",
        Act.SIGN_YEAR,
        offsets_to_consent,
        _of_payment("同意抵扣", "查看"),
    ),
    Source(
        "offsets-waiting",
        "双方尚未同意的抵扣",
        Act.CONFIRM_FOR,
        offsets_waiting,
        _of_payment("待同意的抵扣", "查看"),
    ),
    Source(
        "slips-to-attach",
        "待附回单的付款",
        Act.RECORD_PAYMENT,
        slips_to_attach,
        _of_payment("附回单", "附回单"),
    ),
    Source(
        "payments-to-approve", "待复核的付款", Act.RECORD_PAYMENT, payments_to_approve, _approve
    ),
    Source(
        "reversals-to-approve",
        "待复核的冲销",
        Act.RECORD_PAYMENT,
        reversals_to_approve,
        _approve_reversal,
    ),
    Source(
        "openings-to-approve",
        "待复核的期初余额",
        Act.RECORD_PAYMENT,
        openings_to_approve,
        _approve_opening,
    ),
    Source(
        "corrections-to-approve",
        "待复核的更正余额",
        Act.RECORD_PAYMENT,
        corrections_to_approve,
        _approve_correction,
    ),
    Source("papers-to-issue", "待复核签发的文书", Act.PUBLISH, papers_to_issue, _issue),
    Source(
        "statements-to-issue", "待复核签发的对账单", Act.RECORD_PAYMENT, papers_to_issue, _issue
    ),
    Source(
        "drafts-to-activate",
        "待核对启用的协议",
        Act.EDIT_AGREEMENTS,
        drafts_to_activate,
        _activate,
    ),
    Source("drafts-to-finish", "未提交的协议", Act.EDIT_AGREEMENTS, drafts_to_finish, _finish),
    Source("calendar-acts", "待复核的节假日历", Act.EDIT_REFERENCE, calendar_acts, _calendar_act),
    Source("account-acts", "待复核的账号事项", Act.EDIT_USERS, account_acts, _account_act),
    Source(
        "statements-that-differ",
        "对账不符",
        Act.RECORD_PAYMENT,
        statements_that_differ,
        _differs,
    ),
    Source("measures-to-lift", "待核实的整改", Act.DECIDE, measures_to_lift, _lift),
    Source("debts", "待清缴的年度", Act.RECORD_PAYMENT, debts, _debt),
)
