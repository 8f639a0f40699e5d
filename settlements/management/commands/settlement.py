"""`manage.py settlement AGREEMENT YEAR`: a year's net, its twelve months and every step."""

import json
from collections import defaultdict
from decimal import Decimal

from django.core.management.base import BaseCommand, CommandError

from basins.ranges import months_of
from settlements.models import Accrual, Agreement, Settlement
from settlements.money import format_wan
from settlements.rules.base import MonthState

# Of several sections in one month, the state that matters most stands for the month.
GRAVITY = (
    MonthState.NOT_MET,
    MonthState.MANMADE_NO_FLOW,
    MonthState.NO_DATA,
    MonthState.NATURAL_NO_FLOW,
    MonthState.EXCLUDED,
    MonthState.NOT_INCREASED,
    MonthState.MET,
)


class Command(BaseCommand):
    help = "一个协议一年的结算:各方净额、十二个月的结果和逐行计算,如 manage.py settlement LONGXI 2023。"

    def add_arguments(self, parser):
        parser.add_argument("agreement", metavar="协议编码", help="如 LONGXI")
        parser.add_argument("year", metavar="年度", type=int, help="如 2023")
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, agreement, year, **options):
        found = report(*find(agreement, year))
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(summary(found)))


def find(code: str, year: int) -> tuple[Agreement, Settlement]:
    """The agreement and its year. Raises CommandError, naming those there are."""
    agreement = Agreement.objects.filter(code__iexact=code).first()
    if agreement is None:
        known = "、".join(Agreement.objects.values_list("code", flat=True)) or "(尚无协议)"
        raise CommandError(f"没有协议“{code}”;现有协议:{known}。")
    settlement = Settlement.objects.filter(agreement=agreement, year=year).first()
    if settlement is None:
        years = [
            str(y) for y in agreement.settlements.order_by("year").values_list("year", flat=True)
        ]
        known = "、".join(years) or "(尚无核算结果)"
        raise CommandError(f"协议 {agreement.code} 没有 {year} 年的结算;已有年度:{known}。")
    return agreement, settlement


def report(agreement: Agreement, settlement: Settlement) -> dict:
    """The year as plain data: yuan as text to the fen, jurisdictions and sections by name."""
    year = settlement.year
    monthly: dict[int, list[Accrual]] = defaultdict(list)
    yearly: list[Accrual] = []
    for accrual in (
        Accrual.objects.filter(term__agreement=agreement, period__range=months_of(year))
        .select_related("term_section__section")
        .prefetch_related("transfers__payer", "transfers__payee")
        .order_by("period", "term_section__section__km", "pk")
    ):
        (yearly if accrual.yearly else monthly[accrual.period.month]).append(accrual)
    nets = settlement.nets.select_related("jurisdiction").order_by("pk")
    return {
        "agreement": agreement.code,
        "year": year,
        "net": {n.jurisdiction.name: f"{n.yuan:.2f}" for n in nets},
        "months": [
            {"month": f"{year}-{number:02d}", **_results(monthly[number])}
            for number in range(1, 13)
        ],
        "yearly": _results(yearly) if yearly else None,
        "state": settlement.state,
    }


def _results(accruals: list[Accrual]) -> dict:
    states = {a.month_state for a in accruals}
    return {
        "state": next((s.value for s in GRAVITY if s.value in states), None),
        "transfers": [
            {
                "section": accrual.term_section.section.name,
                "payer": t.payer.name,
                "payee": t.payee.name,
                "yuan": f"{t.yuan:.2f}",
                "reason": t.reason,
            }
            for accrual in accruals
            for t in accrual.transfers.all()
        ],
        "steps": [
            {"section": accrual.term_section.section.name, **step}
            for accrual in accruals
            for step in accrual.steps
        ],
    }


def summary(found: dict) -> list[str]:
    """The same for people, a line a month."""
    state = Settlement.State(found["state"]).label
    lines = [f"{found['agreement']} {found['year']} 年({state}),净额(万元,正为应收):"]
    lines += [f"  {name} {format_wan(Decimal(yuan))}" for name, yuan in found["net"].items()]
    parts = [(m["month"], m) for m in found["months"]]
    if found["yearly"]:
        parts.append(("按年", found["yearly"]))
    for label, part in parts:
        words = MonthState(part["state"]).label if part["state"] else "未核算"
        paid = ";".join(
            f"{t['payer']} → {t['payee']} {format_wan(Decimal(t['yuan']))}({t['section']})"
            for t in part["transfers"]
        )
        lines.append(f"  {label} {words}{' ' + paid if paid else ''}")
    return lines
