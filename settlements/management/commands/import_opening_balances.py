"""`manage.py import_opening_balances FILE --on DATE`: what stood in the old books, as one entry."""

import json
import sys
from argparse import ArgumentTypeError
from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from basins.models import User
from settlements.ledger.services.opening import (
    OpeningRefused,
    approve_opening,
    prepare_opening,
    read_opening,
)
from settlements.money import format_yuan
from settlements.moving.acts import NotAllowed
from written.days import read_last_day
from written.text import CellError


class Command(BaseCommand):
    help = (
        "导入期初余额（CSV 或 XLSX：行政区代码、协议编码、金额(元)、备注；正数为应收，"
        "各行合计为零），记为一张平衡凭证。--by 与 --approved-by 是两个不同的人。"
    )

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--on", required=True, type=_last_day, metavar="YYYY-MM-DD")
        parser.add_argument("--dry-run", action="store_true", help="只核对，不入账")
        parser.add_argument("--by", help="导入人（登录名）")
        parser.add_argument("--approved-by", help="复核人（登录名）")
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, **options):
        if bool(options["by"]) != bool(options["approved_by"]):
            raise CommandError("--by 与 --approved-by 须同时给出，且是两个不同的人。")
        path = Path(options["file"])
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise CommandError(f"读不到文件 {path}：{error.strerror}。") from error
        try:
            found = self._import(raw, path.name, options)
        except NotAllowed as error:
            raise CommandError(str(error)) from error
        except OpeningRefused as error:
            if not options["json"]:
                raise CommandError(str(error)) from error
            errors = [{"row": w.row, "field": w.field, "message": w.message} for w in error.wrong]
            self.stdout.write(json.dumps({"errors": errors}, ensure_ascii=False))
            sys.exit(1)
        self.stdout.write(
            json.dumps(found, ensure_ascii=False) if options["json"] else _words(found)
        )

    @transaction.atomic
    def _import(self, raw: bytes, name: str, options) -> dict:
        file = read_opening(raw, name)
        entry = None
        batch = prepare_opening(file=file, on=options["on"], by=_person(options["by"]))
        if options["dry_run"]:
            transaction.set_rollback(True)
        else:
            entry = approve_opening(batch=batch, by=_person(options["approved_by"]))
        return {
            "rows": len(file.rows),
            "on": options["on"].isoformat(),
            "receivable": f"{file.receivable:.2f}",
            "sum": "0.00",
            "entry": entry.label if entry else None,
            "dry_run": options["dry_run"],
            "errors": [],
        }


def _last_day(text: str) -> date:
    try:
        return read_last_day(text)
    except CellError as wrong:
        raise ArgumentTypeError(str(wrong)) from wrong


def _person(username: str | None) -> User | None:
    if not username:
        return None
    try:
        return User.objects.get(username=username)
    except User.DoesNotExist as error:
        raise CommandError(f"没有登录名“{username}”。") from error


def _words(found: dict) -> str:
    from decimal import Decimal

    words = (
        f"{found['rows']} 行，应收合计 {format_yuan(Decimal(found['receivable']))} 元，"
        "应收应付相抵为零。"
    )
    return words + (f"已入账：{found['entry']}。" if found["entry"] else "只核对，没有入账。")
