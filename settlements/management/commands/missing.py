"""`manage.py missing MONTH`: what keeps a month from being computed and published."""

import json
from datetime import date

from django.core.management.base import BaseCommand, CommandError

from settlements.work.queries.missing import missing
from written.days import NoDay, read_span


class Command(BaseCommand):
    help = (
        "一个月要核算和发布还缺什么、在哪里补,如 manage.py missing 2023-04。什么都不缺时没有一行。"
    )

    def add_arguments(self, parser):
        parser.add_argument("month", metavar="月份", help="如 2023-04")
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 列表")

    def handle(self, *args, month, **options):
        found = missing(self._read(month))
        if options["json"]:
            said = json.dumps([each.to_json() for each in found], ensure_ascii=False)
            self.stdout.write(said)
            return
        for each in found:
            code = f"（{each.code}）" if each.code else ""
            self.stdout.write(f"{each.heading}{code}  {each.what}  {each.link}")
        self.stdout.write(f"共缺 {len(found)} 项。" if found else "什么都不缺。")

    @staticmethod
    def _read(text: str) -> date:
        try:
            span = read_span(text, dotted_month=True)
        except NoDay as wrong:
            raise CommandError(f"月份“{text}”读不出；请写成 2023-04。") from wrong
        if span.of == span.YEAR:
            raise CommandError(f"“{text}”是年份，没有写到月；请写成 2023-04。")
        return span.first.replace(day=1)
