"""区县对账单: every agreement and month of a year, adjustments, payments, the account's balance.

From the accruals and postings as they stand. A month is what counts now, the year what is booked
in it (settlements.shown.revisions): 应收 − 应付 ＋ 跨年度调整 ＝ 净额, as on the district's page.
Amounts are Decimal yuan; positive: it receives.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, Sum

from basins.access import Act, Viewer
from basins.models import Jurisdiction
from settlements.districts.queries.districts import visible_jurisdictions
from settlements.models import (
    Accrual,
    Agreement,
    LedgerAccount,
    Posting,
)
from settlements.money import ZERO
from settlements.papers.paper import Paper, PaperKind, PaperSection, Row, Signature, Table
from settlements.papers.queries.parts import (
    CLASS,
    DATE,
    DEMO_NOTE,
    DRAFT_NOTE,
    TEXT,
    YUAN,
    StatedPeriod,
    amount,
    columns,
    government,
    last_day,
    movements_of,
    period_words,
    place_of_installation,
    section_words,
    stated,
    titled,
    why_draft,
)
from settlements.papers.queries.sources import Standing, StatementChange
from settlements.shown.revisions import CarriedOfYear
from settlements.shown.visible import visible_accounts

Groups = dict[Agreement, list[StatedPeriod]]


def district_paper(standing: Standing, code: str, year: int) -> Paper | None:
    """The statement of a jurisdiction's year: 14 SQL queries at most, whatever is in it.

    None where the viewer may not see that jurisdiction's money, or the year has none.
    """
    viewer = standing.viewer
    place = visible_jurisdictions(viewer).defer("boundary").filter(code=code).first()
    if place is None or not may_see_statement(viewer, code):
        return None
    accruals = standing.of_place(place, year)
    carried = standing.carried_of_place(place, year)
    changes = standing.changes(accruals, carried)
    account = _account_table(standing, place, year)
    if not accruals and account is None:
        return None
    groups: Groups = defaultdict(list)
    for period in stated(accruals, standing.revised(accruals)):
        groups[period.accrual.term.agreement].append(period)
    for change in changes:  # an agreement may have nothing of the year but what came into it
        if change.booked == year:
            groups[change.accrual.term.agreement] += ()
    net = sum(
        (p.result.signed_for(code) for own in groups.values() for p in own),
        carried.signed_for(code),
    )
    opening, closing, movements = account or (ZERO, ZERO, _movements([]))
    until = last_day(year, standing.today)
    amounts = [amount(f"{year}年核算净额", net)]
    if account is not None:
        amounts.append(amount(f"{year}年年初结转余额", opening))
        amounts.append(amount(f"{until:%Y-%m-%d} 账面余额", closing))
    sections = [
        PaperSection("各协议收付", tables=(_by_agreement(standing, groups, carried, place, year),)),
        PaperSection("逐月明细", tables=(_months(groups, place),)),
        PaperSection("调整", tables=(_adjustments(changes, place, year),)),
        PaperSection(
            "账户往来",
            (
                f"期初余额 {opening:,.2f} 元，期末余额 {closing:,.2f} 元；"
                "正数为应收，负数为应付，只含已关账年度的清缴、调整和付款。",
            ),
            (movements, _payments(standing, place, year)),
        ),
    ]
    city = place_of_installation()
    unpublished = sum(a.state in Accrual.OPEN for a in accruals)
    draft = why_draft(year, standing.today, unpublished)
    return Paper(
        kind=PaperKind.DISTRICT,
        subject=f"district:{code}:{year}",
        title=titled(f"{place.name}流域横向生态保护补偿{year}年对账单", draft, standing.today),
        unit_line="单位：元",
        addressees=(government(place.name, place.level),),
        summary=(_summary(place, year, groups, net),),
        amounts=tuple(amounts),
        sections=tuple(sections),
        signatures=(
            *_signers(place),
            Signature("制表单位", f"{city}财政局"),
            Signature("制表单位", f"{city}生态环境局"),
        ),
        notes=(
            *standing.notes,
            "核算金额由系统按协议条款从监测数据逐月计算，可在系统内逐行查看计算过程。",
            "收到本单后请核对；有出入的，注明凭证号和金额后退回。",
            *((DEMO_NOTE,) if _has_demo(accruals) else ()),
            *((DRAFT_NOTE,) if draft else ()),
        ),
        filters=(
            ("行政区", f"{place.name}（{place.code}）"),
            ("年度", str(year)),
            *standing.filters,
        ),
        as_of=standing.at or _as_of(accruals),
        draft=draft,
    )


def _signers(place: Jurisdiction) -> tuple[Signature, ...]:
    if place.level == Jurisdiction.Level.TREASURY:
        return (Signature("对账单位", place.name),)
    return tuple(
        Signature("对账单位", f"{place.name}{bureau}") for bureau in ("财政局", "生态环境局")
    )


def may_see_statement(viewer: Viewer, code: str) -> bool:
    """Whether the money of the jurisdiction of that code is the viewer's to see: no query."""
    if viewer.sees_all(Act.SEE_LEDGER):
        return True
    return viewer.may(Act.SEE_LEDGER) and viewer.jurisdiction_code == code


