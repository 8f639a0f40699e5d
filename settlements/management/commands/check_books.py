"""`manage.py check_books`: the named checks, and what breaks each."""

import json
import sys

from django.core.management.base import BaseCommand

from settlements.checks.docs import PAGE, page
from settlements.checks.registry import CHECKS, run_checks


class Command(BaseCommand):
    help = (
        "逐项检查账簿、付款、月核算、月通报、流程、数据和存放文件的各项约定，列出违反者。"
        "有一项不成立，退出码为 1。"
    )

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")
        parser.add_argument(
            "--docs", action="store_true", help="只重新生成 docs/checks.md，不做检查"
        )

    def handle(self, *args, **options):
        if options["docs"]:
            PAGE.write_text(page(), encoding="utf-8")
            self.stdout.write("已更新 docs/checks.md。")
            return
        results = run_checks()
        if options["json"]:
            found = {"checks": [result.to_json() for result in results]}
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        else:
            self._say(results)
        if not all(result.ok for result in results):
            sys.exit(1)

    def _say(self, results) -> None:
        for result in results:
            mark = "成立" if result.ok else "不成立"
            self.stdout.write(f"{mark}  {result.check.title}（{result.check.name}）")
            for each in result.found:
                self.stdout.write(f"    {each}")
        failed = sum(not result.ok for result in results)
        self.stdout.write(
            f"{failed} 项不成立，共 {len(CHECKS)} 项。" if failed else f"{len(CHECKS)} 项都成立。"
        )
