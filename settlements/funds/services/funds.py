"""资金使用: a district allots what it received to projects, and reports what was spent.

Never more allotted than received, never more spent than allotted; a spending is corrected by a
further, negative one, an allotment by a reduction. Amounts are Decimal yuan.

Locks: the agreement, then the project.
"""

from datetime import date
from decimal import Decimal

from django.core.files.base import File
from django.db import transaction
from django.db.models import Q, Sum

from basins.access import Act, Scope, viewer_of
from basins.clock import now, today
from basins.models import Jurisdiction, User
from settlements.models import Agreement, FundProject, FundReduction, FundSpending, Payment
from settlements.money import ZERO, MoneyError, format_yuan, yuan
from settlements.moving.acts import NotAllowed, Refused
from settlements.moving.documents import checked, kept

# A claim set off against another is not money one can spend.
RECEIVED = (Payment.Kind.DIRECT, Payment.Kind.DISBURSEMENT)
LONGEST_NAME, LONGEST_TEXT, LONGEST_NUMBER = 120, 200, 80


class FundRefused(Refused):
    """Not possible; `field` names what is wrong, the message (Chinese) with the figures."""

    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)


@transaction.atomic
def allot(
    *,
    agreement: Agreement,
    name: str,
    purpose: str,
    amount: str | int | Decimal,
    on: date,
    document_number: str = "",
    by: User,
) -> FundProject:
    """Give part of what the official's district received under the agreement to a project.

    Raises FundRefused, NotAllowed.
    """
    place = _own(by)
    if not agreement.parties.filter(jurisdiction=place).exists():
        raise NotAllowed(f"{place}不是《{agreement}》的一方。")
    Agreement.objects.select_for_update(no_key=True).get(pk=agreement.pk)
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise FundRefused(f"请填项目名称，至多 {LONGEST_NAME} 字。", "name")
    if purpose not in dict(FundProject._meta.get_field("purpose").choices or ()):
        raise FundRefused("补偿资金只能用于污染治理、生态保护或监测能力。", "purpose")
    if len(document_number) > LONGEST_NUMBER:
        raise FundRefused(f"文号至多 {LONGEST_NUMBER} 字。", "document_number")
    given = _positive(amount, "安排金额")
    _refuse_future(on, "安排日期", "on")
    got, out = received(place, agreement), allotted(place, agreement)
    if out + given > got:
        raise FundRefused(
            f"安排金额 {format_yuan(given)} 元超过可安排的 {format_yuan(max(got - out, ZERO))} 元："
            f"已收到 {format_yuan(got)} 元，已安排 {format_yuan(out)} 元。",
            "amount",
        )
    if FundProject.objects.filter(jurisdiction=place, agreement=agreement, name=name).exists():
        raise FundRefused(f"该协议下已有名为“{name}”的项目；请换一个名称。", "name")
    return FundProject.objects.create(
        jurisdiction=place,
        agreement=agreement,
        name=name,
        purpose=purpose,
        allotted=given,
        allotted_on=on,
        document_number=document_number.strip(),
        by=by,
        at=now(),
    )


@transaction.atomic
def spend(
    *,
    project: FundProject,
    amount: str | int | Decimal,
    on: date,
    text: str,
    file: File,
    by: User,
) -> FundSpending:
    """Report what was paid out for a project, with its document.

    Raises FundRefused, NotAllowed, and DocumentRefused for a file that is no document.
    """
    project = _locked(project, by)
    given = _positive(amount, "支出金额")
    _refuse_day(project, on)
    _refuse_text(text, "摘要")
    document = checked(file)
    _refuse_twice(
        project, "请附它自己的单据或改写摘要", "text",
        yuan=given, spent_on=on, text=text.strip(), sha256=document.sha256,
    )  # fmt: skip
    gone = spent(project)
    stands = standing_allotment(project)
    if gone + given > stands:
        raise FundRefused(
            f"支出金额 {format_yuan(given)} 元超过结余的 {format_yuan(stands - gone)} 元："
            f"已安排 {format_yuan(stands)} 元，已支出 {format_yuan(gone)} 元。",
            "amount",
        )
    return FundSpending.objects.create(
        project=project,
        yuan=given,
        spent_on=on,
        text=text.strip(),
        file=kept(document, "spending", document.stored_name),
        filename=document.name,
        kind=document.kind,
        sha256=document.sha256,
        by=by,
        at=now(),
    )


