"""区划结转: a district was merged (撤县设区, 合并); what stands on its accounts goes over to the other.

Each account by an entry of its own on the day of the approval, counting from the day the successor
took over. The accounts of before stay, empty: a correction of a month of then is booked there, and
carried over in its turn. Amounts are Decimal yuan. Locks: agreements by id, the carry-over, the journal.
"""

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import Max, Q
from django.db.utils import IntegrityError

from basins.access import Act, viewer_of
from basins.clock import now, today
from basins.links import to
from basins.models import Jurisdiction, User
from settlements.ledger.balances import standings
from settlements.ledger.services.clearing import refresh_cleared
from settlements.ledger.services.ledger import Line, accounts_of, lock_journal, post
from settlements.ledger.statements import statements_from
from settlements.models import (
    Agreement,
    Carryover,
    CarryoverLine,
    JournalEntry,
    LedgerAccount,
    Payment,
    Posting,
)
from settlements.money import ZERO
from settlements.moving.acts import NotAllowed, Refused
from settlements.moving.telling import tell

LONGEST = 120
STANDARD = LedgerAccount.Kind.COMPENSATION


class CarryoverRefused(Refused):
    """The balances cannot be carried over; the message (Chinese) says why and what to do."""


def to_carry(ended: Jurisdiction) -> list[CarryoverLine]:
    """The accounts of the jurisdiction on which something stands, by agreement; not saved."""
    accounts = list(
        LedgerAccount.objects.filter(jurisdiction=ended, kind=STANDARD)
        .select_related("jurisdiction", "agreement")
        .defer("jurisdiction__boundary")
        .order_by("agreement__code", "pk")
    )
    stands = standings(accounts)
    return [CarryoverLine(account=a, yuan=stands[a.pk]) for a in accounts if stands[a.pk] != ZERO]


def carried_over(place: Jurisdiction) -> str:
    """已结转 or 待结转, where a carry-over of the place stands; '' where none does."""
    if Carryover.objects.filter(ended=place, state=Carryover.State.PREPARED).exists():
        return "待结转"
    booked = CarryoverLine.objects.filter(carryover__ended=place, entry__isnull=False)
    return "已结转" if booked.filter(entry__reversal__isnull=True).exists() else ""


def examine_carryover(
    *, ended: Jurisdiction, successor: Jurisdiction, on: date, document: str
) -> list[CarryoverLine]:
    """What would be carried over. Raises CarryoverRefused."""
    if ended.ended_on is None:
        raise CarryoverRefused(
            f"{ended.name}没有停用；请先由管理员在基础资料里登记它自哪一天起撤并。", field="ended"
        )
    if on < ended.ended_on:
        raise CarryoverRefused(
            f"{ended.name}自 {ended.ended_on} 起撤并；承继日期不能早于它。", field="on"
        )
    if successor.pk == ended.pk:
        raise CarryoverRefused("承继的须是另一个行政区。", field="successor")
    if successor.level != ended.level:
        raise CarryoverRefused("承继的须与被撤并的同级。", field="successor")
    if not successor.is_there(today()):
        raise CarryoverRefused(
            f"{successor.name}已于 {successor.ended_on} 停用，不能承继。", field="successor"
        )
    if not 0 < len(_plain(document)) <= LONGEST:
        raise CarryoverRefused(
            f"请写明撤并的批复名称和文号（至多 {LONGEST} 字）。", field="document"
        )
    if on > today():
        raise CarryoverRefused(f"{on} 还没有到；请到承继之后再结转。", field="on")
    _refuse_waiting_payments(ended)
    lines = to_carry(ended)
    if not lines:
        raise CarryoverRefused(f"{ended.name}的账户余额都是零，没有可结转的。", field="ended")
    _refuse_too_early(lines, on)
    _refuse_closed(lines, successor)
    return lines


