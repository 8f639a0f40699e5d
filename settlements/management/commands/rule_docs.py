"""`manage.py rule_docs`: docs/rules/ written from the rule modules and their examples."""

import sys

from django.core.management.base import BaseCommand, CommandError

from settlements.trying.rule_docs import NoExample, outdated, write
from settlements.trying.try_rule import RefusedTrial, UnreadableJson


class Command(BaseCommand):
    help = "由规则模块和 docs/rules/examples/ 的示例生成 docs/rules/；不用数据库。"
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--check", action="store_true", help="只核对，不写；有不一致时逐个列出，退出码为 1"
        )

    def handle(self, *args, check, **options):
        try:
            lines = outdated() if check else write()
        except (NoExample, RefusedTrial, UnreadableJson) as wrong:
            raise CommandError(str(wrong)) from wrong
        if not check:
            self.stdout.write(f"已更新 {len(lines)} 个文件。")
            return
        for line in lines:
            self.stderr.write(line)
        if lines:
            self.stderr.write("请运行 manage.py rule_docs 重新生成。")
            sys.exit(1)
        self.stdout.write("docs/rules/ 与规则模块一致。")
