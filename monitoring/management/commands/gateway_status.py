"""`manage.py gateway_status`: whether the gateway for stations runs, and what it has counted."""

import json

from django.core.management.base import BaseCommand, CommandError

from monitoring.stations.queries.stations import gateway_state


class Command(BaseCommand):
    help = "网关的状态与计数：连接、帧、应答、拒绝、错误、延迟；没有运行时退出码为 1。"

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, **options):
        state = gateway_state()
        run, running = state.run, state.runs
        said = {
            "running": running,
            "listens": run.listens if run else None,
            "started": run.started_at.isoformat() if run else None,
            "seen": run.seen_at.isoformat() if run else None,
            "counts": run.counts if run else {},
        }
        if options["json"]:
            self.stdout.write(json.dumps(said))
        elif running and run is not None:
            counts = "，".join(f"{name} {number}" for name, number in run.counts.items())
            self.stdout.write(f"网关在 {run.listens} 运行：{counts}。")
        if not running:
            raise CommandError("网关没有运行；请用 manage.py hj212_gateway 启动。")
