"""Reversals, opening balances, corrections and carry-overs that wait for a second person; 对账不符."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from basins.access import Act, Viewer
from basins.links import to
from basins.models import Jurisdiction
from settlements.ledger.queries.carryovers import places_to_carry
from settlements.models import (
    BalanceStatement,
    Carryover,
    Correction,
    JournalEntry,
    OpeningBatch,
    Posting,
    Reversal,
)
from settlements.money import ZERO, format_yuan
from settlements.work.queries.tasks import Source, Task, prepared_by_others


def reversals_to_approve(viewer: Viewer) -> QuerySet:
    waiting = Reversal.objects.filter(state=Reversal.State.PREPARED).select_related("entry")
    return prepared_by_others(waiting, viewer)


def _approve_reversal(reversal: Reversal) -> Task:
    return Task(
        f"复核冲销：{reversal.entry.label}",
        to("ledger-reversal", reversal.pk),
        "复核",
        note=reversal.why,
    )


def openings_to_approve(viewer: Viewer) -> QuerySet:
    return prepared_by_others(
        OpeningBatch.objects.filter(state=OpeningBatch.State.PREPARED), viewer
    )


def _approve_opening(batch: OpeningBatch) -> Task:
    return Task(
        f"复核 {batch.on} 的期初余额", to("ledger-opening", batch.pk), "复核", note=batch.filename
    )


def corrections_to_approve(viewer: Viewer) -> QuerySet:
    waiting = Correction.objects.filter(state=Correction.State.PREPARED)
    return prepared_by_others(
        waiting.select_related("statement__account__jurisdiction"), viewer
    ).defer("statement__account__jurisdiction__boundary")


def _approve_correction(correction: Correction) -> Task:
    return Task(
        f"复核更正余额：{correction.statement}",
        to("ledger-correction", correction.pk),
        "复核",
        note=correction.why,
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


def carryovers_to_approve(viewer: Viewer) -> QuerySet:
    waiting = Carryover.objects.filter(state=Carryover.State.PREPARED)
    return (
        prepared_by_others(waiting, viewer)
        .select_related("ended", "successor")
        .defer("ended__boundary", "successor__boundary")
    )


def accounts_to_carry(viewer: Viewer) -> QuerySet:
    """Places that ended, on whose accounts something stands that nobody has asked to carry over."""
    return places_to_carry()


def _carry(place: Jurisdiction) -> Task:
    return Task(
        f"结转账户余额：{place.name}",
        to("ledger-carryover-new", place.code),
        "结转",
        note=f"自 {place.ended_on} 起撤并（{place.ended_why}）",
    )


def _approve_carryover(carryover: Carryover) -> Task:
    return Task(
        f"复核区划结转：{carryover}",
        to("ledger-carryover", carryover.pk),
        "复核",
        note=carryover.document,
    )


REVERSALS_TO_APPROVE = Source(
    "reversals-to-approve",
    "待复核的冲销",
    Act.RECORD_PAYMENT,
    reversals_to_approve,
    _approve_reversal,
)
OPENINGS_TO_APPROVE = Source(
    "openings-to-approve",
    "待复核的期初余额",
    Act.RECORD_PAYMENT,
    openings_to_approve,
    _approve_opening,
)
CORRECTIONS_TO_APPROVE = Source(
    "corrections-to-approve",
    "待复核的更正余额",
    Act.RECORD_PAYMENT,
    corrections_to_approve,
    _approve_correction,
)
CARRYOVERS_TO_APPROVE = Source(
    "carryovers-to-approve",
    "待复核的区划结转",
    Act.RECORD_PAYMENT,
    carryovers_to_approve,
    _approve_carryover,
)
ACCOUNTS_TO_CARRY = Source(
    "accounts-to-carry",
    "待结转的撤并行政区",
    Act.RECORD_PAYMENT,
    accounts_to_carry,
    _carry,
)
STATEMENTS_THAT_DIFFER = Source(
    "statements-that-differ",
    "对账不符",
    Act.RECORD_PAYMENT,
    statements_that_differ,
    _differs,
)
