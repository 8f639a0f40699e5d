"""`manage.py recompute`: work off the dirty months here and now, without a worker."""

import json

from django.core.management.base import BaseCommand

from settlements import pipeline


class Command(BaseCommand):
    help = "立即重算所有待重算的断面月(有后台进程时会自动完成)。"

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, **options):
        done = pipeline.recompute()
        if options["json"]:
            self.stdout.write(json.dumps({"section_months": done}))
        else:
            self.stdout.write(f"重算 {done} 个断面月。")
