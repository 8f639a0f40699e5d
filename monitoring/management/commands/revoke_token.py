"""`manage.py revoke_token NAME`: end a token at once."""

import json

from django.core.management.base import BaseCommand, CommandError

from monitoring.ingest.services.tokens import revoke_token
from monitoring.models import AccessToken


class Command(BaseCommand):
    help = "吊销接口令牌，立即失效。"

    def add_arguments(self, parser):
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, name, **options):
        found = AccessToken.objects.filter(name=name).first()
        if found is None:
            raise CommandError(f"没有名为“{name}”的令牌。")
        token = revoke_token(token=found, by=None)
        assert token.revoked_at is not None
        if options["json"]:
            said = {"name": token.name, "revoked": token.revoked_at.isoformat()}
            self.stdout.write(json.dumps(said, ensure_ascii=False))
            return
        self.stdout.write(f"已吊销令牌 {token.name}。")
