"""`manage.py simulate_stations`: the demonstration's stations send what they measure by HJ 212."""

import asyncio
import signal
from datetime import datetime, timedelta

from asgiref.sync import sync_to_async
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Max
from django.utils import timezone

from basins.models import SignInSession
from dashboard.demo.city import sections
from dashboard.demo.senders import A_DAY, POLLUTED, Play, Refused, Sender, polluted, samples
from monitoring.management.commands.hj212_gateway import address
from monitoring.models import Origin, Reading, Station
from settlements.reckoning.periods import last_month

OLDEST = timedelta(days=70)


class Command(BaseCommand):
    help = (
        "演示站点作为真实的 HJ 212 发送方：补发积压的数据，然后随时钟继续（绝不发送将来的时间）。"
    )

    def add_arguments(self, parser):
        parser.add_argument("--gateway", default="127.0.0.1:9212", metavar="HOST:PORT")
        parser.add_argument(
            "--speed", type=float, default=1440, metavar="N",
            help="积压的数据按时钟的 N 倍发送，默认 1440（一天一分钟）；0 不等待",
        )  # fmt: skip
        parser.add_argument(
            "--hold-last-day", action="store_true", help="最近一天的数据等有人登录后再发"
        )
        parser.add_argument("--once", action="store_true", help="补发完积压的数据就结束")

    def handle(self, *args, gateway, speed, hold_last_day, once, **options):
        host, port = address(gateway)
        if speed < 0:
            raise CommandError(f"--speed {speed}：请填 0 或更大的数。")
        now, last = timezone.now(), last_month()
        senders = _senders(now, last)
        if not senders:
            raise CommandError("没有演示站点；请先运行 manage.py seed_demo。")
        play = Play(
            senders, host, port, speed, last, timezone.now, self._say,
            held=now - A_DAY if hold_last_day else None, somebody=_somebody_since(now),
        )  # fmt: skip
        try:
            asyncio.run(_play(play, once=once))
        except Refused as refused:
            raise CommandError(f"网关拒绝了演示站点的报文：{refused}") from refused
        self._say(f"已发送 {sum(sender.sent for sender in senders)} 帧。")

    def _say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()


async def _play(play: Play, *, once: bool) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, play.stopping.set)
    waiting = sum(len(sender.waiting) for sender in play.senders)
    play.say(f"{len(play.senders)} 个站点，积压 {waiting} 个样本。")
    try:
        await play.past()
        if not once:
            await play.present()
    finally:
        play.close()


def _senders(now: datetime, last) -> list[Sender]:
    """The demonstration's stations, each with what it measured since its newest reading."""
    newest = dict(
        Reading.objects.filter(origin=Origin.AUTOMATIC, sampled_at__gt=now - OLDEST)
        .values_list("section__code")
        .annotate(Max("sampled_at"))
        .order_by("section__code")
    )
    specs = {spec.code: spec for spec in sections()}
    found = []
    for station in Station.objects.filter(is_active=True).select_related("section"):
        spec = specs.get(station.section.code)
        if spec is None:
            continue
        sender = Sender(spec, station.mn)
        after = newest.get(spec.code, now - A_DAY)
        sender.waiting = list(samples(spec, after, now, last))
        if spec.code == POLLUTED:
            sender.waiting = polluted(sender, now - A_DAY, now, last)
        found.append(sender)
    return found


def _somebody_since(moment: datetime):
    """Asks whether anybody has signed in since."""

    async def somebody() -> bool:
        return await sync_to_async(SignInSession.objects.filter(started_at__gte=moment).exists)()

    return somebody
