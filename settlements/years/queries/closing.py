"""年清缴 as the page of a year shows it: how far it is, by whom, what is missing, what comes next.

Amounts are Decimal yuan; positive: the party is to receive.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import QuerySet, Sum
from django.utils.timezone import localtime

from basins.access import Act, Viewer
from basins.clock import today
from basins.links import Link, to
from basins.models import Jurisdiction
from basins.words import month_words
from settlements.accruals.services.nets import adjusted_nets
from settlements.ledger.services.clearing import booked_after_closing, outstanding
from settlements.ledger.services.payments import transit_balance
from settlements.models import (
    Adjustment,
    Agreement,
    AmountRefusal,
    Demand,
    FuseTrip,
    Payment,
    Settlement,
    SettlementSignature,
    StateMove,
    Term,
    Transfer,
)
from settlements.money import ZERO, format_yuan
from settlements.moving.acting import speaks_for, with_own_person
from settlements.shown.places import Place
from settlements.shown.visible import sees_year_of, visible_settlements
from settlements.workflow import move_of
from settlements.years.services.signing import (
    SUBJECTS,
    WORDS,
    Ground,
    is_overdue,
    silence_of,
    silences_of,
    unsigned,
)
from settlements.years.services.year_data import YearData, accruals_of

State = Settlement.State
Subject = SettlementSignature.Subject
ORDER = tuple(State)
PAGES = {Subject.DATA: "settlement-sign", Subject.AMOUNT: "settlement-confirm"}


@dataclass(frozen=True, slots=True)
class ClosingStep:
    """One state on the bar, as components/timeline.html takes it."""

    title: str
    when: str
    note: str
    kind: str


@dataclass(frozen=True, slots=True)
class Lack:
    """What the next step still waits for, and where it is dealt with."""

    words: str
    path: Link | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """An act that the viewer may do now."""

    words: str
    path: Link
    main: bool = True


@dataclass(frozen=True, slots=True)
class Missing:
    """A party that has not signed, and what the bureau may do about it."""

    place: Place
    words: str
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class PartySum:
    """months + adjustments = net of the year."""

    place: Place
    months: Decimal
    adjustments: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True)
class SignatureLine:
    place: Place
    data: str
    amount: str
    scans: tuple[Link, ...]  # papers that were entered for the party, of what is valid


@dataclass(frozen=True, slots=True)
class Closing:
    settlement: Settlement
    steps: tuple[ClosingStep, ...]
    sees_progress: bool  # who of the parties signed, and what is missing
    next_words: str
    lacks: tuple[Lack, ...]
    offers: tuple[Offer, ...]
    note: str
    signatures: tuple[SignatureLine, ...]
    sums: tuple[PartySum, ...]
    owed: tuple[Lack, ...]  # what of closed years before is not paid
    waiting: tuple[Missing, ...]  # who has not signed, for the bureau
    refusals: tuple[Lack, ...]

    @property
    def total(self) -> PartySum:
        """The line that must be zero in every column."""
        return PartySum(
            Place("", "合计", "合计", ""),
            sum((s.months for s in self.sums), ZERO),
            sum((s.adjustments for s in self.sums), ZERO),
            sum((s.net for s in self.sums), ZERO),
        )


def found_settlement(viewer: Viewer, code: str, year: int) -> Settlement | None:
    return (
        visible_settlements(viewer)
        .filter(agreement__code=code, year=year)
        .select_related("agreement")
        .first()
    )


def closing(viewer: Viewer, code: str, year: int) -> Closing | None:
    """The year's way to its closing, or None where there is no such year for this viewer.

    At most 20 SQL queries, whatever its months and sections, and 5 more an earlier year not paid.
    """
    settlement = found_settlement(viewer, code, year)
    if settlement is None:
        return None
    sees = sees_year_of(viewer, settlement.agreement)
    nets = {
        n.jurisdiction_id: n
        for n in settlement.nets.select_related("jurisdiction")
        .defer("jurisdiction__boundary")
        .order_by("jurisdiction__code")
    }
    places = {party: Place.of(n.jurisdiction) for party, n in nets.items()}
    refusals = _refusals(settlement) if sees else []
    lacks = tuple(_lacks(viewer, settlement, places, refusals)) if sees else ()
    offers, note = _offers(viewer, settlement, blocked=bool(lacks)) if sees else ((), "")
    return Closing(
        settlement=settlement,
        steps=_steps(settlement, names=sees),
        sees_progress=sees,
        next_words=_next(settlement),
        lacks=lacks,
        offers=offers,
        note=note,
        signatures=_signatures(settlement, places) if sees else (),
        sums=_sums(settlement, places, {party: n.yuan for party, n in nets.items()}),
        owed=tuple(_owed_before(settlement)) if sees else (),
        waiting=() if lacks else _waiting_for(viewer, settlement),
        refusals=tuple(
            Lack(
                f"{each.jurisdiction.name}不予确认：{each.get_state_display()}",
                to("refusal", each.pk),
            )
            for each in refusals
        ),
    )


def _sums(
    settlement: Settlement, places: dict[int, Place], nets: dict[int, Decimal]
) -> tuple[PartySum, ...]:
    """Per party: what its months say, what adjustments add, and the net: 2 SQL queries."""
    agreement, year = settlement.agreement, settlement.year
    months: dict[int, Decimal] = defaultdict(lambda: ZERO)
    paid = Transfer.objects.filter(accrual__in=accruals_of(agreement, year).order_by().values("pk"))
    pairs = paid.values_list("payer_id", "payee_id").annotate(total=Sum("yuan")).order_by()
    for payer, payee, total in pairs:
        months[payer] -= total
        months[payee] += total
    adjusted = adjusted_nets(agreement, year)
    return tuple(
        PartySum(places[party], months[party], adjusted.get(party, ZERO), yuan)
        for party, yuan in nets.items()
    )


def _steps(settlement: Settlement, *, names: bool) -> tuple[ClosingStep, ...]:
    """Each state with who brought the year to it last; what was sent back or taken back since
    changes nothing of that, and stands beside it in words."""
    reached = ORDER.index(State(settlement.state))
    last: dict[str, StateMove] = {}
    back: dict[str, StateMove] = {}
    for move in (
        StateMove.objects.filter(thing="settlement", object_id=settlement.pk)
        .select_related("by")
        .order_by("pk")
    ):
        forward = not move.source or ORDER.index(State(move.source)) < ORDER.index(
            State(move.target)
        )
        (last if forward else back)[move.target] = move
    return tuple(
        _step(state, last.get(state), back.get(state), at - reached, names)
        for at, state in enumerate(ORDER)
    )


def _step(
    state: State, move: StateMove | None, back: StateMove | None, distance: int, names: bool
) -> ClosingStep:
    if distance > 0:
        return ClosingStep(state.label, "", "", "ahead")
    # Computed by nobody, again with every change: without a time of its own.
    done = move if move is not None and move.source else None
    notes = [_said(done, names)] if done is not None else []
    if back is not None and (done is None or back.pk > done.pk):
        line = move_of("settlement", back.event, back.source)
        words = f"{_moment(back.at)} {line.words if line else back.event}"
        notes.append(f"{words} {_said(back, names)}".strip())
    when = _moment(done.at) if done is not None else ""
    return ClosingStep(state.label, when, "；".join(note for note in notes if note), "")


def _said(move: StateMove, names: bool) -> str:
    who = str(move.by) if move.by and names else ""
    return "：".join(words for words in (who, move.note if names else "") if words)


def _moment(at: datetime) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M}"


def _next(settlement: Settlement) -> str:
    until = f"，截止 {settlement.sign_until}" if settlement.sign_until else ""
    return {
        State.OPEN: f"下一步：各方签认年度数据{until}",
        State.SIGNED: f"下一步：各方确认年度金额{until}",
        State.CONFIRMED: "下一步：市局提请关账",
        State.PREPARED: "下一步：市局另一人关账",
        State.CLOSED: "下一步：付款方付清后清缴完毕",
        State.CLEARED: "本年度已全部办结",
    }[State(settlement.state)]


def _lacks(
    viewer: Viewer,
    settlement: Settlement,
    places: dict[int, Place],
    refusals: Iterable[AmountRefusal],
):
    """In words, what refuse_unready and the closing would refuse for; of a closed year, debts."""
    state = State(settlement.state)
    if state in Settlement.FIXED:
        left = outstanding(settlement)
        for party, yuan in sorted(left.items()):
            if yuan < 0 and party in places:
                yield _unpaid(settlement, party, places[party], -yuan)
        if viewer.may(Act.RECORD_PAYMENT):
            rest = dict(left)
            for waiting in _recorded(settlement):
                yield _waits(waiting)
                for party, yuan in (
                    (waiting.payer_id, waiting.yuan),
                    (waiting.payee_id, -waiting.yuan),
                ):
                    rest[party] = rest.get(party, ZERO) + yuan
            for payment in payments_due(_without_turned(rest, left)):
                yield _to_record(settlement, places, payment)
        return
    agreement, year = settlement.agreement, settlement.year
    if today() <= date(year, 12, 31):
        yield Lack(f"{year} 年尚未结束。")
    data = YearData.of(settlement)
    for lack in data.missing():
        yield Lack(f"{lack} 缺核算，请先重算。", _month_link(agreement, lack.period))
    for month in data.not_final():
        yield Lack(f"{month_words(month)}尚未定稿。", _month_link(agreement, month))
    for refusal in refusals:
        if refusal.state == AmountRefusal.State.ACCEPTED:
            words = f"{refusal.jurisdiction.name}的不予确认已采纳，尚未更正。"
            yield Lack(words, to("refusal", refusal.pk))
    if data.pending():
        yield from _pending(settlement)
    if data.stopped:
        for trip in FuseTrip.objects.filter(agreement=agreement, state__in=FuseTrip.OPEN):
            yield Lack("有一次停下的重算待核实。", to("fuse-trip", trip.pk))
    if state in (State.CONFIRMED, State.PREPARED) and (lying := transit_balance(agreement)):
        yield Lack(f"过渡账户尚有 {format_yuan(lying)} 元未拨付。", to("ledger-payment-list"))


def _refusals(settlement: Settlement) -> list[AmountRefusal]:
    """Of the year's amounts, newest first: 1 SQL query."""
    return list(settlement.refusals.select_related("jurisdiction").defer("jurisdiction__boundary"))