@transaction.atomic
def correct(
    *, project: FundProject, amount: str | int | Decimal, on: date, why: str, by: User
) -> FundSpending:
    """Take back so much of what was reported as spent, with the reason: a negative spending.

    Raises FundRefused, NotAllowed.
    """
    project = _locked(project, by)
    given = _positive(amount, "冲减金额")
    _refuse_day(project, on)
    _refuse_text(why, "理由", "why")
    _refuse_twice(project, "请在理由中写明", "why", yuan=-given, spent_on=on, text=why.strip())
    gone = spent(project)
    if given > gone:
        raise FundRefused(
            f"冲减金额 {format_yuan(given)} 元超过已支出的 {format_yuan(gone)} 元。", "amount"
        )
    return FundSpending.objects.create(
        project=project, yuan=-given, spent_on=on, text=why.strip(), by=by, at=now()
    )


@transaction.atomic
def reduce(
    *, project: FundProject, amount: str | int | Decimal, why: str, by: User
) -> FundReduction:
    """Take back so much of what was allotted and not spent, with the reason; it can be allotted
    anew. Raises FundRefused, NotAllowed."""
    project = _locked(project, by)
    given = _positive(amount, "减少金额")
    _refuse_text(why, "理由", "why")
    if project.reductions.filter(yuan=given, why=why.strip()).exists():  # a form sent twice
        raise FundRefused("同额、同理由的一笔已经登记；如确是另一笔，请在理由中写明。", "why")
    left = standing_allotment(project) - spent(project)
    if given > left:
        raise FundRefused(
            f"减少金额 {format_yuan(given)} 元超过未支出的 {format_yuan(left)} 元；"
            "已支出的先冲减。",
            "amount",
        )
    return FundReduction.objects.create(
        project=project, yuan=given, why=why.strip(), by=by, at=now()
    )


def standing_allotment(project: FundProject) -> Decimal:
    """What is allotted to it, less what was taken back."""
    return project.allotted - _sum(project.reductions.all(), "yuan")


def received(place: Jurisdiction, agreement: Agreement) -> Decimal:
    """What was paid to the jurisdiction under the agreement and not reversed: 1 SQL query."""
    return _sum(
        Payment.objects.filter(received_payments(), agreement=agreement, payee=place),
        "yuan",
    )


def received_payments() -> Q:
    return Q(state=Payment.State.APPROVED, reversed_on__isnull=True, kind__in=[*map(str, RECEIVED)])


def allotted(place: Jurisdiction, agreement: Agreement) -> Decimal:
    given = _sum(FundProject.objects.filter(jurisdiction=place, agreement=agreement), "allotted")
    own = FundReduction.objects.filter(project__jurisdiction=place, project__agreement=agreement)
    return given - _sum(own, "yuan")


def spent(project: FundProject) -> Decimal:
    return _sum(project.spendings.all(), "yuan")


def _sum(rows, name: str) -> Decimal:
    return rows.aggregate(total=Sum(name))["total"] or ZERO


def _own(by: User) -> Jurisdiction:
    """The district the person speaks for. Raises NotAllowed."""
    viewer = viewer_of(by)
    if viewer.scope(Act.CONFIRM) is not Scope.OWN or viewer.jurisdiction_id is None:
        raise NotAllowed(f"{by} 不能登记资金使用。")
    return Jurisdiction.objects.defer("boundary").get(pk=viewer.jurisdiction_id)


def _locked(project: FundProject, by: User) -> FundProject:
    if _own(by).pk != project.jurisdiction_id:
        raise NotAllowed(f"{by} 不能登记{project}的支出。")
    Agreement.objects.select_for_update(no_key=True).get(pk=project.agreement_id)
    return FundProject.objects.select_for_update().get(pk=project.pk)


def _positive(amount: str | int | Decimal, what: str) -> Decimal:
    try:
        given = yuan(amount)
    except MoneyError as wrong:
        raise FundRefused(str(wrong), "amount") from wrong
    if given <= 0:
        raise FundRefused(f"{what} {given} 元须大于零。", "amount")
    return given


def _refuse_twice(project: FundProject, remedy: str, field: str, **same: object) -> None:
    """A form sent twice is one spending. The project is locked."""
    if project.spendings.filter(**same).exists():
        raise FundRefused(f"同日、同额、同内容的一笔已经登记；如确是另一笔，{remedy}。", field)


def _refuse_future(on: date, what: str, field: str) -> None:
    if on > today():
        raise FundRefused(f"{what} {on} 在今天之后。", field)


def _refuse_day(project: FundProject, on: date) -> None:
    _refuse_future(on, "支出日期", "on")
    if on < project.allotted_on:
        raise FundRefused(f"支出日期 {on} 早于安排日期 {project.allotted_on}。", "on")


def _refuse_text(text: str, what: str, field: str = "text") -> None:
    if not text.strip() or len(text.strip()) > LONGEST_TEXT:
        raise FundRefused(f"请写明{what}，至多 {LONGEST_TEXT} 字。", field)
