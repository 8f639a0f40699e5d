"""Prints the libpq URL of the database in use."""

from django.conf import settings
from django.core.management.base import BaseCommand

from config.embedded import postgres


class Command(BaseCommand):
    help = (
        "输出当前数据库的 libpq 地址(内置数据库仅在演示或某个命令运行期间可连接)。"
        "Prints the URL of the database in use."
    )
    requires_system_checks = []

    def handle(self, *args, **options) -> None:
        self.stdout.write(settings.DATABASE_URL or postgres.url(settings.VAR_DIR))
