"""Checks of accounts: when they are used, what they hold."""

from settlements.checks.base import Check, of_the_books
from settlements.ledger.books.found import Promise

OPENED = Check(
    "account_opened_before_use",
    "开户后记账",
    "没有早于账户开户日期的分录。",
    of_the_books(Promise.OPENED),
)
CLOSED = Check(
    "closed_account_unused",
    "销户后不记账",
    "没有晚于账户销户日期的分录。",
    of_the_books(Promise.CLOSED),
)
BALANCE = Check(
    "balance_is_sum_of_postings",
    "余额等于分录合计",
    "任何日期的余额都等于至该日的分录合计：各账户各月净额按业务日期、按记账日期都与分录相符。",
    of_the_books(Promise.MONTH_NETS),
)
TRANSIT = Check(
    "transit_zero_after_closing",
    "关账时过渡账户为零",
    "每次关账时，该协议的市级清算过渡账户余额为零。",
    of_the_books(Promise.TRANSIT),
)
