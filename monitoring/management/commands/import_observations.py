"""`manage.py import_observations FILE`: record figures other than readings, all or none."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from monitoring.observations.services.observations import (
    ObservationsRefused,
    Recorded,
    import_observations,
)
from monitoring.protocols.layouts import FileError


class Command(BaseCommand):
    help = "导入指标值文件(CSV 或 XLSX:水量、生态流量、自然岸线等);有一行不对就全部不导入。"

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="只核对,不写入")
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, file, **options):
        if not file.is_file():
            raise CommandError(f"{file}:没有这个文件;请检查路径。")
        try:
            done = import_observations(
                raw=file.read_bytes(), filename=file.name, by=None, dry_run=options["dry_run"]
            )
        except FileError as error:
            raise CommandError(str(error)) from error
        except ObservationsRefused as refused:
            if not options["json"]:
                raise CommandError(f"没有导入:\n{refused}") from refused
            done = Recorded(dry_run=options["dry_run"], wrong=refused.wrong)
            self.stdout.write(json.dumps(done.to_json(), ensure_ascii=False))
            raise CommandError(f"没有导入:{len(refused.wrong)} 处有误。") from refused
        if options["json"]:
            self.stdout.write(json.dumps(done.to_json(), ensure_ascii=False))
            return
        self.stdout.write(
            f"{'核对' if done.dry_run else '导入'} {done.rows} 行:新增 {done.new},"
            f"更正 {done.corrected},未变 {done.same}。"
        )
        if done.doubtful:
            at = "、".join(map(str, done.doubtful[:20]))
            self.stdout.write(f"第 {at} 行的数值全是 9，像系统的填充值；请核对，有误的请更正。")
        if done.unread_sheets:
            self.stdout.write(f"没有读的工作表(没有列标题):{'、'.join(done.unread_sheets)}。")
