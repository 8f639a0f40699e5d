"""What waits of a month: notices to prepare, sign and read, months to confirm."""

from datetime import date

from django.db.models import Exists, OuterRef, QuerySet

from basins.access import Act, Viewer
from basins.links import Link, to
from basins.models import User
from basins.words import month_words
from settlements.models import (
    Agreement,
    AgreementMonth,
    MonthConfirmation,
    Notice,
    NoticeReceipt,
)
from settlements.notices.queries.notices import months_of_party, months_to_prepare
from settlements.notices.services.notices import due_day
from settlements.notices.services.supplements import open_accruals, published_before, supplementary
from settlements.work.queries.tasks import Source, Task


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


def months_to_confirm(viewer: Viewer) -> QuerySet:
    confirmed = MonthConfirmation.objects.filter(
        month=OuterRef("pk"), jurisdiction=viewer.jurisdiction_id
    )
    return (
        months_of_party(viewer)
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
    open_months = months_of_party(viewer).filter(
        notice=OuterRef("pk"), state=AgreementMonth.State.PUBLISHED
    )
    return Notice.objects.filter(~Exists(read), Exists(open_months)).order_by("month", "pk")


def _read(notice: Notice) -> Task:
    return Task(f"阅读{notice}", to("notice", notice.pk), "阅读")


MONTHS_TO_CONFIRM = Source(
    "months-to-confirm", "待确认的月度", Act.CONFIRM, months_to_confirm, _confirm
)
NOTICES_TO_READ = Source("notices-to-read", "未读的月通报", Act.CONFIRM, notices_to_read, _read)
NOTICES_TO_SIGN = Source("notices-to-sign", "待签发的月通报", Act.PUBLISH, notices_to_sign, _sign)
MONTHS_TO_PREPARE = Source(
    "months-to-prepare",
    "待编制的月通报",
    Act.PUBLISH,
    months_to_prepare,
    _prepare,
)
SUPPLEMENTS_TO_SIGN = Source(
    "supplements-to-sign",
    "待签发的补充通报",
    Act.PUBLISH,
    supplements_to_sign,
    _sign_supplements,
)
SUPPLEMENTS_TO_PREPARE = Source(
    "supplements-to-prepare",
    "待编制的补充通报",
    Act.PUBLISH,
    supplements_to_prepare,
    _supplement,
)
