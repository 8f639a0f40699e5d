"""`manage.py load_basins`: jurisdictions, rivers and reaches from the files of basins/data."""

import json

from django.core.management.base import BaseCommand, CommandError

from basins.services.reference import BadReference, load_reference, words


class Command(BaseCommand):
    help = "载入行政区、界线与河流;重复运行不改变结果。"

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, **options):
        try:
            loaded = load_reference()
        except BadReference as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(loaded.counts(), ensure_ascii=False))
        else:
            self.stdout.write(";".join(words(loaded)) + "。")