def _unpaid(settlement: Settlement, party: int, place: Place, yuan: Decimal) -> Lack:
    """A debtor of the closed year with its demands and due days, where it has any; what it paid
    counts for the first of them."""
    words = f"{place.name}尚未付清 {format_yuan(yuan)} 元"
    newest_first = settlement.demands.filter(jurisdiction=party).order_by("-pk")
    left, open_ones = yuan, []
    for demand in newest_first:
        if left > 0:
            open_ones.append((demand, min(left, demand.yuan)))
            left -= demand.yuan
    if not open_ones:
        return Lack(f"{words}。", to("ledger-payment-list"))
    each = [_demanded(demand, rest, len(open_ones) > 1) for demand, rest in reversed(open_ones)]
    return Lack(f"{words}，{'；'.join(each)}。", to("ledger-demand", open_ones[-1][0].pk))


def _demanded(demand: Demand, rest: Decimal, one_of_several: bool) -> str:
    late = (today() - demand.due_on).days
    when = f"已逾期 {late} 天" if late > 0 else f"{demand.due_on} 到期"
    part = f" {format_yuan(rest)} 元" if one_of_several else ""
    return f"{demand.label}{part}，{when}"


def _owed_before(settlement: Settlement):
    """What is not paid of the agreement's closed years before this one, adjustments booked after
    their closing included."""
    earlier = Settlement.objects.filter(
        agreement=settlement.agreement_id, year__lt=settlement.year, state=State.CLOSED
    )
    for each in earlier.select_related("agreement").order_by("year"):
        debts = {party: -yuan for party, yuan in outstanding(each).items() if yuan < 0}
        late = booked_after_closing(each)
        names = dict(Jurisdiction.objects.filter(pk__in=debts).values_list("pk", "name"))
        for party, yuan in sorted(debts.items()):
            also = "（含关账后的调整）" if late.get(party) else ""
            yield Lack(
                f"{each.year}年{also}：{names[party]}尚欠 {format_yuan(yuan)} 元",
                to("settlement", each.agreement.code, each.year),
            )


