"""拨款通知 as a paper: what a debtor is asked to pay, why, and by when."""

from basins.access import Viewer
from basins.words import day_words, month_words
from settlements.ledger.queries.demands import entry_of, visible_demands
from settlements.models import Demand, StateMove
from settlements.papers.capitals import capitals
from settlements.papers.paper import Paper, PaperKind, PaperSection, Row, Signature, Table
from settlements.papers.queries.parts import (
    DATE,
    TEXT,
    YUAN,
    amount,
    columns,
    government,
    place_of_installation,
)


def demand_paper(viewer: Viewer, pk: int) -> Paper | None:
    """The paper of a demand the viewer may see: 7 SQL queries."""
    demand = visible_demands(viewer).filter(pk=pk).first()
    return paper_of_demand(demand) if demand is not None else None


def subject_of_demand(demand: Demand) -> str:
    return f"demand:{demand.jurisdiction.code}:{demand.settlement.year}:{demand.pk}"


def paper_of_demand(demand: Demand) -> Paper:
    """As it was made; its due day is the present one. Without its code."""
    settlement, place = demand.settlement, demand.jurisdiction
    city, entry = place_of_installation(), entry_of(demand)
    due = f"{demand.due_on.year}年{day_words(demand.due_on)}"
    rows = []
    if entry is not None:
        rows.append(Row((entry.label, entry.booked_on, entry.text, demand.yuan)))
        rows.append(Row(("合计", None, None, demand.yuan), "total"))
    return Paper(
        kind=PaperKind.DEMAND,
        subject=subject_of_demand(demand),
        title=f"{place.name}{settlement.year}年度流域横向生态保护补偿资金拨款通知",
        unit_line="单位：元",
        addressees=(government(place.name, place.level),),
        summary=(
            f"{_why(demand)}。贵方应付补偿资金 {demand.yuan:,.2f} 元（人民币{capitals(demand.yuan)}）"
            f"{_payees(demand)}。请于 {due}{'（暂定）' if demand.provisional else ''}前付清：自 "
            f"{demand.made_on} 起 {demand.days} 个工作日。付款后请将付款凭证号和银行回单送"
            f"{city}财政局；逾期未付的自到期日起计入欠款。",
        ),
        amounts=(amount(f"{settlement.agreement.title}{settlement.year}年", -demand.yuan),),
        sections=(
            PaperSection(
                "依据的凭证",
                tables=(
                    Table(
                        "依据的凭证",
                        columns(
                            ("凭证", TEXT, 12),
                            ("记账日期", DATE, 10),
                            ("摘要", TEXT, 34),
                            ("应付（元）", YUAN, 14),
                        ),
                        tuple(rows),
                    ),
                ),
            ),
        ),
        signatures=(
            Signature("发出单位", f"{city}生态环境局"),
            Signature("清算单位", f"{city}财政局"),
        ),
        filters=(
            ("协议", f"{settlement.agreement.title}（{settlement.agreement.code}）"),
            ("年度", str(settlement.year)),
            ("付款方", f"{place.name}（{place.code}）"),
        ),
        as_of=demand.made_at,
    )


def _why(demand: Demand) -> str:
    settlement = demand.settlement
    agreement = f"《{settlement.agreement.title}》"
    if demand.adjustment is None:
        return (
            f"根据{agreement}，{settlement.year}年度结算经各方确认，于 {settlement.closed_on} 关账"
        )
    accrual = demand.adjustment.accrual
    return (
        f"根据{agreement}，{settlement.year}年度关账后，{month_words(accrual.period)}的结果经批准"
        f"于 {demand.made_on} 调整（{demand.adjustment.reason.rstrip('。')}）"
    )


def _payees(demand: Demand) -> str:
    """Who of the closed year's parties it is for, where one alone receives."""
    booked = demand.adjustment or demand.settlement
    names = (
        booked.nets.filter(yuan__gt=0)
        .order_by("jurisdiction__code")
        .values_list("jurisdiction__name", flat=True)
    )
    return f"，收款方{'、'.join(names)}" if names else ""


def made_by(demand: Demand) -> str:
    """Who prepared what booked it: 1 SQL query."""
    if demand.adjustment is not None:
        return str(demand.adjustment.reviewed_by)
    prepared = (
        StateMove.objects.filter(
            thing="settlement", object_id=demand.settlement_id, event="prepare"
        )
        .select_related("by")
        .order_by("-pk")
        .first()
    )
    return str(prepared.by if prepared else demand.by)
