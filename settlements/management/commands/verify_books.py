"""`manage.py verify_books`: whether the ledger still holds everything it promised."""

import json
import sys

from django.core.management.base import BaseCommand, CommandError

from settlements.ledger.books.books import Books, NoHash, verify


class Command(BaseCommand):
    help = (
        "核验台账：逐张凭证核对平衡、连号、日期、摘要链与冲销，核对账户、付款与已关账的年度结算。"
        "有误，或给出的旧摘要不在链中，则退出码为 1。"
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--head", help="通报或结算单上印的摘要值（至少前 12 位）：是否仍在链中，在哪张凭证"
        )
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, **options):
        try:
            books = verify(options["head"])
        except NoHash as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(_found(books), ensure_ascii=False))
        else:
            self._say(books)
        if not books.sound:
            sys.exit(1)

    def _say(self, books: Books) -> None:
        self.stdout.write(
            f"凭证 {books.entries} 张，分录 {books.postings} 条，合计 {books.sum:.2f} 元。"
        )
        self.stdout.write(f"最后一张 {books.head_entry or '-'}，摘要值 {books.head}。")
        for each in books.broken:
            self.stdout.write(f"  {each.entry}：{each.problem}")
        if books.asked is not None:
            self.stdout.write(
                f"旧摘要 {books.asked.hash} 在链中：{books.asked.entry}。"
                if books.asked.contained
                else f"旧摘要 {books.asked.hash} 不在链中：它之后台账被改写，或它所在的凭证被删除。"
            )
        self.stdout.write("台账无误。" if books.sound else f"有 {len(books.broken)} 处错误。")


def _found(books: Books) -> dict:
    found: dict = {
        "entries": books.entries,
        "postings": books.postings,
        "sum": f"{books.sum:.2f}",
        "head": {"entry": books.head_entry, "hash": books.head},
        "first_broken": books.first_broken.entry if books.first_broken else None,
        "broken": [{"entry": b.entry, "problem": b.problem} for b in books.broken],
        "sound": books.sound,
    }
    if books.asked is not None:
        found["asked"] = {
            "head": books.asked.hash,
            "contained": books.asked.contained,
            "entry": books.asked.entry,
        }
    return found