def _by_agreement(
    standing: Standing,
    groups: Groups,
    carried: CarriedOfYear,
    place: Jurisdiction,
    year: int,
) -> Table:
    states = standing.states(list(groups), year)
    rows, sums = [], [ZERO] * 4
    for agreement, periods in groups.items():
        signed = [p.result.signed_for(place.code) for p in periods]
        receivable = sum((y for y in signed if y > 0), ZERO)
        payable = sum((-y for y in signed if y < 0), ZERO)
        beside = carried.signed_for(place.code, agreement.code)
        figures = (receivable, payable, beside, receivable - payable + beside)
        sums = [a + b for a, b in zip(sums, figures, strict=True)]
        others = dict.fromkeys(
            name for p in periods for name in p.others_of(place.code).split("、") if name
        )
        rows.append(
            Row(
                (
                    agreement.title,
                    agreement.river.name,
                    "、".join(others),
                    *figures,
                    states.get(agreement.pk, "-"),
                )
            )
        )
    if rows:
        rows.append(Row(("合计", None, None, *sums, None), "total"))
    return Table(
        "各协议收付",
        columns(
            ("协议", TEXT, 18),
            ("河流", TEXT, 8),
            ("对方", TEXT, 11),
            ("应收（元）", YUAN, 12),
            ("应付（元）", YUAN, 12),
            ("跨年度调整（元）", YUAN, 13),
            ("净额（元）", YUAN, 12),
            ("年度状态", TEXT, 8),
        ),
        tuple(rows),
        note="应收、应付按现行结果，含各月的调整；应收 − 应付 ＋ 跨年度调整 ＝ 净额。"
        if rows
        else "",
        empty="本年没有核算。",
    )


def _months(groups: Groups, place: Jurisdiction) -> Table:
    rows: list[Row] = []
    total = ZERO
    for agreement, periods in groups.items():
        if not periods:
            continue
        rows.append(Row((agreement.title,), "group"))
        own = ZERO
        for period in periods:
            accrual, yuan = period.accrual, period.result.signed_for(place.code)
            own += yuan
            rows.append(
                Row(
                    (
                        period_words(accrual),
                        section_words(accrual),
                        period.result.water_class,
                        period.result.month_state,
                        period.others_of(place.code),
                        yuan,
                        period.state,
                    )
                )
            )
        total += own
        rows.append(Row(("小计", None, None, None, None, own, None), "subtotal"))
    if rows:
        rows.append(Row(("合计", None, None, None, None, total, None), "total"))
    return Table(
        "逐月明细",
        columns(
            ("期间", TEXT, 6),
            ("断面", TEXT, 14),
            ("类别", CLASS, 6),
            ("月度状态", TEXT, 10),
            ("对方", TEXT, 11),
            ("金额（元）", YUAN, 13),
            ("状态", TEXT, 8),
        ),
        tuple(rows),
        note="金额正数为应收，负数为应付，按现行结果；标“已修订”的与发布时不同，见“调整”。"
        "按年核算的列在“全年”。",
        empty="本年没有核算。",
    )


def _adjustments(changes: Sequence[StatementChange], place: Jurisdiction, year: int) -> Table:
    rows = [
        Row(
            (
                change.accrual.term.agreement.title,
                period_words(change.accrual, year),
                section_words(change.accrual),
                change.cause,
                change.yuan_for(place.pk),
                change.effect,
            )
        )
        for change in changes
    ]
    if rows:
        total = sum((c.yuan_for(place.pk) for c in changes if c.booked == year), ZERO)
        rows.append(Row(("记入本年", None, None, None, total, None), "total"))
    return Table(
        "调整",
        columns(
            ("协议", TEXT, 18),
            ("期间", TEXT, 6),
            ("断面", TEXT, 12),
            ("起因", TEXT, 18),
            ("差额（元）", YUAN, 12),
            ("去向", TEXT, 10),
        ),
        tuple(rows),
        note="本年各月的差额已含在逐月明细；其中记入其他年度的从本年净额中扣除，其他年度各月的差额记入"
        "本年的计入本年净额，都列在“跨年度调整”。"
        if rows
        else "",
        empty="本年各期间没有调整，也没有记入本年的以前年度调整。",
    )