@dataclass(frozen=True, slots=True)
class PaymentDue:
    """Whom a debtor could pay how much of what is left (yuan); parties by id."""

    payer: int
    payee: int
    yuan: Decimal


def payments_due(left: Mapping[int, Decimal]) -> tuple[PaymentDue, ...]:
    """Payments that would clear what is left of a year, the largest claims first."""
    debts = sorted((yuan, party) for party, yuan in left.items() if yuan < 0)
    claims = sorted(((-yuan, party) for party, yuan in left.items() if yuan > 0))
    found = []
    while debts and claims:
        (debt, payer), (claim, payee) = debts[0], claims[0]
        yuan = min(-debt, -claim)
        found.append(PaymentDue(payer, payee, yuan))
        debts[0], claims[0] = (debt + yuan, payer), (claim + yuan, payee)
        debts, claims = [d for d in debts if d[0]], [c for c in claims if c[0]]
    return tuple(found)


def _recorded(settlement: Settlement) -> QuerySet[Payment]:
    """Payments for the year that wait for their second person: 1 SQL query."""
    return (
        settlement.payments.filter(state=Payment.State.PREPARED)
        .select_related("payer", "payee")
        .defer("payer__boundary", "payee__boundary")
        .order_by("pk")
    )


def _waits(payment: Payment) -> Lack:
    words = f"{payment.between} {format_yuan(payment.yuan)} 元"
    return Lack(f"已登记、待复核：{words}（{payment.voucher}）", to("ledger-payment", payment.pk))