@transaction.atomic
def propose_carryover(
    *, ended: Jurisdiction, successor: Jurisdiction, on: date, document: str, by: User
) -> Carryover:
    """Ask for the balances to go over; nothing is booked yet. Raises NotAllowed, CarryoverRefused."""
    _permit(by)
    _hold(ended)
    lines = examine_carryover(ended=ended, successor=successor, on=on, document=document)
    try:
        with transaction.atomic():
            carryover = Carryover.objects.create(
                ended=ended,
                successor=successor,
                on=on,
                document=_plain(document),
                prepared_by=by,
                prepared_at=now(),
            )
            for line in lines:
                line.carryover = carryover
                line.save(force_insert=True)
    except IntegrityError as error:  # two persons at once
        if "carryover_one_waits" not in str(error):
            raise
        raise CarryoverRefused(f"{ended.name}已有一项结转待复核。") from error
    tell(
        "carryover.propose",
        to("ledger-carryover", carryover.pk),
        about=carryover.pk,
        by=by,
        ended=ended.name,
        successor=successor.name,
        document=carryover.document,
    )
    return carryover


@transaction.atomic
def approve_carryover(
    *, carryover: Carryover, by: User, on: date | None = None
) -> list[JournalEntry]:
    """Book what another person asked for, on that day (default today): an entry an account.

    Raises CarryoverRefused where a balance is another by now.
    """
    carryover = _locked(carryover, by)
    if carryover.prepared_by_id == by.pk:
        raise CarryoverRefused(f"{by} 提出了这项结转，须由另一人复核。")
    lock_journal()
    ended, successor = carryover.ended, carryover.successor
    examine_carryover(
        ended=ended, successor=successor, on=carryover.on, document=carryover.document
    )
    lines = list(carryover.lines.select_related("account__agreement", "account__jurisdiction"))
    _refuse_changed(lines, ended)
    carryover.state = Carryover.State.APPROVED
    carryover.approved_by, carryover.approved_at = by, now()
    carryover.save(update_fields=["state", "approved_by", "approved_at"])
    day = on or today()
    wanted = [(successor, line.account.agreement, STANDARD) for line in lines]
    taking = accounts_of(wanted, opened_on=carryover.on)
    entries = [
        post(
            cause=JournalEntry.Cause.CARRYOVER,
            on=day,
            effective_on=carryover.on,
            text=f"区划结转：{ended.name}→{successor.name}（{carryover.document}）",
            carryover=line,
            lines=[Line(line.account, -line.yuan), Line(account, line.yuan)],
            by=by,
        )
        for line, account in zip(lines, taking, strict=True)
    ]
    for agreement in _agreements(lines):
        refresh_cleared(agreement=agreement, on=day)
    _tell_of_statements(carryover, lines, taking, entries, by)
    tell(
        "carryover.approve",
        to("ledger-carryover", carryover.pk),
        to("ledger-entry", entries[0].pk),
        about=carryover.pk,
        by=by,
        parties=[ended.pk, successor.pk],
        persons=[carryover.prepared_by_id],
        ended=ended.name,
        successor=successor.name,
        booked="、".join(entry.label for entry in entries),
    )
    return entries


@transaction.atomic
def reject_carryover(*, carryover: Carryover, why: str, by: User) -> Carryover:
    """Decline it; the accounts stay as they are, and it may be asked for again."""
    carryover = _locked(carryover, by)
    if not why.strip():
        raise CarryoverRefused("请写明退回理由。", field="why")
    carryover.state, carryover.rejected_why = Carryover.State.REJECTED, why.strip()
    carryover.approved_by, carryover.approved_at = by, now()
    carryover.save(update_fields=["state", "rejected_why", "approved_by", "approved_at"])
    tell(
        "carryover.reject",
        to("ledger-carryover", carryover.pk),
        about=carryover.pk,
        by=by,
        persons=[carryover.prepared_by_id],
        ended=carryover.ended.name,
        successor=carryover.successor.name,
        why=carryover.rejected_why,
    )
    return carryover


def changed_statements(lines: list[CarryoverLine], successor: Jurisdiction, on: date):
    """对账 of the accounts it moves, of that day or later: the balance stated there becomes another."""
    taking = LedgerAccount.objects.filter(
        jurisdiction=successor, agreement__in=[line.account.agreement_id for line in lines],
        kind=STANDARD,
    )  # fmt: skip
    return statements_from([*(line.account for line in lines), *taking], on)


