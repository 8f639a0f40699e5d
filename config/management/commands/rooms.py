"""Draws docs/rooms.svg: the rooms of the code, from its own imports."""

import sys

from django.core.management.base import BaseCommand

from config.rooms import PICTURE, picture, walls


class Command(BaseCommand):
    help = "按代码自身的引用关系画出各模块的结构图。Draws the rooms of the code from its imports."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--check", action="store_true", help="只比较，不写文件")

    def handle(self, *args, check, **options):
        drawn = picture(walls())
        if not check:
            PICTURE.write_text(drawn, encoding="utf-8")
            self.stdout.write("已更新 docs/rooms.svg。")
        elif not PICTURE.exists() or PICTURE.read_text(encoding="utf-8") != drawn:
            self.stderr.write("docs/rooms.svg 与代码不一致，请运行 manage.py rooms 重新生成。")
            sys.exit(1)
        else:
            self.stdout.write("docs/rooms.svg 与代码一致。")
