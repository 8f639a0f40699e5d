"""销户: an account that is empty and needed no more is closed, once and for good."""

from datetime import date

from django.db import transaction
from django.db.models import Max, Q

from basins.access import Act, viewer_of
from basins.clock import today
from basins.models import User
from settlements.ledger.balances import standing
from settlements.ledger.services.ledger import close_account, lock_journal
from settlements.models import Agreement, LedgerAccount, Payment, Posting, Settlement
from settlements.money import format_yuan
from settlements.moving.acts import NotAllowed, Refused


class AccountRefused(Refused):
    """The account cannot be closed; `field` and the message (Chinese) say why."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def refuse_closing(account: LedgerAccount) -> None:
    """Raises AccountRefused for an account that is closed, not empty, or still needed."""
    if account.closed_on is not None:
        raise AccountRefused(f"账户已于 {account.closed_on} 销户。")
    if left := standing(account):
        raise AccountRefused(f"账户余额 {format_yuan(left)} 元，不为零；结清后再销户。")
    agreement = account.agreement
    if agreement is None:
        return
    if agreement.state == Agreement.State.ACTIVE:
        raise AccountRefused(
            f"《{agreement}》仍在执行，关账和付款还要记账；协议终止、各年结清后再销户。"
        )
    open_years = Settlement.objects.filter(agreement=agreement).exclude(state__in=Settlement.FIXED)
    if years := "、".join(str(s.year) for s in open_years.order_by("year")):
        raise AccountRefused(f"《{agreement}》{years} 年尚未关账；关账并结清后再销户。")
    own = Q(payer=account.jurisdiction_id) | Q(payee=account.jurisdiction_id)
    either = Q(agreement=agreement) | Q(other_agreement=agreement)
    waiting = Payment.objects.filter(own, either, state=Payment.State.PREPARED).first()
    if waiting is not None:
        raise AccountRefused(f"付款 {waiting.voucher} 待复核；复核入账或退回后再销户。")


@transaction.atomic
def retire_account(*, account: LedgerAccount, on: date, by: User) -> LedgerAccount:
    """Close an empty account; no entry after that day. Raises AccountRefused; NotAllowed."""
    if not viewer_of(by).may(Act.RECORD_PAYMENT):
        raise NotAllowed(f"{by} 不能办理销户。")
    list(Agreement.objects.select_for_update(no_key=True).filter(pk=account.agreement_id))
    lock_journal()  # it stays empty
    account = LedgerAccount.objects.select_related("agreement", "jurisdiction").get(pk=account.pk)
    refuse_closing(account)
    if on > today():
        raise AccountRefused(f"销户日期 {on} 在今天之后；请填不晚于今天的日期。", "on")
    if on < account.opened_on:
        raise AccountRefused(f"账户 {account.opened_on} 开户；销户日期不能早于开户。", "on")
    last = last_booked(account)
    if last is not None and on < last:
        raise AccountRefused(f"最后一笔记于 {last}；销户日期不能早于这一天。", "on")
    return close_account(account=account, on=on)


def last_booked(account: LedgerAccount) -> date | None:
    """The day of its last entry."""
    return Posting.objects.filter(account=account).aggregate(last=Max("entry__booked_on"))["last"]
