"""`manage.py workflow_docs`: docs/workflow.md, its pictures and guards/_moves.sql from
settlements.workflow."""

import sys

from django.core.management.base import BaseCommand

from settlements.moving.workflow_docs import outdated, write


class Command(BaseCommand):
    help = "由 settlements/workflow.py 的流程表生成 docs/workflow.md、状态图和 guards/_moves.sql；不用数据库。"
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--check", action="store_true", help="只核对，不写；有不一致时逐个列出，退出码为 1"
        )

    def handle(self, *args, check, **options):
        names = outdated() if check else write()
        if not check:
            self.stdout.write(f"已更新 {len(names)} 个文件。")
            return
        for name in names:
            self.stderr.write(f"{name} 与流程表不一致。")
        if names:
            self.stderr.write("请运行 manage.py workflow_docs 重新生成。")
            sys.exit(1)
        self.stdout.write("docs/workflow.md 与流程表一致。")
