"""`manage.py verify_known`: random periods at random past moments give their stored digests."""

import json
import sys

from django.core.management.base import BaseCommand

from settlements.reckoning.known_check import verify_known


class Command(BaseCommand):
    help = (
        "随机抽取（核算期间，得知时刻），按当时所知重算，与当时存下的输入摘要比较。"
        "有一对不符，退出码为 1。"
    )

    def add_arguments(self, parser):
        parser.add_argument("--pairs", type=int, default=1000, help="抽取几对，默认 1000")
        parser.add_argument("--seed", type=int, help="随机种子；同样的数据与种子抽取同样的对")
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, **options):
        found = verify_known(options["pairs"], seed=options["seed"])
        if options["json"]:
            self.stdout.write(json.dumps(found.to_json(), ensure_ascii=False))
        else:
            self._say(found)
        if found.differ:
            sys.exit(1)

    def _say(self, found):
        for each in found.differ:
            self.stdout.write(
                f"{each.agreement} {each.section} {each.period:%Y-%m}，"
                f"按 {each.at:%Y-%m-%d %H:%M:%S%z} 所知：{each.problem}。"
            )
        self.stdout.write(
            f"{len(found.differ)} 对不符，共抽查 {found.checked} 对，{found.moments} 个时刻，"
            f"{found.digests} 个不同的摘要。"
        )
