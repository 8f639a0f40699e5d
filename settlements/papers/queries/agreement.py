"""年度结算单: twelve months × sections of an agreement, nets, the closing entry, payments.

A month is what counts now, the year what is booked in it (settlements.shown.revisions):
核算 ＋ 跨年度调整 ＝ 净额. Amounts are Decimal yuan.
"""

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from monitoring.standards.exact import Number, exact
from monitoring.standards.rounding import round_to_places
from settlements.models import Agreement, JournalEntry, Payment, Posting
from settlements.models.shares import share_words
from settlements.money import ZERO
from settlements.papers.paper import (
    Column,
    Paper,
    PaperKind,
    PaperSection,
    Row,
    Signature,
    Table,
)
from settlements.papers.queries.parts import (
    CLASS,
    DATE,
    DEMO_NOTE,
    DRAFT_NOTE,
    TEXT,
    YUAN,
    amount,
    columns,
    government,
    may_see_books_of,
    movements_of,
    period_words,
    place_of_installation,
    section_words,
    titled,
    why_draft,
)
from settlements.papers.queries.sources import Standing, YearOfParty
from settlements.workflow import StateKind
from settlements.years.queries.years import SectionYear, SettlementYear

SIDE_BY_SIDE = 3  # sections of one table, so that A4 holds it
PASSED_ON = Payment.Kind.DISBURSEMENT  # what the treasury collected: paid once already


def agreement_paper(standing: Standing, code: str, year: int) -> Paper | None:
    """The year of an agreement as its parties sign it: 23 SQL queries at most.

    None where the viewer does not see that year, or is no party and may not see its books.
    """
    agreement = standing.agreement(code)
    if agreement is None or not may_see_books_of(standing.viewer, agreement):
        return None
    page = standing.year(agreement, year)
    if page is None:
        return None
    cleared = standing.cleared(agreement, year)
    city = place_of_installation()
    draft = why_draft(year, standing.today, _unpublished(page))
    parties = [net.place.name for net in page.nets]
    return Paper(
        kind=PaperKind.AGREEMENT,
        subject=f"agreement:{code}:{year}",
        title=titled(f"{page.title}{year}年度结算单", draft, standing.today),
        unit_line="单位：元",
        addressees=tuple(government(net.place.name, net.place.level) for net in page.nets),
        summary=(
            f"根据《{page.title}》，{year}年{page.span}核算结果为：{page.finding}。"
            f"年度状态：{page.state}"
            + (f"，关账日期 {page.closed_on}" if page.closed_on else "")
            + ("。" if draft else "。请各方核对确认。"),
        ),
        amounts=tuple(amount(f"{net.place.name}{year}年净额", net.yuan) for net in page.booked),
        sections=(
            PaperSection("以前年度结转", tables=(_brought_forward(cleared, year),)),
            PaperSection("各方净额", tables=(_nets(page),)),
            PaperSection(
                "十二个月核算结果",
                (_terms_words(page),) if page.terms else (),
                (*_month_tables(page.sections), *_yearly(page)),
            ),
            PaperSection("调整", tables=(_adjustments(standing, agreement, page, year),)),
            PaperSection("各方签认", tables=(_signatures(standing, agreement, year),)),
            PaperSection(
                "入账与付款",
                tables=(
                    _entry(standing, code, year),
                    _payments(standing, code, year),
                    *((_cleared(cleared, year),) if page.closed else ()),
                ),
            ),
        ),
        signatures=(
            *(Signature("协议方", name) for name in parties),
            Signature("审核单位", f"{city}生态环境局"),
            Signature("清算单位", f"{city}财政局"),
        ),
        notes=(
            *standing.notes,
            "逐月金额以各断面上游方为准：正数为上游方应收，负数为上游方应付，按现行结果，含调整；"
            "净额＝核算＋跨年度调整，正数为该方应收。",
            "关账后以本单净额入账；其后的更正以调整记入批准的年度，在“跨年度调整”中扣除。",
            *((DEMO_NOTE,) if page.has_demo_names else ()),
            *((DRAFT_NOTE,) if draft else ()),
        ),
        filters=(("协议", f"{page.title}（{code}）"), ("年度", str(year)), *standing.filters),
        as_of=standing.at or page.computed_at,
        draft=draft,
    )


def _unpublished(page: SettlementYear) -> int:
    """How many of the year's results are preliminary."""
    months = [m.kind for s in page.sections for m in s.months if m.computed]
    return [*months, *(line.kind for line in page.yearly)].count(StateKind.WAITING)


