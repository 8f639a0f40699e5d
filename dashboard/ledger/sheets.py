"""What each export of the ledger holds: journal, trial balance, arrears."""

from dashboard.files.lists import Cell, Sheet, SheetColumn
from settlements.ledger.queries.accounts import Accounts
from settlements.ledger.queries.arrears import LABELS, Arrears
from settlements.ledger.queries.ledger import JournalLine

BASES = {"effective": "业务日期", "booked": "记账日期"}


def journal_sheet(
    lines: tuple[JournalLine, ...], filters: list[tuple[str, str]], maker: str, *, running: bool
) -> Sheet:
    columns = [
        SheetColumn("序", 6),
        SheetColumn("凭证号", 16),
        SheetColumn("记账日期", 12),
        SheetColumn("业务日期", 12),
        SheetColumn("事由", 12),
        SheetColumn("摘要", 44),
        SheetColumn("付款凭证号", 18),
        SheetColumn("账户", 32),
        SheetColumn("增加", 18, total=True),
        SheetColumn("减少", 18, total=True),
    ]
    if running:
        columns.append(SheetColumn("余额", 18))
    rows: list[list[Cell]] = []
    for number, line in enumerate(lines, 1):
        row: list[Cell] = [
            number,
            line.label,
            line.booked_on,
            line.effective_on,
            line.cause,
            line.text,
            line.voucher,
            line.account_name,
            line.increase,
            line.decrease,
        ]
        rows.append([*row, line.balance] if running else row)
    return Sheet("台账凭证清单", columns, rows, filters, maker)


def trial_sheet(accounts: Accounts, maker: str) -> Sheet:
    columns = [
        SheetColumn("序", 6),
        SheetColumn("行政区代码", 14),
        SheetColumn("行政区", 18),
        SheetColumn("账户", 16),
        SheetColumn("协议", 36),
        SheetColumn("分录数", 8),
        SheetColumn("增加", 18, total=True),
        SheetColumn("减少", 18, total=True),
        SheetColumn("余额", 18, total=True),
        SheetColumn("对账", 10),
        SheetColumn("对账截止", 12),
    ]
    rows: list[list[Cell]] = [
        [
            number,
            line.place.code,
            line.place.name,
            line.kind,
            line.agreement_title,
            line.postings,
            line.increase,
            line.decrease,
            line.balance,
            line.checked.label,
            line.checked.as_of,
        ]
        for number, line in enumerate(accounts.lines, 1)
    ]
    filters = [("截至", f"{accounts.on}（按{BASES[accounts.basis]}）")]
    return Sheet("试算平衡表", columns, rows, filters, maker)


def arrears_sheet(arrears: Arrears, maker: str) -> Sheet:
    columns = [
        SheetColumn("序", 6),
        SheetColumn("欠款方", 18),
        SheetColumn("协议", 40),
        SheetColumn("最早到期", 12),
        *(SheetColumn(label, 18, total=True) for label in LABELS),
        SheetColumn("合计", 18, total=True),
    ]
    rows: list[list[Cell]] = [
        [number, debt.place.name, debt.agreement_title, debt.oldest, *debt.ages, debt.total]
        for number, debt in enumerate(arrears.debts, 1)
    ]
    return Sheet("欠款账龄表", columns, rows, [("截至", arrears.on.isoformat())], maker)