def _without_turned(rest: Mapping[int, Decimal], left: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """What would be left, without those whom an overpayment turns from debtor into creditor, and
    without a treasury that money only passes through."""
    return {
        party: yuan
        for party, yuan in rest.items()
        if party in left and (yuan < 0) == (left[party] < 0)
    }


def _to_record(settlement: Settlement, places: dict[int, Place], due: PaymentDue) -> Lack:
    """The payment form with debtor, creditor and amount filled in."""
    payer, payee = places[due.payer], places[due.payee]
    return Lack(
        f"登记付款：{payer.name}付{payee.name} {format_yuan(due.yuan)} 元",
        to(
            "ledger-payment-new",
            kind="direct",
            agreement=settlement.agreement.code,
            settlement=str(settlement.pk),
            payer=payer.code,
            payee=payee.code,
            yuan=f"{due.yuan:.2f}",
        ),
    )


def _pending(settlement: Settlement):
    for each in (
        Adjustment.objects.filter(
            accrual__in=accruals_of(settlement.agreement, settlement.year),
            state__in=Adjustment.PENDING,
        )
        .select_related("accrual__term_section__section")
        .defer("outcome", "inputs", "accrual__steps", "accrual__inputs")
    ):
        where = f"{month_words(each.accrual.period)}{each.accrual.term_section.section}"
        yield Lack(f"{where}的调整{each.get_state_display()}。", to("adjustment", each.pk))


def _month_link(agreement: Agreement, month: date) -> Link:
    return to("settlement-month", agreement.code, month.year, month.month)


def _offers(
    viewer: Viewer, settlement: Settlement, *, blocked: bool
) -> tuple[tuple[Offer, ...], str]:
    """What the viewer may do in this state, and a word where it is another's turn."""
    state, code, year = State(settlement.state), settlement.agreement.code, settlement.year
    if state in SUBJECTS:
        return _signing(viewer, settlement, SUBJECTS[state], blocked=blocked)
    if not viewer.may(Act.CLOSE):
        return (), ""
    if state == State.CONFIRMED and not blocked:
        return (Offer("提请关账", to("settlement-prepare", code, year)),), ""
    if state == State.PREPARED:
        back = Offer("退回关账", to("settlement-return", code, year), main=False)
        preparer = (
            StateMove.objects.filter(thing="settlement", object_id=settlement.pk, event="prepare")
            .order_by("-pk")
            .values_list("by_id", flat=True)
            .first()
        )
        if preparer == viewer.user_id:
            return (back,), "您提请了关账，须由市局另一人关账。"
        if blocked:
            return (back,), ""
        return (Offer("关账", to("settlement-close", code, year)), back), ""
    return (), ""


def _signing(
    viewer: Viewer, settlement: Settlement, subject: Subject, *, blocked: bool
) -> tuple[tuple[Offer, ...], str]:
    if blocked or not (left := unsigned(settlement, subject)):
        return (), ""
    code, year = settlement.agreement.code, settlement.year
    if own := set(speaks_for(viewer).values_list("pk", flat=True)):
        if any(j.pk in own for j in left):
            offers = [Offer(WORDS[subject], to(PAGES[subject], code, year))]
            if subject == Subject.AMOUNT:
                offers.append(Offer("不予确认", to("settlement-refuse", code, year), main=False))
            return tuple(offers), ""
        if settlement.nets.filter(jurisdiction__in=own).exists():
            return (), "贵方已签认，等待其他方。"
    if viewer.may(Act.CONFIRM_FOR):
        with_person = set() if is_overdue(settlement) else with_own_person(left, Act.SIGN_YEAR)
        return (
            tuple(
                Offer(f"代{j.name}登记", to(PAGES[subject], code, year, party=j.code), main=False)
                for j in left
                if j.pk not in with_person
            ),
            "",
        )
    return (), ""


def _waiting_for(viewer: Viewer, settlement: Settlement) -> tuple[Missing, ...]:
    """Who has not signed what is to be signed now, for the bureau: since when reminded, and what
    can be done about it."""
    subject = SUBJECTS.get(State(settlement.state))
    if subject is None or settlement.sign_until is None or not viewer.may(Act.CONFIRM_FOR):
        return ()
    code, year = settlement.agreement.code, settlement.year
    found, left = [], unsigned(settlement, subject)
    with_person, means = with_own_person(left, Act.SIGN_YEAR), silence_of(settlement)
    for place, silence in silences_of(settlement, left).items():
        offers = [Offer("催办", to("settlement-remind", code, year, party=place.code), main=False)]
        if subject == Subject.AMOUNT and place.pk not in with_person:
            refuse = to("settlement-refuse", code, year, party=place.code)
            offers.append(Offer(f"代{place.name}登记不予确认", refuse, main=False))
        if means == Term.Silence.DECIDE and silence.is_over:
            decide = to("settlement-decide-silent", code, year, party=place.code)
            offers.append(Offer("由市局决定", decide, main=False))
        words = "未催办" if silence.until is None else f"已催办，可表态至 {silence.until}"
        found.append(Missing(Place.of(place), words, tuple(offers)))
    return tuple(found)


def _signatures(settlement: Settlement, places: dict[int, Place]) -> tuple[SignatureLine, ...]:
    newest = {
        (s.jurisdiction_id, s.subject): s
        for s in settlement.signatures.select_related("by").order_by("pk")
    }

    def words(party: int, subject: Subject) -> str:
        found = newest.get((party, subject))
        if found is None:
            return ""
        if found.void_at is not None:
            return f"{_moment(found.void_at)} 作废，待重新签认：{found.void_why}"
        match found.ground:
            case Ground.LAPSE:
                return f"{_moment(found.at)} {found.reason or '逾期视为确认'}"
            case Ground.DECISION:
                return f"{_moment(found.at)} 市局决定（{found.by}）：{found.reason}"
            case Ground.RULING:
                return f"{_moment(found.at)} 依裁定 {found.document}"
        document = f"，依 {found.document} 代为登记" if found.document else ""
        return f"{found.by} {_moment(found.at)}{document}"

    def scans(party: int) -> tuple[Link, ...]:
        signed = [newest.get((party, subject)) for subject in Subject]
        return tuple(to("signature-scan", s.pk) for s in signed if s is not None and s.scan)

    return tuple(
        SignatureLine(place, words(pk, Subject.DATA), words(pk, Subject.AMOUNT), scans(pk))
        for pk, place in places.items()
    )
