"""`manage.py add_station MN --section CODE --password PW`: register a device that sends by HJ 212."""

import json

from django.core.management.base import BaseCommand, CommandError

from basins.refusals import Refused
from monitoring.models import Command as Uploads
from monitoring.stations.services.stations import add_station, change_station


class Command(BaseCommand):
    help = "登记站点：设备编码 MN、断面编码和密码；登记后网关即接收它的报文。"

    def add_arguments(self, parser):
        parser.add_argument("mn", metavar="MN", help="设备编码，1–24 位字母、数字、“_”或“-”")
        parser.add_argument("--section", required=True, metavar="CODE", help="断面编码")
        parser.add_argument("--password", required=True, metavar="PW", help="6–20 位字母或数字")
        parser.add_argument(
            "--assessed", choices=Uploads.values, default=Uploads.HOUR.value,
            help="参与评价的数据：2061 小时（默认）、2011 实时、2051 分钟、2031 日",
        )  # fmt: skip
        parser.add_argument(
            "--counts-by-hand", action="store_true", help="标识 S（手工输入）计入均值"
        )
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, mn, section, password, assessed, counts_by_hand, **options):
        try:
            station = add_station(mn=mn, section=section, password=password, by=None)
            station = change_station(
                station=station, by=None, assessed=assessed, counts_by_hand=counts_by_hand
            )
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        if options["json"]:
            said = {
                "station": station.mn,
                "section": section,
                "assessed": station.assessed,
                "counts_by_hand": station.counts_by_hand,
            }
            self.stdout.write(json.dumps(said, ensure_ascii=False))
            return
        self.stdout.write(f"已登记站点 {station.mn}（断面 {station.section}）。")