def _nets(page: SettlementYear) -> Table:
    rows = [
        Row(
            (
                net.place.name,
                net.role,
                _core(page, net.place.code),
                page.carried.signed_for(net.place.code),
                net.yuan if net.yuan > 0 else None,
                -net.yuan if net.yuan < 0 else None,
                net.yuan,
            )
        )
        for net in page.booked
    ]
    if rows:
        total = sum((n.yuan for n in page.booked), ZERO)
        up = sum((n.yuan for n in page.booked if n.yuan > 0), ZERO)
        down = -sum((n.yuan for n in page.booked if n.yuan < 0), ZERO)
        core = sum((_core(page, n.place.code) for n in page.booked), ZERO)
        figures = (core, total - core, up, down, total)
        rows.append(Row(("合计", None, *figures), "total"))
    return Table(
        "各方净额",
        columns(
            ("协议方", TEXT, 16),
            ("身份", TEXT, 10),
            ("核算（元）", YUAN, 14),
            ("跨年度调整（元）", YUAN, 14),
            ("应收（元）", YUAN, 14),
            ("应付（元）", YUAN, 14),
            ("净额（元）", YUAN, 14),
        ),
        tuple(rows),
        empty="没有协议方。",
    )


def _core(page: SettlementYear, party: str) -> Decimal:
    """What the year's accruals give a party as they count now."""
    monthly = (p for s in page.sections for m in s.months for p in m.payments)
    yearly = (p for line in page.yearly for p in line.payments)
    return sum((p.signed_for(party) for p in (*monthly, *yearly)), ZERO)


def _month_tables(sections: Sequence[SectionYear]) -> tuple[Table, ...]:
    groups = [sections[i : i + SIDE_BY_SIDE] for i in range(0, len(sections), SIDE_BY_SIDE)]
    return tuple(
        _month_table(group, f"（{number}）" if len(groups) > 1 else "")
        for number, group in enumerate(groups, start=1)
    )


def _month_table(sections: Sequence[SectionYear], suffix: str) -> Table:
    heads: list[Column] = [Column("月份", TEXT, 6)]
    for section in sections:
        heads += columns(
            (f"{section.shown_name}\n类别", CLASS, 8),
            ("状态", TEXT, 10),
            (f"{section.shown_name}\n金额（元）", YUAN, 13),
        )
    rows = []
    for number in range(12):
        cells: list = [f"{number + 1}月"]
        for section in sections:
            line = section.months[number]
            state = line.month_state + ("，已修订" if line.revised else "")
            cells += [line.water_class, state, line.yuan]
        rows.append(Row(tuple(cells)))
    sums: list = ["合计"]
    for section in sections:
        sums += [None, None, section.yuan]
    rows.append(Row(tuple(sums), "total"))
    note = "；".join(
        f"{s.shown_name}：上游{s.upstream.name}，下游{s.downstream.name}，份额 {_share(s.share)}"
        for s in sections
    )
    return Table(f"逐月结果{suffix}", tuple(heads), tuple(rows), note=note)


def _share(percent: Number) -> str:
    """50%, and 87.8300% as papers always had it; what four decimals can't hold as it is."""
    if percent == int(percent):
        return f"{int(percent)}%"
    four = round_to_places(percent, 4)
    return f"{four}%" if four == percent else share_words(exact(percent) / 100)


def _yearly(page: SettlementYear) -> tuple[Table, ...]:
    if not page.yearly:
        return ()
    rows = [
        Row((line.rule, line.section, p.payer.name, p.payee.name, p.reason, p.yuan))
        for line in page.yearly
        for p in line.payments
    ]
    if rows:
        rows.append(
            Row(("合计", None, None, None, None, sum((y.yuan for y in page.yearly), ZERO)), "total")
        )
    return (
        Table(
            "按年核算",
            columns(
                ("规则", TEXT, 10),
                ("断面", TEXT, 12),
                ("付款方", TEXT, 10),
                ("收款方", TEXT, 10),
                ("事由", TEXT, 16),
                ("金额（元）", YUAN, 13),
            ),
            tuple(rows),
            empty="按年核算的条款本年互不补偿。",
        ),
    )


def _terms_words(page: SettlementYear) -> str:
    return (
        "适用条款："
        + "；".join(
            f"第 {t.number} 条款期，{t.rule}，{t.since} 起" + (f"至 {t.until}" if t.until else "")
            for t in page.terms
        )
        + "。"
    )


def _adjustments(
    standing: Standing, agreement: Agreement, page: SettlementYear, year: int
) -> Table:
    """A line an adjustment and party whose amount it changes, in the order of the months."""
    rows, counted = [], ZERO
    for change in standing.changes(standing.of_agreement(agreement, year), page.carried):
        for place, difference in change.differences:
            counted += difference if change.booked == year and difference > 0 else ZERO
            rows.append(
                Row(
                    (
                        period_words(change.accrual, year),
                        section_words(change.accrual),
                        change.cause,
                        place.name,
                        difference,
                        change.effect,
                    )
                )
            )
    if rows:
        rows.append(Row(("记入本年", None, None, None, counted, None), "total"))
    return Table(
        "调整",
        columns(
            ("期间", TEXT, 8),
            ("断面", TEXT, 12),
            ("起因", TEXT, 18),
            ("协议方", TEXT, 12),
            ("差额（元）", YUAN, 13),
            ("去向", TEXT, 12),
        ),
        tuple(rows),
        note="差额正数为该方增加应收，各方相抵为零；末行为记入本年的应收增加合计。" if rows else "",
        empty="没有调整。",
    )


