"""`manage.py hj212_gateway --listen HOST:PORT`: take in what stations send by HJ 212 and HJ 1404."""

import asyncio
import json
import signal

from django.core.management.base import BaseCommand, CommandError

from monitoring.stations.services.gateway import Gateway


def address(text: str) -> tuple[str, int]:
    """HOST:PORT; port 0 takes a free one. Raises CommandError."""
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise CommandError(f"--listen {text!r} 不是地址：请写成 127.0.0.1:9212。")
    return host.strip("[]") or "127.0.0.1", int(port)


class Command(BaseCommand):
    help = "HJ 212 网关：接收自动站的报文，入库后应答；SIGTERM 时存完已收到的再结束。"

    def add_arguments(self, parser):
        parser.add_argument("--listen", default="127.0.0.1:9212", metavar="HOST:PORT")
        parser.add_argument("--json", action="store_true", help="监听后输出的那一行是 JSON 对象")

    def handle(self, *args, listen, **options):
        host, port = address(listen)
        as_json = options["json"]

        def listening(at: str, on: int) -> None:
            if as_json:
                said = json.dumps({"listening": f"{at}:{on}", "host": at, "port": on})
            else:
                said = f"HJ 212 网关已监听 {at}:{on} (listening)"
            self.stdout.write(said)
            self.stdout.flush()

        gateway = Gateway()
        try:
            asyncio.run(_serve(gateway, host, port, listening))
        except OSError as error:
            raise CommandError(
                f"无法监听 {listen}（{error.strerror or error}）：请换一个端口，或结束占用它的程序。"
            ) from error
        counts = gateway.counts
        self.stderr.write(
            f"网关已停止：收到 {counts.frames} 帧，入库应答 {counts.taken}，拒绝 {counts.refusals}。"
        )


async def _serve(gateway: Gateway, host: str, port: int, listening) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, gateway.stop)
    await gateway.run(host, port, listening)