def _tell_of_statements(carryover, lines, taking, entries, by: User) -> None:
    """Who stated a balance that is another now hears of it."""
    booked = {}
    for line, account, entry in zip(lines, taking, entries, strict=True):
        booked[line.account_id] = booked[account.pk] = entry
    for statement in statements_from([*(line.account for line in lines), *taking], carryover.on):
        tell(
            "statement.moved",
            to("ledger-account", statement.account_id),
            about=statement.pk,
            by=by,
            persons=[statement.by_id],
            entry=booked[statement.account_id].label,
            paid_on=carryover.on,
            statement=statement,
        )


def _refuse_waiting_payments(ended: Jurisdiction) -> None:
    """What waits for its second person would be booked on an account that has gone over."""
    waiting = Payment.objects.filter(
        Q(payer=ended) | Q(payee=ended), state=Payment.State.PREPARED
    ).order_by("pk")
    if vouchers := "、".join(waiting.values_list("voucher", flat=True)[:10]):
        raise CarryoverRefused(f"{ended.name}有付款待复核（{vouchers}）；请先复核或退回。")


def _refuse_too_early(lines: list[CarryoverLine], on: date) -> None:
    """Balances of days between would be neither's, if it counted before what it carries."""
    last = Posting.objects.filter(account__in=[line.account for line in lines]).aggregate(
        last=Max("entry__effective_on")
    )["last"]
    if last is not None and last > on:
        raise CarryoverRefused(
            f"账户最后一笔的业务日期是 {last}，晚于承继日期 {on}；请填不早于 {last} 的日期，"
            "并在依据中写明撤并的日期。",
            field="on",
        )


def _refuse_closed(lines: list[CarryoverLine], successor: Jurisdiction) -> None:
    """An account that was closed takes nothing any more."""
    closed = LedgerAccount.objects.filter(
        jurisdiction=successor,
        agreement__in=[line.account.agreement_id for line in lines],
        kind=STANDARD,
        closed_on__isnull=False,
    ).select_related("agreement")
    if titles := "、".join(
        f"《{account.agreement.title}》" for account in closed if account.agreement
    ):
        raise CarryoverRefused(
            f"{successor.name}在{titles}的账户已销户，不能承接；请由别的行政区承继，或先逐笔结清。",
            field="successor",
        )


def _refuse_changed(lines: list[CarryoverLine], ended: Jurisdiction) -> None:
    asked = {line.account_id: line.yuan for line in lines}
    if {line.account_id: line.yuan for line in to_carry(ended)} != asked:
        raise CarryoverRefused("提出以后账户的余额变了；请退回，按现在的余额重新提出。")


def _agreements(lines: Iterable[CarryoverLine]) -> list[Agreement]:
    """Each once, by id."""
    found = {a.pk: a for line in lines if (a := line.account.agreement) is not None}
    return [found[pk] for pk in sorted(found)]


def _plain(document: str) -> str:
    return " ".join(document.split())


def _permit(by: User) -> None:
    if not viewer_of(by).may(Act.RECORD_PAYMENT):
        raise NotAllowed(f"{by} 不能办理区划结转。")


def _hold(ended: Jurisdiction) -> None:
    """The agreements in which it has an account, by id: nothing is booked there meanwhile."""
    own = LedgerAccount.objects.filter(jurisdiction=ended).values("agreement")
    list(Agreement.objects.select_for_update(no_key=True).filter(pk__in=own).order_by("pk"))


def _locked(carryover: Carryover, by: User) -> Carryover:
    _permit(by)
    _hold(carryover.ended)
    carryover = (
        Carryover.objects.select_for_update(of=("self",))
        .select_related("ended", "successor")
        .get(pk=carryover.pk)
    )
    if carryover.state != Carryover.State.PREPARED:
        raise CarryoverRefused(f"这项结转{carryover.get_state_display()}，不能再办理。")
    return carryover
