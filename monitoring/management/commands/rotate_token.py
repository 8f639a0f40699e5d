"""`manage.py rotate_token NAME`: another secret for a token; the one before holds for a day more."""

import json

from django.core.management.base import BaseCommand, CommandError

from basins.refusals import Refused
from monitoring.ingest.services.tokens import change_secret
from monitoring.models import AccessToken


class Command(BaseCommand):
    help = "更换接口令牌：新令牌只显示这一次，旧令牌再用 24 小时。"

    def add_arguments(self, parser):
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, name, **options):
        found = AccessToken.objects.filter(name=name).first()
        if found is None:
            raise CommandError(f"没有名为“{name}”的令牌。")
        try:
            token, secret = change_secret(token=found, by=None)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        assert token.former_until is not None
        until = token.former_until.isoformat()
        if options["json"]:
            said = {"token": secret, "name": token.name, "former_until": until}
            self.stdout.write(json.dumps(said, ensure_ascii=False))
            return
        self.stdout.write(f"令牌（只显示这一次）：{secret}\n旧令牌有效至 {until}")
