"""`manage.py import_reference KIND FILE`: the districts, rivers, sections … of a table, all or none."""

import json
import sys
from argparse import ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from basins.clock import today
from basins.models import User
from basins.reference.kind import Asked, Change, Kind, Wrong
from basins.reference.planning import ReferenceRefused, carry_out, plan
from basins.reference.reading import read_file
from basins.reference.workbook import errors as error_sheet
from basins.refusals import Refused
from settlements.ledger.services.opening import OpeningRefused
from settlements.reference.kinds import KINDS, LAYOUTS
from settlements.reference.opening import LAYOUT as OPENING
from settlements.reference.opening import import_opening
from written.days import read_last_day
from written.text import CellError, FileError

SHOWN = 20


class Command(BaseCommand):
    help = (
        "导入基础资料的一张表（CSV 或 XLSX，模板见 export_reference KIND --template）；"
        "有一行不对就什么也不导入，再导一次不改变结果。"
    )

    def add_arguments(self, parser):
        parser.add_argument("kind", choices=LAYOUTS, metavar="KIND", help="、".join(LAYOUTS))
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="只核对，什么也不写")
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")
        parser.add_argument("--on", type=_day, help="自哪天起（默认今天）；期初余额的日期")
        parser.add_argument("--why", default="", help="依据，如文号；记入变更记录")
        parser.add_argument("--by", default="", help="办理人（登录名）；人员和日历由其提出")
        parser.add_argument("--approved-by", default="", help="复核人（登录名）；只用于期初余额")
        parser.add_argument("--errors", type=Path, metavar="XLSX", help="把有错的行写成可更正的表")

    def handle(self, *args, kind, file, **options):
        try:
            raw = file.read_bytes()
        except OSError as error:
            raise CommandError(f"读不到文件 {file}：{error.strerror}；请检查路径。") from error
        by = _person(options["by"])
        try:
            if kind == OPENING.code:
                found = self._opening(raw, file, by, options)
            else:
                found = self._reference(KINDS[kind], raw, file, by, options)
        except (FileError, Refused) as error:
            found = {"errors": [{"sheet": "", "row": 0, "field": "文件", "value": "",
                                 "message": str(error)}]}  # fmt: skip
        found = {
            "kind": kind, "file": file.name, "dry_run": options["dry_run"], "errors": [], **found
        }  # fmt: skip
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        else:
            self._say(LAYOUTS[kind].unit, found)
        if found["errors"]:
            sys.exit(1)

    def _reference(
        self, kind: Kind, raw: bytes, file: Path, by: User | None, options: dict
    ) -> dict[str, Any]:
        read = read_file(kind, raw, file.name)
        answer: dict[str, Any] = {}
        if options["dry_run"]:
            made = plan(kind, read.rows)
            wrong = made.wrong
        else:
            asked = Asked(by, options["on"] or today(), options["why"])
            try:
                made, answer = carry_out(kind, read.rows, asked)
                wrong = ()
            except ReferenceRefused as refused:
                made, wrong = plan(kind, ()), tuple(refused.wrong)
        if wrong and options["errors"]:
            options["errors"].write_bytes(error_sheet(kind, read.rows, wrong))
        return {
            **made.counts(),
            "rows": len(read.rows),
            "unread_sheets": list(read.unread),
            "changes": [change.to_json() for change in made.stored],
            "errors": [each.to_json() for each in wrong],
            **answer,
        }

    def _opening(self, raw: bytes, file: Path, by: User | None, options: dict) -> dict[str, Any]:
        second = _person(options["approved_by"])
        if (by is None) != (second is None):
            raise CommandError("--by 与 --approved-by 须同时给出，且是两个不同的人。")
        try:
            return import_opening(
                raw=raw,
                filename=file.name,
                on=options["on"],
                by=by,
                approved_by=second,
                dry_run=options["dry_run"],
            )
        except OpeningRefused as refused:
            titles = {column.key: column.title for column in OPENING.columns} | {"file": "文件"}
            wrong = [
                Wrong(w.row, w.field, titles.get(w.field, "整行"), "", w.message, w.sheet)
                for w in refused.wrong
            ]
            return {"errors": [each.to_json() for each in wrong]}

    def _say(self, unit: str, found: dict[str, Any]) -> None:
        if found["errors"]:
            self.stderr.write(f"什么也没有导入：{len(found['errors'])} 处要更正。")
            for each in found["errors"][:SHOWN]:
                where = f"第 {each['row']} 行 " if each["row"] else ""
                self.stderr.write(f"  {each['sheet']}{where}{each['field']}：{each['message']}")
            if len(found["errors"]) > SHOWN:
                self.stderr.write(f"  …… 共 {len(found['errors'])} 处；加 --errors 可写成表。")
            return
        done = "将" if found["dry_run"] else "已"
        counts = [
            f"{word} {found[what]} {unit}" for what, word in Change.WORDS.items() if found.get(what)
        ]
        self.stdout.write(f"{found['rows']} 行，{done}导入：{'，'.join(counts) or '没有改动'}。")
        for change in found.get("changes", ())[:SHOWN]:
            words = "；".join(f"{t} {b or '-'} → {a or '-'}" for t, b, a in change["differences"])
            also = "".join(change["also"])
            self.stdout.write(f"  {Change.WORDS[change['what']]} {change['name']}：{words}　{also}")
        for person in found.get("made", ()):
            self.stdout.write(f"  账号 {person['username']} 的初始密码：{person['password']}")
        for person in found.get("proposed", ()):
            half = f"，前半一次性密码 {person['half']}" if person["half"] else ""
            self.stdout.write(f"  账号事项 {person['act']}（{person['username']}）待复核{half}")
        for entry in found.get("entries", ()):
            self.stdout.write(f"  已入账：{entry}")


def _day(text: str) -> date:
    try:
        return read_last_day(text)
    except CellError as wrong:
        raise ArgumentTypeError(str(wrong)) from wrong


def _person(username: str) -> User | None:
    if not username:
        return None
    try:
        return User.objects.get(username=username)
    except User.DoesNotExist as error:
        raise CommandError(f"没有登录名“{username}”。") from error
