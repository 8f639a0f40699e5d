"""`manage.py import_readings FILE`: store the readings of a file and answer for every row."""

import json
import sys
import threading
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from tqdm import tqdm

from jobs import services as jobs
from jobs.models import Job
from monitoring.ingest.services.import_job import Told, enter_import, enter_trial
from monitoring.ingest.services.ingest import KINDS, Reviewed
from monitoring.ingest.services.senders import way_of
from monitoring.models import DirtyMonth
from monitoring.protocols.layouts import FileError
from written.moments import FORMS, ZONES

WORDS = {
    "rows": "行",
    "samples": "样品",
    "readings": "数据",
    "stored": "入库",
    "duplicate": "重复",
    "correction": "更正",
    "empty": "空行(站点未运行)",
    "rejected": "拒收",
}


class Command(BaseCommand):
    help = (
        "导入监测数据文件:CSV 或 XLSX(可有多张工作表),国家站发布版式、一行一个样品的宽表或"
        "一行一个数值的长表;重复运行不改变结果。"
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--year", type=int, help="文件中的时间没有年份时使用")
        parser.add_argument("--create-sections", action="store_true", help="自动新建未登记的断面")
        parser.add_argument(
            "--rejects",
            type=Path,
            help="把拒收的行写入此 CSV 文件;以 .xlsx 结尾时按工作簿原版式写出,更正后可再导入",
        )
        parser.add_argument("--dry-run", action="store_true", help="只试算会改变什么,不写入")
        parser.add_argument(
            "--mapping",
            help='列对应关系:JSON 文件,或 JSON 本身,如 {"氨氮浓度": {"as": "NH3-N", '
            '"unit": "mg/L"}, "内部编号": "ignore"}',
        )
        parser.add_argument(
            "--sender", default="", help="报送单位;它的列对应关系、时间格式和时区会记住"
        )
        parser.add_argument(
            "--time-format", choices=[form for form in FORMS if form], help="年不在最前时的时间格式"
        )
        parser.add_argument("--zone", choices=list(ZONES), help="时间没有写时区时按哪个时区")
        parser.add_argument(
            "--reviewed",
            nargs=2,
            metavar=("审核单位", "审核文件"),
            help="数据已在别处审核:不再置为存疑,批次上注明由谁、按哪份文件审核",
        )
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, file, year, rejects, dry_run, **options):
        if not file.is_file():
            raise CommandError(f"{file}:没有这个文件;请检查路径。")
        if year is not None and not 1980 <= year <= 2100:
            raise CommandError(f"--year {year}:请写四位年份,如 --year 2021。")
        if rejects and not rejects.resolve().parent.is_dir():
            raise CommandError(f"--rejects {rejects}:文件夹不存在;请先建好。")
        if rejects and dry_run:
            raise CommandError("--rejects 与 --dry-run 不能同用;试算不写任何文件。")
        told = self.told(year, options)
        if dry_run:
            job = enter_trial(path=file, told=told, wake=False)
        else:
            job = enter_import(path=file, told=told, rejects=rejects, wake=False)
        try:
            with shown_progress(job.pk):
                job = jobs.run(job.pk)
        except FileError as error:
            raise CommandError(str(error)) from error
        if job.state != Job.State.DONE or job.result is None:
            raise CommandError(job.error or f"导入{job.get_state_display()}。")
        if not dry_run and (waiting := DirtyMonth.objects.count()):
            self.stderr.write(
                f"{waiting} 个断面月待重算:后台进程运行时自动完成,也可运行 manage.py recompute。"
            )
        self.print_result(job.result, as_json=options["json"], rejects=rejects)

    def told(self, year: int | None, options: dict) -> Told:
        """What the options say of the file and its sender; raises CommandError."""
        reviewed = Reviewed(*options["reviewed"]) if options["reviewed"] else None
        try:
            way = way_of(
                options["sender"],
                mapping=given_mapping(options["mapping"]),
                time_format=options["time_format"],
                zone=options["zone"],
            )
            way.way()
        except FileError as error:
            raise CommandError(f"--mapping:{error}") from error
        return Told(year, options["create_sections"], options["sender"], way, reviewed)

    def print_result(self, result: dict, *, as_json: bool, rejects: Path | None) -> None:
        if as_json:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
            return
        for name in ("rows", "samples", "readings", *KINDS):
            self.stdout.write(f"{WORDS[name]}\t{result[name]}")
        for sheet in result["sheets"] if len(result["sheets"]) > 1 else ():
            self.stdout.write(
                f"工作表“{sheet['name']}”\t{sheet['rows']} 行:入库 {sheet['stored']},"
                f"重复 {sheet['duplicate']},更正 {sheet['correction']},"
                f"空行 {sheet['empty']},拒收 {sheet['rejected']}"
            )
        if result["unread_columns"]:
            self.stdout.write(f"没有读的列和表:{'、'.join(result['unread_columns'])}")
        if result["created_sections"]:
            self.stdout.write(f"新建断面:{'、'.join(result['created_sections'])}")
        if result["doubted"]:
            self.stdout.write(f"存疑\t{len(result['doubted'])}")
        for doubt in result["doubted"][:20]:
            self.stdout.write(
                f"  第 {doubt['row']} 行 {doubt['field']} “{doubt['value']}”:{doubt['reason']}"
            )
        if result["assumed_waters"]:
            self.stdout.write("按名称推定了水体,请在 数据 › 断面水体 核定:")
            for each in result["assumed_waters"]:
                self.stdout.write(f"  {each['name']}\t{each['body']}({each['why']})")
        if result["unknown_sections"]:
            self.stdout.write(
                f"未登记的断面:{'、'.join(result['unknown_sections'])}\n"
                "  请先登记,或加 --create-sections 自动新建。"
            )
        for reject in result["rejects"][:20]:
            self.stdout.write(
                f"  第 {reject['row']} 行 {reject['field']} “{reject['value']}”:{reject['reason']}"
            )
        for amount in result.get("amounts", [])[:20]:
            self.stdout.write(
                f"  {amount['agreement']} {amount['section']} {amount['period']}"
                f"{'(已发布,将提出调整)' if amount['published'] else ''}:"
                f"{amount['before']} → {amount['after']}"
            )
        if result.get("dry_run"):
            self.stdout.write(
                f"试算:会改变 {result['changed_months']} 个断面月、"
                f"{result['changed_classes']} 个类别、{result['changed_amounts']} 项核算结果;"
                "没有写入任何数据。"
            )
        if len(result["rejects"]) > 20:
            where = f"见 {rejects}" if rejects else "加 --rejects FILE 可全部写入文件"
            self.stdout.write(f"  …… 其余{where}。")


def given_mapping(text: str | None) -> dict | None:
    """What --mapping says: a file, or the JSON itself. Raises FileError for what is neither."""
    if text is None:
        return None
    try:
        said = text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8-sig")
        return json.loads(said)
    except OSError as error:
        raise FileError(f"读不到文件 {text}({error.strerror});请检查路径。") from error
    except ValueError as error:
        raise FileError(f"不是 JSON({error});请检查引号和括号。") from error


class shown_progress:
    """A bar on standard error that follows the job's row until the block ends."""

    def __init__(self, job_id: int):
        self.job_id = job_id

    def __enter__(self):
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def __exit__(self, *exc):
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        connection = connections.create_connection("default")
        try:
            with tqdm(file=sys.stderr, unit="行", leave=True) as bar, connection.cursor() as cursor:
                ended = False
                while not ended:
                    ended = self._stop.wait(0.2)
                    cursor.execute(
                        "SELECT done, total, step FROM jobs_job WHERE id = %s", [self.job_id]
                    )
                    if row := cursor.fetchone():
                        done, bar.total, step = row
                        bar.set_description(step, refresh=False)
                        bar.update(done - bar.n)
        finally:
            connection.close()
