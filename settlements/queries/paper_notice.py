"""月通报 of the whole scheme: one sentence, an annex per party and an annex per indicator.

From the accruals of the month: the means and targets they were computed from, so that the
annex per indicator explains the amounts and nothing else.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from basins.access import Act, Viewer
from basins.models import Jurisdiction
from monitoring.standards.assessment import assess
from monitoring.standards.gb3838_2002 import NAMES, ORDER, UNITS, WaterBody, WaterClass
from monitoring.standards.rounding import round_to_places
from settlements.models import Accrual, Transfer
from settlements.queries.months import reference_class
from settlements.queries.paper_parts import (
    CLASS,
    DEMO_NOTE,
    NUMBER,
    TEXT,
    WAN,
    ZERO,
    amount,
    columns,
    place_of_installation,
    section_words,
)
from settlements.queries.visible import visible_accruals
from settlements.queries.years import payments_prefetch
from settlements.rules.base import MonthState
from settlements.rules.facts import plain_decimal
from settlements.statements.paper import Paper, PaperKind, Row, Section, Signature, Table


def notice_paper(viewer: Viewer, month: date) -> Paper | None:
    """The notice of a month: 3 SQL queries. None without accruals, or for who sees but a part."""
    if not viewer.sees_all(Act.SEE_RESULTS):
        return None
    accruals = list(
        visible_accruals(viewer)
        .filter(period=month, yearly=False)
        .select_related(
            "term__agreement__river",
            "term_section__section__river",
            "term_section__upstream",
            "term_section__downstream",
        )
        .defer(
            "steps",
            "term_section__upstream__boundary",
            "term_section__downstream__boundary",
        )
        .prefetch_related(payments_prefetch())
        .order_by("term__agreement__code", "term_section__section__km", "pk")
    )
    if not accruals:
        return None
    city = place_of_installation()
    transfers = [t for a in accruals for t in a.transfers.all()]
    total = sum((t.yuan for t in transfers), ZERO)
    parties = _parties(accruals, transfers)
    return Paper(
        kind=PaperKind.NOTICE,
        subject=f"notice:{month:%Y-%m}",
        title=f"{city}流域横向生态保护补偿{month.year}年{month.month}月通报",
        unit_line="单位：万元",
        addressees=("各区县（自治县）人民政府", f"{city}财政局"),
        summary=(_summary(month, accruals, total), PROCEDURE),
        amounts=(amount(f"{month.year}年{month.month}月补偿合计", total, signed=False),),
        sections=(
            Section("附件1 各方收付", tables=(_party_table(parties),)),
            Section("附件2 各断面核算结果", tables=(_section_table(accruals),)),
            Section("附件3 各指标超标情况", tables=_indicator_tables(accruals)),
        ),
        signatures=(Signature("签发单位", f"{city}生态环境局"),),
        notes=(
            "水质类别按 GB 3838—2002 单因子评价；附件3 的均值为核算采用的月均值。",
            "按年核算的协议不在月通报内，随年度结算单公布。",
            *((DEMO_NOTE,) if any(a.term_section.section.is_demo for a in accruals) else ()),
        ),
        filters=(("月份", f"{month:%Y-%m}"), ("范围", "全部执行中的协议，按月核算")),
        as_of=max(a.computed_at for a in accruals),
    )


PROCEDURE = "各方对本月结果有异议的，请在通报发布后的异议期内书面提出，并附证据；逾期视为无异议。"
Party = tuple[Jurisdiction, Decimal, Decimal]


def _summary(month: date, accruals: Sequence[Accrual], total: Decimal) -> str:
    missed = sum(a.month_state == MonthState.NOT_MET.value for a in accruals)
    without = sum(a.month_state == MonthState.NO_DATA.value for a in accruals)
    paid = sum(bool(a.transfers.all()) for a in accruals)
    agreements = len({a.term.agreement_id for a in accruals})
    words = (
        f"{month.year}年{month.month}月，{agreements} 份协议共核算断面 {len(accruals)} 项，"
        f"未达标 {missed} 项"
    )
    if without:
        words += f"，无有效数据 {without} 项"
    if not paid:
        return words + "；各方互不补偿。"
    return words + f"；{paid} 项发生补偿，合计 {total / 10000:,.2f} 万元。"


def _parties(accruals: Sequence[Accrual], transfers: Sequence[Transfer]) -> list[Party]:
    places: dict[int, Jurisdiction] = {}
    up: dict[int, Decimal] = defaultdict(lambda: ZERO)
    down: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for accrual in accruals:
        for side in (accrual.term_section.upstream, accrual.term_section.downstream):
            places[side.pk] = side
    for transfer in transfers:
        places[transfer.payer_id], places[transfer.payee_id] = transfer.payer, transfer.payee
        up[transfer.payee_id] += transfer.yuan
        down[transfer.payer_id] += transfer.yuan
    return [
        (place, up[place.pk], down[place.pk])
        for place in sorted(places.values(), key=lambda p: (p.sort_key, p.pk))
    ]


def _party_table(parties: Sequence[Party]) -> Table:
    rows = [
        Row((number, place.name, up, down, up - down))
        for number, (place, up, down) in enumerate(parties, start=1)
    ]
    ups = sum((up for _, up, _ in parties), ZERO)
    downs = sum((down for _, _, down in parties), ZERO)
    rows.append(Row((None, "合计", ups, downs, ups - downs), "total"))
    return Table(
        "各方收付",
        columns(
            ("序", NUMBER, 4),
            ("协议方", TEXT, 18),
            ("应收（万元）", WAN, 14),
            ("应付（万元）", WAN, 14),
            ("净额（万元）", WAN, 14),
        ),
        tuple(rows),
        note="净额正数为应收，负数为应付。",
    )


def _section_table(accruals: Sequence[Accrual]) -> Table:
    rows: list[Row] = []
    total = ZERO
    for number, accrual in enumerate(accruals, start=1):
        part = accrual.term_section
        yuan = sum((t.yuan for t in accrual.transfers.all()), ZERO)
        total += yuan
        target = reference_class(accrual)
        rows.append(
            Row(
                (
                    number,
                    accrual.term.agreement.river.name,
                    section_words(accrual),
                    f"{part.upstream.short_name}→{part.downstream.short_name}",
                    int(target) if target else None,
                    accrual.water_class,
                    accrual.get_month_state_display(),
                    "；".join(
                        f"{t.payer.short_name}付{t.payee.short_name}"
                        for t in accrual.transfers.all()
                    ),
                    yuan,
                )
            )
        )
    rows.append(Row((None, "合计", None, None, None, None, None, None, total), "total"))
    return Table(
        "各断面核算结果",
        columns(
            ("序", NUMBER, 4),
            ("河流", TEXT, 8),
            ("断面", TEXT, 12),
            ("上游→下游", TEXT, 10),
            ("目标", CLASS, 5),
            ("类别", CLASS, 5),
            ("月度状态", TEXT, 9),
            ("收付", TEXT, 12),
            ("金额（万元）", WAN, 10),
        ),
        tuple(rows),
    )


def _indicator_tables(accruals: Sequence[Accrual]) -> tuple[Table, ...]:
    """Per indicator, the sections over the limit of their target class, worst first."""
    found: dict[str, dict[int, tuple[Decimal, tuple]]] = defaultdict(dict)
    for accrual in accruals:
        target = reference_class(accrual)
        means = {c: Decimal(v) for c, v in accrual.inputs.get("means", {}).items()}
        if not means or target is None or target is WaterClass.INFERIOR_V:
            continue
        section = accrual.term_section.section
        body = WaterBody(section.water_body)
        for over in assess(means, body, target).exceedances:
            multiple = round_to_places(over.multiple, 2) if over.multiple is not None else None
            cells = (
                accrual.term.agreement.river.name,
                section_words(accrual),
                target.value,
                f"{plain_decimal(round_to_places(over.value, 4))} {UNITS[over.indicator]}".strip(),
                multiple,
            )
            found[over.indicator][section.pk] = (over.multiple or ZERO, cells)
    heads = columns(
        ("河流", TEXT, 12),
        ("断面", TEXT, 16),
        ("目标", CLASS, 8),
        ("月均值", TEXT, 14),
        ("超标倍数", NUMBER, 10),
    )
    if not found:
        return (Table("各指标", heads, (), empty="各断面各指标月均值均未超过目标类别的限值。"),)
    return tuple(
        Table(
            NAMES[code],
            heads,
            tuple(
                Row(cells)
                for _, cells in sorted(found[code].values(), key=lambda f: (-f[0], f[1][1]))
            ),
        )
        for code in sorted(found, key=ORDER.index)
    )