def _account_table(
    standing: Standing, place: Jurisdiction, year: int
) -> tuple[Decimal, Decimal, Table] | None:
    """Opening and closing balance and what moved between them; None without an account."""
    accounts = standing.accounts(
        visible_accounts(standing.viewer).filter(
            jurisdiction=place, kind=LedgerAccount.Kind.COMPENSATION
        )
    )
    if not accounts.exists():
        return None
    own = standing.postings(Posting.objects.filter(account__in=accounts))
    opening = own.filter(entry__year__lt=year).aggregate(total=Sum("yuan"))["total"] or ZERO
    postings = list(
        own.filter(entry__year=year)
        .select_related("entry", "account__agreement")
        .order_by("entry__year", "entry__number", "pk")
    )
    closing = opening + sum((p.yuan for p in postings), ZERO)
    return opening, closing, _movements(postings, opening)


def _movements(postings: list[Posting], opening: Decimal = ZERO) -> Table:
    rows, balance = [], opening
    if postings:
        rows.append(Row((None, None, None, "期初余额", None, None, opening)))
    for posting in postings:
        balance += posting.yuan
        rows.append(
            Row(
                (
                    posting.entry.booked_on,
                    posting.entry.label,
                    posting.account.agreement.title if posting.account.agreement else None,
                    posting.entry.text,
                    posting.yuan if posting.yuan > 0 else None,
                    -posting.yuan if posting.yuan < 0 else None,
                    balance,
                )
            )
        )
    if postings:
        up = sum((p.yuan for p in postings if p.yuan > 0), ZERO)
        down = -sum((p.yuan for p in postings if p.yuan < 0), ZERO)
        rows.append(Row((None, "合计", None, "期末余额", up, down, balance), "total"))
    return Table(
        "账户往来",
        columns(
            ("日期", DATE, 9),
            ("凭证", TEXT, 11),
            ("协议", TEXT, 12),
            ("摘要", TEXT, 15),
            ("增加（元）", YUAN, 12),
            ("减少（元）", YUAN, 12),
            ("余额（元）", YUAN, 12),
        ),
        tuple(rows),
        empty="本年没有记账。",
    )


def _payments(standing: Standing, place: Jurisdiction, year: int) -> Table:
    """What the place paid and received in the year; the difference is what its account moved."""
    found = standing.payments(
        (Q(payer=place) | Q(payee=place)) & (Q(paid_on__year=year) | Q(reversed_on__year=year))
    )
    rows, paid_out, received = [], ZERO, ZERO
    for m in movements_of(found):
        if m.day.year != year:
            continue
        paying = m.payer.pk == place.pk
        paid_out += m.yuan if paying else ZERO
        received += ZERO if paying else m.yuan
        rows.append(
            Row(
                (
                    m.day,
                    m.payment.voucher,
                    m.agreement.title,
                    m.how,
                    m.payee.name if paying else m.payer.name,
                    m.yuan if paying else None,
                    None if paying else m.yuan,
                )
            )
        )
    if rows:
        rows.append(Row((None, "合计", None, None, None, paid_out, received), "total"))
    return Table(
        "付款",
        columns(
            ("付款日期", DATE, 9),
            ("付款凭证号", TEXT, 13),
            ("协议", TEXT, 14),
            ("方式", TEXT, 9),
            ("对方", TEXT, 9),
            ("付出（元）", YUAN, 12),
            ("收到（元）", YUAN, 12),
        ),
        tuple(rows),
        empty="本年没有付款。",
    )


def _summary(place: Jurisdiction, year: int, groups: Groups, net: Decimal) -> str:
    words = f"{'应收' if net > 0 else '应付'} {abs(net):,.2f} 元"
    result = words if net else "收付相抵为零"
    return (
        f"{place.name} {year}年参加流域横向生态保护补偿协议 {len(groups)} 份，"
        f"按核算结果各协议净额相抵，{result}。明细如下，请核对。"
    )


def _has_demo(accruals: Sequence[Accrual]) -> bool:
    return any(a.term_section.section.is_demo for a in accruals)


def _as_of(accruals: Sequence[Accrual]) -> datetime | None:
    return max((a.computed_at for a in accruals), default=None)
