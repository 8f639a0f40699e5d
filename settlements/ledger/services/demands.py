"""拨款通知: a debtor of a closed year is asked to pay, with a due day, and reminded of it.

Made with the entry that books the debt: the closing of the year, or an adjustment approved after
it. What is left of one is the part of the year's debt it stands for, the oldest paid first.
Amounts are Decimal yuan.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, F, Func, QuerySet

from basins.clock import now, today
from basins.links import Link, to
from basins.models import Jurisdiction, User
from basins.services.working_days import Calendar, days_asked, years_for
from basins.together import read_together
from basins.words import day_words
from settlements.ledger.services.clearing import outstanding
from settlements.models import Adjustment, Demand, Settlement
from settlements.money import ZERO, format_yuan
from settlements.moving.telling import tell

SOON = timedelta(days=7)  # told again so long before the due day
LATE_EVERY = timedelta(days=30)  # and so often after it


def demand_payment(
    *,
    settlement: Settlement,
    nets: Mapping[Jurisdiction, Decimal],
    by: User,
    on: date,
    adjustment: Adjustment | None = None,
) -> list[Demand]:
    """Ask those whose net is below nothing for what it is. Called in the transaction of the entry
    that books the nets, which has the journal's lock."""
    debtors = sorted(
        ((place, -yuan) for place, yuan in nets.items() if yuan < 0), key=lambda d: d[0].code
    )
    if not debtors:
        return []
    years = years_for(on, settings.PAYMENT_DAYS)
    days, numbers = days_asked(years), Demand.objects.filter(year=on.year).order_by("-number")
    newest = numbers.values_list("number", flat=True)[:1]
    read_together(days, newest)
    deadline = Calendar(years, days).add(on, settings.PAYMENT_DAYS)
    last = next(iter(newest), 0)
    made = Demand.objects.bulk_create(
        Demand(
            year=on.year,
            number=number,
            settlement=settlement,
            adjustment=adjustment,
            jurisdiction=place,
            yuan=yuan,
            made_on=on,
            made_at=now(),
            by=by,
            days=settings.PAYMENT_DAYS,
            due_on=deadline.date,
            provisional=deadline.provisional,
        )
        for number, (place, yuan) in enumerate(debtors, start=last + 1)
    )
    for demand in made:
        tell(
            "demand.make",
            demand_link(demand),
            about=demand.pk,
            by=by,
            parties=[demand.jurisdiction_id],
            demand=demand.label,
            settlement=demand.settlement,
            what=_what(demand),
            yuan=format_yuan(demand.yuan),
            until=f"{_day(demand.due_on)}{'（暂定）' if demand.provisional else ''}",
        )
    return made


def demand_link(demand: Demand) -> Link:
    return to("ledger-demand", demand.pk)


def with_owner(demands: QuerySet[Demand]) -> QuerySet[Demand]:
    """Each with `owner`, the id of whose debt it is by now: its debtor's, or who took over (区划结转)."""
    owner = Func(F("pk"), function="settlements_demand_owner", output_field=BigIntegerField())
    return demands.annotate(owner=owner)


def demands_left(settlement: Settlement) -> dict[int, Decimal]:
    """Demand id → what is left of it in yuan, of the year's: 5 SQL queries."""
    left = {party: -yuan for party, yuan in outstanding(settlement).items() if yuan < 0}
    answer = {}
    # The oldest is paid first.
    for demand in with_owner(settlement.demands.all()).order_by("-made_at", "-pk"):
        owner: int = demand.owner  # type: ignore[attr-defined]
        own = min(demand.yuan, left.get(owner, ZERO))
        left[owner] = left.get(owner, ZERO) - own
        answer[demand.pk] = own
    return answer


def remind_debtors() -> int:
    """Tell who has not paid: a week before the due day, the day after it, then every thirty days,
    each once. Returns how many demands were told of. Run every hour; run again it does nothing."""
    told, day = 0, today()
    waiting = Settlement.objects.filter(
        state=Settlement.State.CLOSED, demands__due_on__lte=day + SOON
    )
    for settlement in waiting.distinct().order_by("pk"):
        left = demands_left(settlement)
        asked = with_owner(settlement.demands.select_related("settlement__agreement"))
        for demand in asked.order_by("pk"):
            if left[demand.pk] and demand.due_on <= day + SOON:
                told += _remind(demand, left[demand.pk], day)
    return told


@transaction.atomic
def _remind(demand: Demand, left: Decimal, day: date) -> int:
    late = (day - demand.due_on).days
    when = f"late:{(late - 1) // LATE_EVERY.days}" if late > 0 else "soon"
    words = (
        f"已逾期 {late} 天（应于 {_day(demand.due_on)}前付清）"
        if late > 0
        else f"{_day(demand.due_on)}到期"
    )
    return bool(
        tell(
            "demand.remind",
            demand_link(demand),
            about=f"{demand.pk}:{when}",
            parties=[demand.owner],  # type: ignore[attr-defined]
            demand=demand.label,
            settlement=demand.settlement,
            what=_what(demand),
            yuan=format_yuan(left),
            when=words,
        )
    )


@transaction.atomic
def refresh_due_days() -> int:
    """After a change of the calendar: due days of years not cleared are computed again, none is
    moved into the past, and the debtors are told. Returns how many moved."""
    calendar, moved = Calendar(), 0
    for demand in (
        with_owner(Demand.objects.select_for_update(of=("self",)))
        .filter(settlement__state=Settlement.State.CLOSED, due_on__gte=today())
        .select_related("settlement__agreement")
        .order_by("pk")
    ):
        deadline = calendar.add(demand.made_on, demand.days)
        due_on = deadline.date if deadline.date >= today() else demand.due_on
        if (due_on, deadline.provisional) == (demand.due_on, demand.provisional):
            continue
        before, demand.due_on, demand.provisional = demand.due_on, due_on, deadline.provisional
        demand.save(update_fields=["due_on", "provisional"])
        moved += 1
        if before != due_on:
            tell(
                "demand.due",
                demand_link(demand),
                about=demand.pk,
                parties=[demand.owner],  # type: ignore[attr-defined]
                again=True,
                demand=demand.label,
                before=_day(before),
                until=_day(due_on),
            )
    return moved


def _day(day: date) -> str:
    return f"{day.year}年{day_words(day)}"


def _what(demand: Demand) -> str:
    return "关账后的调整，" if demand.adjustment_id else ""
