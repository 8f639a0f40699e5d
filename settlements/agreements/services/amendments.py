"""修订: a new version of a term from a date on; the old one keeps everything before it.

It may reach months that are published or settled: those stay as they were published, and
the new term's finding of them becomes a proposed Adjustment (decision 0006). Refused is only
what no proposal can say: a section that a closed year never had, months in place of a
published year.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from basins.models import User
from basins.ranges import between, covers, months_between, months_of, next_month, year_start
from settlements import rules
from settlements.agreements.services.drafts import DraftProblem, DraftRefused, start_draft
from settlements.models import Accrual, Agreement, AgreementDraft, Settlement, Term
from settlements.reckoning.computation import PART
from settlements.reckoning.periods import last_month
from settlements.reckoning.preview import PartSpec
from settlements.rules import Rule
from settlements.rules.facts import number_text
from settlements.shown.terms import MAIN


@dataclass(frozen=True, slots=True)
class SupersededTerm:
    """The term in force at the date (None: there is a gap) and the one that follows it."""

    current: Term | None
    following: Term | None


def superseded(agreement: Agreement, strand: str, on: date) -> SupersededTerm:
    """What an amendment from that day replaces, and where it must end."""
    terms = list(agreement.terms.filter(strand=strand).order_by("in_force"))
    return SupersededTerm(
        current=next((t for t in terms if covers(t.in_force, on)), None),
        following=next((t for t in terms if t.in_force.lower and t.in_force.lower > on), None),
    )


@transaction.atomic
def start_amendment(
    *,
    agreement: Agreement,
    from_date: date,
    by: User,
    strand: str = MAIN,
    reason: str = "",
) -> AgreementDraft:
    """A draft prefilled from the term in force that day (else the last before it).

    A strand the agreement does not have yet is opened beside the others: parties and
    sections are prefilled, the rule is not. Raises DraftRefused for a date that cannot be
    amended from.
    """
    if problems := date_problems(agreement, strand, from_date):
        raise DraftRefused(*problems)
    own = agreement.terms.filter(strand=strand)
    opens = not own.exists()
    found = superseded(agreement, strand, from_date)
    before = (agreement.terms.all() if opens else own).filter(in_force__startswith__lte=from_date)
    base = found.current or before.order_by("in_force", "number").last()
    if base is None:
        raise DraftRefused(
            DraftProblem("term", f"{from_date} 之前没有条款期可修订；请选更晚的日期。")
        )
    end = found.current.in_force.upper if found.current else None
    if end is None and found.following:
        end = found.following.in_force.lower
    data = _prefilled(agreement, base, from_date, end)
    if opens:
        del data["rule"]
    data["amend"] = {"values": {"reason": reason, "opens": opens}}
    return start_draft(
        by=by,
        amends=agreement,
        data=data,
        strand=strand,
        title=agreement.title,
        code=agreement.code,
        from_date=from_date,
    )


def date_problems(
    agreement: Agreement,
    strand: str,
    on: date,
    *,
    until: date | None = None,
    rule: Rule | None = None,
    parts: Sequence[PartSpec] = (),
) -> list[DraftProblem]:
    """Why the agreement cannot be amended from that day; empty where it can.

    `rule` is the amendment's and `parts` its sections, once known.
    """
    problems = []
    if on.day != 1:
        problems.append(f"修订自某月起生效，起日须为当月 1 日；{on} 请改为 {next_month(on)}。")
    found = superseded(agreement, strand, on)
    yearly = rule is not None and rule.yearly
    if (yearly or (found.current and is_yearly(found.current))) and (on.month, on.day) != (1, 1):
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
    if not problems and (rule is not None or not agreement.terms.filter(strand=strand).exists()):
        problems += _closed_problems(agreement, strand, on, until, yearly, parts)
    return [DraftProblem("term", text) for text in problems]


def _closed_problems(
    agreement: Agreement,
    strand: str,
    on: date,
    until: date | None,
    yearly: bool,
    parts: Sequence[PartSpec],
) -> list[str]:
    """What no proposal against a published accrual can say of the periods in reach."""
    fixed = list(
        fixed_accruals(agreement, strand, on, until)
        .select_related("term_section__section")
        .order_by("period")
    )
    problems = []
    if other := sorted({a.period.year for a in fixed if a.yearly != yearly} if parts else ()):
        was, now = ("按年", "按月") if not yearly else ("按月", "按年")
        problems.append(
            f"{'、'.join(map(str, other))} 年已{was}核算并发布，不能改为{now}；"
            f"最早可自 {other[-1] + 1}-01-01 起。"
        )
        return problems
    had: dict[date, Counter[int]] = {}
    for accrual in fixed:
        had.setdefault(accrual.period, Counter())[accrual.term_section.section_id] += 1
    wanted = Counter(part.section.pk for part in parts)
    names = {part.section.pk: part.section.name for part in parts}
    for year in closed_years(agreement, on, until):
        new = Counter[int]()
        for period in _periods_in(year, on, until, yearly):
            new |= wanted - had.get(period, Counter())
        if new or not parts:
            what = "、".join(names[pk] for pk in new) or "新线索"
            problems.append(
                f"{year} 年已关账，当年没有核算过{what}，不能补进已关账的年度；"
                f"最早可自 {year + 1}-01-01 起。"
            )
    return problems[-1:]


def _periods_in(year: int, on: date, until: date | None, yearly: bool) -> Iterable[date]:
    if yearly:
        return [year_start(year)]
    begins, ends = months_of(year)
    first, last = max(on, begins), ends
    months = months_between(first, min(last, last_month()))
    return [m for m in months if until is None or m < until]


def fixed_accruals(
    agreement: Agreement, strand: str | None, on: date, until: date | None = None
) -> QuerySet[Accrual]:
    """Published or settled accruals of a strand (None: of all) from that day to before `until`."""
    found = Accrual.objects.filter(term__agreement=agreement, period__gte=on).exclude(
        state__in=Accrual.OPEN
    )
    if strand is not None:
        found = found.filter(term__strand=strand)
    return found.filter(period__lt=until) if until else found


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


def closed_years(agreement: Agreement, on: date, until: date | None = None) -> list[int]:
    """The closed years that [on, until) reaches into."""
    found = Settlement.objects.filter(
        agreement=agreement, state__in=Settlement.FIXED, year__gte=on.year
    )
    if until:
        found = found.filter(year__lte=(until - timedelta(days=1)).year)
    return list(found.order_by("year").values_list("year", flat=True))


def is_yearly(term: Term) -> bool:
    return rules.read(term.rule, term.parameters).yearly


def _prefilled(agreement: Agreement, base: Term, on: date, end: date | None) -> dict[str, Any]:
    parts = base.sections.select_related(*PART)
    values = {
        "parties": {
            "title": agreement.title,
            "code": agreement.code,
            "parties": [
                {"jurisdiction": p.jurisdiction.code, "role": p.role}
                for p in agreement.parties.select_related("jurisdiction")
                .exclude(until__lte=on)
                .order_by("order", "pk")
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
                    "reference": p.reference.code if p.reference else None,
                    "share": number_text(p.share),
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
            "silence": base.silence,
            "clauses": [{"key": k, "words": str(w)} for k, w in base.clauses.items()],
        },
    }
    return {step: {"values": each} for step, each in values.items()}