def _signatures(standing: Standing, agreement: Agreement, year: int) -> Table:
    """Who signed what, on what ground, under which digest."""
    rows = [
        Row(
            (
                s.jurisdiction.name,
                s.get_subject_display(),
                timezone.localtime(s.at).date(),
                s.get_ground_display() + (f"，{s.document}" if s.document else ""),
                s.digest,
            )
        )
        for s in standing.signatures(agreement, year)
    ]
    return Table(
        "各方签认",
        columns(
            ("协议方", TEXT, 12),
            ("签认对象", TEXT, 8),
            ("日期", DATE, 9),
            ("方式", TEXT, 16),
            ("所签内容摘要（SHA-256）", TEXT, 40),
        ),
        tuple(rows),
        empty="各方尚未签认。",
    )


def _entry(standing: Standing, code: str, year: int) -> Table:
    own = Posting.objects.filter(
        entry__settlement__agreement__code=code,
        entry__settlement__year=year,
        entry__cause=JournalEntry.Cause.SETTLEMENT,
    )
    postings = list(
        standing.postings(own)
        .select_related("entry", "account__jurisdiction")
        .defer("account__jurisdiction__boundary")
        .order_by("entry__year", "entry__number", "-yuan", "pk")
    )
    rows = [
        Row(
            (
                p.entry.label,
                p.entry.booked_on,
                p.account.jurisdiction.name,
                p.entry.text,
                p.yuan if p.yuan > 0 else None,
                -p.yuan if p.yuan < 0 else None,
            )
        )
        for p in postings
    ]
    if rows:
        up = sum((p.yuan for p in postings if p.yuan > 0), ZERO)
        down = -sum((p.yuan for p in postings if p.yuan < 0), ZERO)
        rows.append(Row(("合计", None, None, "增减相等", up, down), "total"))
    return Table(
        "关账凭证",
        columns(
            ("凭证", TEXT, 12),
            ("记账日期", DATE, 10),
            ("账户", TEXT, 14),
            ("摘要", TEXT, 20),
            ("增加（元）", YUAN, 13),
            ("减少（元）", YUAN, 13),
        ),
        tuple(rows),
        note="增加：该户应收增多或应付减少；减少：该户应付增多或应收减少。" if rows else "",
        empty="尚未关账，没有凭证。",
    )


BROUGHT = columns(
    ("年度", TEXT, 8),
    ("协议方", TEXT, 14),
    ("关账净额（元）", YUAN, 14),
    ("关账后调整（元）", YUAN, 14),
    ("已收付（元）", YUAN, 14),
    ("尚未收付（元）", YUAN, 14),
)


def _brought_forward(cleared: Sequence[YearOfParty], year: int) -> Table:
    """What earlier years left to be paid: the statement opens with it."""
    owed = {line.year for line in cleared if line.left and line.year < year}
    rows = [_of_party(line) for line in cleared if line.year in owed]
    return Table(
        "以前年度结转",
        BROUGHT,
        tuple(rows),
        note="尚未收付：正数待收，负数待付；本年净额不含以前年度结转，另行清缴。" if rows else "",
        empty="以前年度没有未清的金额。",
    )


def _cleared(cleared: Sequence[YearOfParty], year: int) -> Table:
    rows = [_of_party(line) for line in cleared if line.year == year]
    return Table(
        "清缴情况",
        BROUGHT,
        tuple(rows),
        note="关账净额＋关账后调整＋已收付＝尚未收付；正数待收，负数待付。" if rows else "",
        empty="净额为零，没有应清缴的金额。",
    )


def _of_party(line: YearOfParty) -> Row:
    figures = (line.closed, line.adjusted, line.paid, line.left)
    return Row((f"{line.year}年", line.place.name, *figures))


def _payments(standing: Standing, code: str, year: int) -> Table:
    found = standing.payments(
        (Q(agreement__code=code) | Q(other_agreement__code=code))
        & (Q(settlement__year=year) | Q(settlement__isnull=True, paid_on__year=year))
    )
    moved = [m for m in movements_of(found) if m.agreement.code == code]
    rows = [
        Row((m.day, m.payment.voucher, m.how, m.payer.name, m.payee.name, m.yuan)) for m in moved
    ]
    passed_on = any(m.payment.kind == PASSED_ON for m in moved)
    if rows:
        paid = sum((m.yuan for m in moved if m.payment.kind != PASSED_ON), ZERO)
        rows.append(Row((None, "付款合计", None, None, None, paid), "total"))
    return Table(
        "付款",
        columns(
            ("付款日期", DATE, 10),
            ("付款凭证号", TEXT, 16),
            ("方式", TEXT, 9),
            ("付款方", TEXT, 11),
            ("收款方", TEXT, 11),
            ("金额（元）", YUAN, 14),
        ),
        tuple(rows),
        note="市级拨付是把代收、扣缴的款项转付收款方，同一笔款不再计入合计。" if passed_on else "",
        empty="尚无付款。",
    )
