"""`manage.py verify_books`: whether the ledger still holds everything it promised."""

import json
import sys

from django.core.management.base import BaseCommand

from settlements.services.books import verify


class Command(BaseCommand):
    help = (
        "核验台账:逐张凭证核对平衡、连号、日期、摘要链,并与已关账的年度结算核对。有误则退出码为 1。"
    )

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, **options):
        books = verify()
        if options["json"]:
            found = {
                "entries": books.entries,
                "postings": books.postings,
                "sum": f"{books.sum:.2f}",
                "broken": [{"entry": b.entry, "problem": b.problem} for b in books.broken],
            }
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        else:
            self.stdout.write(
                f"凭证 {books.entries} 张,分录 {books.postings} 条,合计 {books.sum:.2f} 元。"
            )
            for each in books.broken:
                self.stdout.write(f"  {each.entry}:{each.problem}")
            self.stdout.write("台账无误。" if books.sound else f"有 {len(books.broken)} 处错误。")
        if not books.sound:
            sys.exit(1)
