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
from monitoring.ingest.services.import_job import enter_import
from monitoring.ingest.services.ingest import KINDS
from monitoring.models import DirtyMonth
from monitoring.protocols.layouts import FileError

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
    help = "导入监测数据文件(国家站发布版式或一行一个样品的宽表);重复运行不改变结果。"

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--year", type=int, help="文件中的时间没有年份时使用")
        parser.add_argument("--create-sections", action="store_true", help="自动新建未登记的断面")
        parser.add_argument("--rejects", type=Path, help="把拒收的行写入此 CSV 文件")
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, file, year, create_sections, rejects, **options):
        if not file.is_file():
            raise CommandError(f"{file}:没有这个文件;请检查路径。")
        if year is not None and not 1980 <= year <= 2100:
            raise CommandError(f"--year {year}:请写四位年份,如 --year 2021。")
        if rejects and not rejects.resolve().parent.is_dir():
            raise CommandError(f"--rejects {rejects}:文件夹不存在;请先建好。")
        job = enter_import(
            path=file, year=year, create_sections=create_sections, rejects=rejects, wake=False
        )
        try:
            with shown_progress(job.pk):
                job = jobs.run(job.pk)
        except FileError as error:
            raise CommandError(str(error)) from error
        if job.state != Job.State.DONE or job.result is None:
            raise CommandError(job.error or f"导入{job.get_state_display()}。")
        if waiting := DirtyMonth.objects.count():
            self.stderr.write(
                f"{waiting} 个断面月待重算:后台进程运行时自动完成,也可运行 manage.py recompute。"
            )
        self.print_result(job.result, as_json=options["json"], rejects=rejects)

    def print_result(self, result: dict, *, as_json: bool, rejects: Path | None) -> None:
        if as_json:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
            return
        for name in ("rows", "samples", "readings", *KINDS):
            self.stdout.write(f"{WORDS[name]}\t{result[name]}")
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
        if len(result["rejects"]) > 20:
            where = f"见 {rejects}" if rejects else "加 --rejects FILE 可全部写入文件"
            self.stdout.write(f"  …… 其余{where}。")


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
