"""Pieces the builders of papers share: columns, amounts, signatures, words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from basins.access import Act, Scope, Viewer
from basins.city import home
from basins.models import Jurisdiction
from settlements.models import Accrual, Agreement, Party, Payment
from settlements.papers.capitals import capitals
from settlements.papers.paper import Amount, Column, ColumnKind
from settlements.shown.findings import starred
from settlements.shown.revisions import AccrualResult, Revision, published_result

TEXT, YUAN, WAN = ColumnKind.TEXT, ColumnKind.YUAN, ColumnKind.WAN
DATE, NUMBER, CLASS = ColumnKind.DATE, ColumnKind.NUMBER, ColumnKind.CLASS
DEMO_NOTE = "带 * 的断面名称与读数为演示。"


def columns(*given: tuple[str, ColumnKind, int]) -> tuple[Column, ...]:
    return tuple(Column(title, kind, width) for title, kind, width in given)


def amount(label: str, yuan: Decimal, *, signed: bool = True) -> Amount:
    """An amount in figures and capitals; a signed one says 应收 or 应付 instead of its sign."""
    word = "" if not signed or not yuan else "应收" if yuan > 0 else "应付"
    return Amount(label, yuan, capitals(abs(yuan) if word else yuan), word)


def period_words(accrual: Accrual, year: int | None = None) -> str:
    """The period in a paper of `year`; another year's names its year."""
    words = "全年" if accrual.yearly else f"{accrual.period.month}月"
    return words if year in (None, accrual.period.year) else f"{accrual.period.year}年{words}"


def section_words(accrual: Accrual) -> str:
    section = accrual.term_section.section
    return starred(section.name, section.is_demo)


def government(name: str, level: str) -> str:
    """Whom a paper to a jurisdiction is addressed to; a treasury goes by its own name."""
    return name if level == Jurisdiction.Level.TREASURY else f"{name}人民政府"


def place_of_installation() -> str:
    return home().name


@dataclass(frozen=True, slots=True)
class StatedPeriod:
    """An accrual as a statement says it: what counts of it, and that it was revised."""

    accrual: Accrual
    result: AccrualResult
    revised: bool

    @property
    def state(self) -> str:
        return self.accrual.get_state_display() + ("，已修订" if self.revised else "")

    def others_of(self, code: str) -> str:
        """Who is on the other side, as the payments name them; else the border's other side."""
        paid = {
            side.name: None
            for p in self.result.payments
            for side in (p.payer, p.payee)
            if side.code != code and code in (p.payer.code, p.payee.code)
        }
        part = self.accrual.term_section
        sides = (s.name for s in (part.upstream, part.downstream) if s.code != code)
        return "、".join(paid or sides)


def stated(accruals: Iterable[Accrual], revised: Mapping[int, Revision]) -> list[StatedPeriod]:
    return [
        StatedPeriod(
            a, revised[a.pk].after if a.pk in revised else published_result(a), a.pk in revised
        )
        for a in accruals
    ]


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement of money or its reversal, as one agreement's statement shows it."""

    day: date
    payment: Payment
    agreement: Agreement
    how: str
    payer: Jurisdiction
    payee: Jurisdiction
    yuan: Decimal  # negative: a reversal


def movements_of(payments: Iterable[Payment]) -> list[Movement]:
    """Payments in the order of their days: an offset in both its agreements (what one party no
    longer owes in one, the other no longer owes in the other), a reversal on its own day."""
    found = []
    for p in payments:
        sides = [(p.agreement, p.payer, p.payee)]
        if p.other_agreement is not None:
            sides.append((p.other_agreement, p.payee, p.payer))
        for agreement, payer, payee in sides:
            how = p.get_kind_display()
            found.append(Movement(p.paid_on, p, agreement, how, payer, payee, p.yuan))
            if p.reversed_on:
                back = f"冲销（{how}）"
                found.append(Movement(p.reversed_on, p, agreement, back, payer, payee, -p.yuan))
    return sorted(found, key=lambda m: (m.day, m.payment.pk, m.agreement.pk, m.yuan < 0))


def may_see_books_of(viewer: Viewer, agreement: Agreement) -> bool:
    """Whether entries and payments of an agreement may be shown: everyone's, or a party's."""
    match viewer.scope(Act.SEE_LEDGER):
        case Scope.ALL:
            return True
        case Scope.NONE:
            return False
    return Party.objects.filter(agreement=agreement, jurisdiction=viewer.jurisdiction_id).exists()


def why_draft(year: int, today: date, unpublished: int) -> str:
    """Why a statement of the year is a draft; "" of a finished one: the year is over, and every
    result in it is published."""
    if today <= date(year, 12, 31):
        return f"{year} 年尚未结束"
    if unpublished:
        return f"{year} 年有 {unpublished} 项核算尚未发布"
    return ""


def titled(title: str, draft: str, today: date) -> str:
    """A draft goes by its name: (草稿，截至 2026-11-30)."""
    return f"{title}（草稿，截至 {today}）" if draft else title


DRAFT_NOTE = (
    "本件是草稿，没有文号和核验码，不作对账、结算和付款的依据；年度结束、各月发布后另行签发。"
)


def last_day(year: int, today: date) -> date:
    """The day a year's statement goes up to."""
    return min(date(year, 12, 31), today)
