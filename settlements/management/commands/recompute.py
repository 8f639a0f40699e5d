"""`manage.py recompute`: work off the dirty months here and now, without a worker."""

import json
import sys

from django.core.management.base import BaseCommand

from monitoring.assessment.services.assessment import set_aside_months
from settlements import pipeline


class Command(BaseCommand):
    help = "立即重算所有待重算的断面月(有后台进程时会自动完成)。"

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, **options):
        done = pipeline.recompute()
        failed = set_aside_months()
        if options["json"]:
            result = {
                "section_months": done,
                "failed": [
                    {"section": name, "month": f"{month:%Y-%m}", "error": error}
                    for name, month, error in failed
                ],
            }
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            self.stdout.write(f"重算 {done} 个断面月。")
            for name, month, error in failed:
                self.stderr.write(f"{name} {month:%Y-%m} 未能重算:{error}")
        if failed:
            sys.exit(1)
