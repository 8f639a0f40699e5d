"""修订: a new version of a term from a date on; the old one keeps everything before it.

Refused where the date reaches into what is closed: a settled year, or a published month.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from basins.models import User
from basins.ranges import between, covers, next_month
from settlements import rules
from settlements.models import Accrual, Agreement, AgreementDraft, Settlement, Term
from settlements.rules.facts import Granularity
from settlements.services.drafts import DraftRefused, Problem, start_draft


@dataclass(frozen=True, slots=True)
class Superseded:
    """The term in force at the date (None: there is a gap) and the one that follows it."""

    current: Term | None
    following: Term | None


def superseded(agreement: Agreement, strand: str, on: date) -> Superseded:
    """What an amendment from that day replaces, and where it must end."""
    terms = list(agreement.terms.filter(strand=strand).order_by("in_force"))
    return Superseded(
        current=next((t for t in terms if covers(t.in_force, on)), None),
        following=next((t for t in terms if t.in_force.lower and t.in_force.lower > on), None),
    )


@transaction.atomic
def start_amendment(
    *, agreement: Agreement, from_date: date, by: User, strand: str = "main"
) -> AgreementDraft:
    """A draft prefilled from the term in force that day (else the last before it).

    Raises DraftRefused for a date that cannot be amended from.
    """
    if problems := date_problems(agreement, strand, from_date):
        raise DraftRefused(*problems)
    found = superseded(agreement, strand, from_date)
    base = (
        found.current
        or agreement.terms.filter(strand=strand, in_force__startswith__lt=from_date)
        .order_by("number")
        .last()
    )
    if base is None:
        raise DraftRefused(Problem("term", f"{from_date} 之前没有条款期可修订；请选更晚的日期。"))
    end = found.current.in_force.upper if found.current else None
    if end is None and found.following:
        end = found.following.in_force.lower
    return start_draft(
        by=by,
        amends=agreement,
        data=_prefilled(agreement, base, from_date, end),
        strand=strand,
        title=agreement.title,
        code=agreement.code,
        from_date=from_date,
    )


def date_problems(
    agreement: Agreement, strand: str, on: date, *, until: date | None = None, rule=None
) -> list[Problem]:
    """Why the agreement cannot be amended from that day; empty where it can.

    `rule` is (module, parameters) of the amendment, once known.
    """
    problems = []
    if on.day != 1:
        problems.append(f"修订自某月起生效，起日须为当月 1 日；{on} 请改为 {next_month(on)}。")
    found = superseded(agreement, strand, on)
    yearly = rule is not None and rule[0].granularity(rule[1]) is Granularity.YEAR
    if (yearly or (found.current and _yearly(found.current))) and (on.month, on.day) != (1, 1):
        problems.append(f"按年核算的条款须自 1 月 1 日起修订；请改为 {on.year + 1}-01-01。")
    if found.current and found.current.in_force.lower == on:
        problems.append(
            f"第 {found.current.number} 条款期正是 {on} 起，修订后它将一天也不剩；请选其后的日期。"
        )
    if found.following and (until is None or until > found.following.in_force.lower):
        last = found.following.in_force.lower - timedelta(days=1)
        if until is not None or rule is not None:
            problems.append(
                f"第 {found.following.number} 条款期自 {found.following.in_force.lower} 起；"
                f"本次修订的止日须不晚于 {last}。"
            )
    if closed := _closed_years(agreement, on):
        problems.append(
            f"{'、'.join(map(str, closed))} 年已关账，不能自 {on} 起修订；"
            f"最早可自 {closed[-1] + 1}-01-01 起，已关账的差额请走调整。"
        )
    elif fixed := _fixed_months(agreement, strand, on):
        problems.append(
            f"{fixed[0]:%Y-%m} 至 {fixed[-1]:%Y-%m} 的月核算已发布，不能自 {on} 起修订；"
            f"最早可自 {next_month(fixed[-1])} 起，已发布的差额请走调整。"
        )
    return [Problem("term", text) for text in problems]


def close_current(agreement: Agreement, strand: str, on: date) -> int:
    """End the term in force at that day and drop its open accruals from there on.

    In the caller's transaction, which holds the agreement's lock. Returns how many went.
    """
    current = superseded(agreement, strand, on).current
    if current is None:
        return 0
    current.in_force = between(current.in_force.lower, on)
    current.save(update_fields=["in_force"])
    gone = Accrual.objects.filter(term=current, period__gte=on, state__in=Accrual.OPEN)
    _, by_model = gone.delete()
    return by_model.get("settlements.Accrual", 0)


def next_number(agreement: Agreement) -> int:
    return (agreement.terms.aggregate(last=Max("number"))["last"] or 0) + 1


def _closed_years(agreement: Agreement, on: date) -> list[int]:
    return list(
        Settlement.objects.filter(
            agreement=agreement, state=Settlement.State.CLOSED, year__gte=on.year
        )
        .order_by("year")
        .values_list("year", flat=True)
    )


def _fixed_months(agreement: Agreement, strand: str, on: date) -> list[date]:
    return list(
        Accrual.objects.filter(term__agreement=agreement, term__strand=strand, period__gte=on)
        .exclude(state__in=Accrual.OPEN)
        .order_by("period")
        .values_list("period", flat=True)
    )


def _yearly(term: Term) -> bool:
    module = rules.get(term.rule)
    return module.granularity(module.Parameters.from_json(term.parameters)) is Granularity.YEAR


def _prefilled(agreement: Agreement, base: Term, on: date, end: date | None) -> dict[str, Any]:
    parts = base.sections.select_related("section", "upstream", "downstream", "inflow")
    values = {
        "parties": {
            "title": agreement.title,
            "code": agreement.code,
            "parties": [
                {"jurisdiction": p.jurisdiction.code, "role": p.role}
                for p in agreement.parties.select_related("jurisdiction").order_by("order", "pk")
            ],
        },
        "river": {
            "river": agreement.river.code,
            "sections": [
                {
                    "section": p.section.code,
                    "upstream": p.upstream.code,
                    "downstream": p.downstream.code,
                    "inflow": p.inflow.code if p.inflow else None,
                    "share": str(p.share.normalize()),
                }
                for p in parts
            ],
        },
        "rule": {"rule": base.rule, "parameters": base.parameters},
        "term": {
            "from": on.isoformat(),
            "until": end.isoformat() if end else None,
            "signed_on": None,
            "source": agreement.source,
            "clauses": [{"key": k, "words": str(w)} for k, w in base.clauses.items()],
        },
    }
    return {step: {"values": each} for step, each in values.items()}
