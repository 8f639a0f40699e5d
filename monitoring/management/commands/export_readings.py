"""`manage.py export_readings FILE.xlsx --month 2024-01`: readings and means as they are sent on."""

import argparse
import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from basins.clock import now
from basins.models import River
from basins.ranges import months_between
from basins.refusals import Refused
from basins.snapshot import one_snapshot
from monitoring.export.export_job import about
from monitoring.export.workbook import LAYOUTS, MOST_MONTHS, Wanted, write_workbook
from monitoring.models import Section
from written.days import read_month


def month(text: str):
    try:
        return read_month(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from wrong


class Command(BaseCommand):
    help = (
        "把监测数据和月均值写成 XLSX:国家站发布版式或一行一个样品,一月一张工作表;"
        "用 import_readings 再导入得到同样的数据。"
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, metavar="FILE.xlsx")
        parser.add_argument("--month", type=month, required=True, help="起始月份,如 2024-01")
        parser.add_argument("--to", type=month, help="终止月份;不写即只有起始月份")
        parser.add_argument(
            "--layout", choices=list(LAYOUTS), default="national", help="默认国家站发布版式"
        )
        parser.add_argument("--river", metavar="CODE", help="只要一条河流的断面")
        parser.add_argument(
            "--section", action="append", default=[], metavar="CODE", help="只要这个断面,可多次写"
        )
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, file, month, to, layout, river, section, **options):
        months = months_between(month, to or month)
        if not months or len(months) > MOST_MONTHS:
            raise CommandError(f"终止月份应在起始月份之后,一次至多 {MOST_MONTHS} 个月。")
        if file.suffix.lower() != ".xlsx":
            raise CommandError(f"{file} 不是工作簿;文件名请以 .xlsx 结尾。")
        wanted = Wanted(
            layout, tuple(months), tuple(_sections(river, section)), about("命令", now())
        )
        part = file.with_suffix(".part")
        try:
            with one_snapshot():
                written = write_workbook(part, wanted)
            part.replace(file)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        except OSError as error:
            raise CommandError(f"写不了文件 {file}:{error.strerror};请换一个位置。") from error
        finally:
            part.unlink(missing_ok=True)
        if options["json"]:
            self.stdout.write(json.dumps(written.to_json(), ensure_ascii=False))
            return
        self.stdout.write(
            f"已写入 {file}:{written.samples} 个样品,{written.readings} 个数值,"
            f"{written.means} 个断面月的均值。"
        )


def _sections(river: str | None, codes: list[str]) -> list[Section]:
    """Those named, all where none is. Raises CommandError for a code that is none."""
    found = Section.objects.select_related("province", "river")
    if river:
        if not River.objects.filter(code=river).exists():
            raise CommandError(
                f"没有代码为 {river} 的河流;manage.py export_reference rivers 列出全部。"
            )
        found = found.filter(river__code=river)
    if codes:
        found = found.filter(code__in=codes)
        if missing := sorted(set(codes) - {section.code for section in found}):
            raise CommandError(
                f"没有编码为 {'、'.join(missing)} 的断面;manage.py export_reference sections 列出全部。"
            )
    return list(found)
