"""补充通报: what came to light of months that were published before, published month by month at
one act. An agreement activated today from January of last year brings a notice for each month since:
they are prepared together, by one person, and signed off together, by another.
"""

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.db.models import Case, Exists, F, Func, OuterRef, QuerySet, When
from django.db.models.fields import DateField

from basins.clock import today
from basins.links import to
from basins.models import User
from basins.ranges import month_start
from basins.words import month_words
from settlements.models import Accrual, Agreement, AgreementMonth, Notice
from settlements.moving.acts import Refused, check, permit
from settlements.moving.telling import tell
from settlements.notices.services.content import draw
from settlements.notices.services.data import notice_data
from settlements.notices.services.notices import (
    NEW,
    IncompleteMonth,
    keep_prepared,
    lock_agreements,
    sign_off_notice,
)


def open_accruals() -> QuerySet[Accrual]:
    """Accruals not published, with the `month` they are published with: a year's with December."""
    december = Func(
        F("period"),
        template="(%(expressions)s + interval '11 months')::date",
        output_field=DateField(),
    )
    return (
        Accrual.objects.filter(state__in=Accrual.OPEN)
        .exclude(term__agreement__state=Agreement.State.DRAFT)
        .annotate(month=Case(When(yearly=True, then=december), default=F("period")))
        .filter(month__lt=month_start(today()))
    )


def published_before(month: str = "month") -> Exists:
    """Whether an agreement's month was published; `month`: the outer query's field."""
    return Exists(AgreementMonth.objects.filter(month=OuterRef(month)))


def supplementary(notices: QuerySet[Notice]) -> QuerySet[Notice]:
    """Those whose month was published before."""
    return notices.filter(published_before())


def months_to_supplement() -> list[date]:
    """Months published before with accruals that are not, and no draft waiting, in order: 1 query."""
    waiting = Notice.objects.filter(state=Notice.State.PREPARED).values("month")
    found = open_accruals().filter(published_before()).exclude(month__in=waiting)
    return sorted(set(found.order_by().values_list("month", flat=True)))


@transaction.atomic
def prepare_supplements(*, months: Sequence[date], by: User) -> list[Notice]:
    """A notice for each of the months, for somebody else to sign off: all of them or none.

    Raises Refused for a month that is no supplement or has nothing to publish, IncompleteMonth,
    NotAllowed.
    """
    permit(check("notice", "prepare", "", NEW), by)
    lock_agreements()
    wanted = sorted(set(months))
    others = sorted(set(wanted) - set(months_to_supplement()))
    if not wanted or others:
        named = "、".join(map(month_words, others)) or "所选月份"
        raise Refused(f"{named}没有待补充通报的核算结果，或已在编制；请刷新后再办。")
    data = notice_data(wanted)
    made = []
    for month in wanted:
        drawn = draw(month, {}, data)
        if drawn.incomplete:
            raise IncompleteMonth(month, drawn.incomplete)
        made.append(keep_prepared(drawn, by=by, due_on=today()))
    tell(
        "notice.supplements",
        to("supplement-sign"),
        about=f"{made[0].pk}:{made[-1].pk}",
        by=by,
        months=span_words(wanted),
        count=len(made),
    )
    return made


@transaction.atomic
def sign_supplements(*, notices: Sequence[Notice], by: User) -> list[Notice]:
    """Publish supplementary notices that somebody else prepared: all of them or none.

    Parties are told once of them all. Raises as sign_off_notice, Refused where there is none.
    """
    if not notices:
        raise Refused("没有待签发的补充通报；可能已由他人签发或退回。")
    signed, concerned = [], set()
    for notice in sorted(notices, key=lambda n: (n.month, n.pk)):
        done = sign_off_notice(notice=notice, by=by, announce=False)
        signed.append(done)
        concerned |= set(done.months.values_list("agreement__parties__jurisdiction", flat=True))
    tell(
        "notice.supplements_signed",
        to("notice-list"),
        about=f"{signed[0].pk}:{signed[-1].pk}",
        by=by,
        parties=concerned,
        months=span_words([n.month for n in signed]),
        count=len(signed),
    )
    return signed


def span_words(months: Sequence[date]) -> str:
    """ "2025年1月至2026年10月", or the one month."""
    first, last = min(months), max(months)
    return month_words(first) if first == last else f"{month_words(first)}至{month_words(last)}"
