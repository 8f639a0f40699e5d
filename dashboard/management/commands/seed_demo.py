"""`manage.py seed_demo`: the demonstration city, stored once."""

import json

from django.core.management.base import BaseCommand, CommandError

from dashboard.demo.build import SeedRefused, seed


class Command(BaseCommand):
    help = "载入演示数据(固定种子,可重复);已载入时不做任何事。"

    def add_arguments(self, parser):
        parser.add_argument("--months", type=int, help="只生成最近若干个月的监测数据")
        parser.add_argument("--only", default="", help="只载入这些协议,逗号分隔,如 LONGXI,LONGTAN")
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, months, only, **options):
        if months is not None and months < 1:
            raise CommandError(f"--months {months}:请填 1 或更大的数。")
        try:
            done = seed(
                months=months,
                only=[code.strip() for code in only.split(",") if code.strip()],
                say=self.stderr.write,
            )
        except SeedRefused as why:
            raise CommandError(str(why)) from why
        if options["json"]:
            self.stdout.write(json.dumps(done.to_json(), ensure_ascii=False))
        elif done.already:
            self.stdout.write("演示数据已在库中。")
        else:
            self.stdout.write(
                f"演示数据至 {done.last}:断面 {done.sections},协议 {done.agreements},"
                f"监测数据 {done.readings},月核算 {done.accruals},收付 {done.transfers},月通报 {done.notices},"
                f"已关账 {done.closed},付款 {done.payments}。"
            )
