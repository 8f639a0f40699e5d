"""`manage.py verify_accruals`: every accrual computed again from its stored inputs."""

import json
import sys
from dataclasses import asdict

from django.core.management.base import BaseCommand

from settlements.reckoning.verification import verify_accruals


class Command(BaseCommand):
    help = "用每笔核算留存的输入重算一遍,核对摘要、状态和收付;有不符时退出码为 1。"

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, **options):
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
