"""`manage.py missing MONTH`: what keeps a month from being computed and published."""

import json

from django.core.management.base import BaseCommand, CommandError

from settlements.work.queries.missing import missing
from written.days import read_month
from written.text import CellError


class Command(BaseCommand):
    help = (
        "一个月要核算和发布还缺什么、在哪里补,如 manage.py missing 2023-04。什么都不缺时没有一行。"
    )

    def add_arguments(self, parser):
        parser.add_argument("month", metavar="月份", help="如 2023-04")
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 列表")

    def handle(self, *args, month, **options):
        try:
            found = missing(read_month(month))
        except CellError as wrong:
            raise CommandError(str(wrong)) from wrong
        if options["json"]:
            said = json.dumps([each.to_json() for each in found], ensure_ascii=False)
            self.stdout.write(said)
            return
        for each in found:
            code = f"（{each.code}）" if each.code else ""
            self.stdout.write(f"{each.heading}{code}  {each.what}  {each.link}")
        self.stdout.write(f"共缺 {len(found)} 项。" if found else "什么都不缺。")
