"""`manage.py verify_accruals`: every accrual computed again from its stored inputs.

With --from-readings from what is measured now instead: which months an upgrade that reckons
more exactly touches. Nothing is written.
"""

import json
import sys
from dataclasses import asdict

from django.core.management.base import BaseCommand

from settlements.accruals.queries.again import FoundOtherwise, found_again
from settlements.accruals.services.proposals import Holding
from settlements.reckoning.verification import verify_accruals
from settlements.rules.facts import MonthState


class Command(BaseCommand):
    help = (
        "用每笔核算留存的输入重算一遍，核对摘要、状态和收付；--from-readings 改用现有监测数据重算，"
        "列出结果不同的月份。有不符时退出码为 1。"
    )

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

        parser.add_argument(
            "--from-readings",
            action="store_true",
            help="由现有监测数据、条款和目标重算，不写库；升级后看哪些月份受影响",
        )

    def handle(self, *args, **options):
        if options["from_readings"]:
            return self._from_readings(options["json"])
        found = verify_accruals()
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {"checked": found.checked, "differ": [asdict(d) for d in found.differ]},
                    ensure_ascii=False,
                )
            )
        else:
            self.stdout.write(f"核对 {found.checked} 笔核算,不符 {len(found.differ)} 处。")
            for d in found.differ:
                self.stdout.write(f"  {d.agreement} {d.section} {d.period}:{d.problem}")
        if found.differ:
            sys.exit(1)

    def _from_readings(self, as_json: bool) -> None:
        found = found_again()
        if as_json:
            result = {
                "checked": found.checked,
                "digests": found.digests,
                "otherwise": [_plain(each) for each in found.otherwise],
            }
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            self.stdout.write(
                f"由监测数据重算 {found.checked} 笔核算，输入摘要不同 {found.digests} 笔，"
                f"结果不同 {len(found.otherwise)} 笔。"
            )
            for each in found.otherwise:
                self.stdout.write(
                    f"  {each.agreement} {each.section} {each.period:%Y-%m}"
                    f"（{'已发布' if each.published else '未发布'}）："
                    f"原 {_words(each.was)}；现 {_words(each.now)}"
                )
        if found.otherwise:
            sys.exit(1)


def _plain(each: FoundOtherwise) -> dict[str, object]:
    return {
        "agreement": each.agreement,
        "section": each.section,
        "period": f"{each.period:%Y-%m}",
        "published": each.published,
        "same_inputs": each.same_inputs,
        "was": {"state": each.was.state, "payments": _payments(each.was)},
        "now": {"state": each.now.state, "payments": _payments(each.now)},
    }


def _payments(holds: Holding) -> list[list[str]]:
    return [[payer, payee, str(yuan)] for payer, payee, yuan in sorted(holds.payments)]


def _words(holds: Holding) -> str:
    paid = "、".join(f"{a}→{b} {yuan:,} 元" for a, b, yuan in sorted(holds.payments))
    return f"{MonthState(holds.state).label}，{paid or '互不补偿'}"
