"""`manage.py add_token NAME --sections CODE,…`: a token by which a program sends readings."""

import json

from django.core.management.base import BaseCommand, CommandError

from basins.refusals import Refused
from monitoring.ingest.services.tokens import add_token


class Command(BaseCommand):
    help = "签发接口令牌：实验室或平台用它报送、读取所列断面的数据；令牌只显示这一次。"

    def add_arguments(self, parser):
        parser.add_argument("name", metavar="NAME", help="名称，如“市监测中心实验室”")
        parser.add_argument(
            "--sections", required=True, metavar="CODE,…", help="断面编码，逗号分隔"
        )
        parser.add_argument("--days", type=int, metavar="N", help="有效天数；不写则到吊销为止")
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, name, sections, days, **options):
        try:
            token, secret = add_token(name=name, sections=sections.split(","), days=days, by=None)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        codes = sorted(token.sections.values_list("code", flat=True))
        if options["json"]:
            said = {
                "token": secret,
                "name": token.name,
                "sections": codes,
                "expires": token.expires_at.isoformat() if token.expires_at else None,
            }
            self.stdout.write(json.dumps(said, ensure_ascii=False))
            return
        self.stdout.write(f"令牌（只显示这一次）：{secret}\n断面：{'、'.join(codes)}")
