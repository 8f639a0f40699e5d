"""终止: a strand of an agreement, or all of it, has no clause in force from a day on.

It goes the way of an amendment: a draft, checked and put in force by a second person. What
is published from that day on stays, with an adjustment proposed to nothing.
"""

from datetime import date
from typing import Any

from django.db import transaction

from basins.models import User
from basins.ranges import next_month
from settlements.agreements.services.amendments import is_yearly, superseded
from settlements.agreements.services.drafts import DraftProblem, DraftRefused, start_draft
from settlements.models import Agreement, AgreementDraft

ALL = ""  # the strand of a draft that ends the whole agreement


@transaction.atomic
def start_ending(
    *, agreement: Agreement, from_date: date, by: User, strand: str = ALL, reason: str, source: str
) -> AgreementDraft:
    """A draft that ends the strand (`ALL`: every strand) from that day.

    Raises DraftRefused for a day it cannot end on.
    """
    if problems := ending_problems(agreement, strand, from_date):
        raise DraftRefused(*problems)
    values = {"from": from_date.isoformat(), "reason": reason, "source": source}
    return start_draft(
        by=by,
        amends=agreement,
        ends=True,
        strand=strand,
        data={"end": {"values": values}},
        title=agreement.title,
        code=agreement.code,
        from_date=from_date,
    )


def end_values(draft: AgreementDraft) -> dict[str, Any]:
    """from, reason and source of a draft that ends."""
    return draft.data["end"]["values"]


def end_day(draft: AgreementDraft) -> date:
    """The first day without a clause, of a draft that ends."""
    return date.fromisoformat(end_values(draft)["from"])


def strands_to_end(draft: AgreementDraft) -> list[str]:
    """The strands in force on the draft's day that it ends."""
    assert draft.amends is not None
    return _in_force(draft.amends, draft.strand, end_day(draft))


def _in_force(agreement: Agreement, strand: str, on: date) -> list[str]:
    strands = [strand]
    if strand == ALL:
        own = agreement.terms.order_by("number").values_list("strand", flat=True)
        strands = list(dict.fromkeys(own))
    return [s for s in strands if superseded(agreement, s, on).current is not None]


def ending_problems(agreement: Agreement, strand: str, on: date) -> list[DraftProblem]:
    """Why it cannot end on that day; empty where it can."""
    problems = []
    if on.day != 1:
        problems.append(
            f"终止日须为某月 1 日（自这一天起不再有条款）；{on} 请改为 {next_month(on)}。"
        )
    strands = _in_force(agreement, strand, on)
    if not strands:
        problems.append(f"{on} 没有执行中的条款期可终止；请选它有效期内的日期。")
    for each in strands:
        found = superseded(agreement, each, on)
        current, following = found.current, found.following
        assert current is not None
        if current.in_force.lower == on:
            problems.append(
                f"第 {current.number} 条款期正是 {on} 起，终止后它将一天也不剩；请选其后的日期。"
            )
        if is_yearly(current) and (on.month, on.day) != (1, 1):
            problems.append(f"按年核算的条款须自 1 月 1 日起终止；请改为 {on.year + 1}-01-01。")
        if following is not None:
            problems.append(
                f"第 {following.number} 条款期自 {following.in_force.lower} 起已经排定；"
                "请选它起日之后的日期。"
            )
    return [DraftProblem("", text) for text in problems]
