"""`manage.py export_reference KIND [FILE]`: what there is, in the layout that is imported."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from basins.reference.planning import text_rows
from basins.reference.workbook import as_csv, export, template
from settlements.reference import opening
from settlements.reference.kinds import KINDS, LAYOUTS


class Command(BaseCommand):
    help = (
        "导出基础资料的一张表，版式与 import_reference 所导入的相同；"
        "不给文件名则以 CSV 写到标准输出，文件名以 .xlsx 结尾则为工作簿。"
    )

    def add_arguments(self, parser):
        parser.add_argument("kind", choices=LAYOUTS, metavar="KIND", help="、".join(LAYOUTS))
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE")
        parser.add_argument(
            "--template", action="store_true", help="只要模板：空表、填好的示例和填写说明"
        )

    def handle(self, *args, kind, file, **options):
        layout = LAYOUTS[kind]
        rows: Iterable[Mapping[str, str]]
        if options["template"]:
            rows = layout.examples
        else:
            rows = opening.rows() if kind == opening.LAYOUT.code else text_rows(KINDS[kind])
        if file is None:
            self.stdout.write(as_csv(layout, rows), ending="")
            return
        if file.suffix.lower() == ".xlsx":
            content = template(layout) if options["template"] else export(layout, rows)
        else:
            content = as_csv(layout, rows).encode("utf-8-sig")
        try:
            file.write_bytes(content)
        except OSError as error:
            raise CommandError(f"写不了文件 {file}：{error.strerror}；请换一个位置。") from error
        self.stderr.write(f"已写入 {file}。")
