"""Answers to a sender, in the version it speaks. Source: HJ 212-2017 6.4 and appendix C."""

from .frames import framed
from .packets import Packet, QnRtn

SYSTEM = "91"  # ST of an answer: 系统交互


def data_answer(packet: Packet) -> bytes:
    """数据应答 9014: what came is stored."""
    return _answer(packet, "9014", "")


def notice_answer(packet: Packet) -> bytes:
    """通知应答 9013: a notice or a heartbeat was heard."""
    return _answer(packet, "9013", "")


def request_answer(packet: Packet, code: QnRtn) -> bytes:
    """请求应答 9011: what came is not taken, and why."""
    return _answer(packet, "9011", f"QnRtn={code.value}")


def _answer(packet: Packet, command: str, content: str) -> bytes:
    flag = packet.version << 2 if packet.flag is not None and packet.flag < 256 else 4
    text = (
        f"QN={packet.qn};ST={SYSTEM};CN={command};PW={packet.pw};MN={packet.mn};"
        f"Flag={flag};CP=&&{content}&&"
    )
    return framed(text.encode("ascii", "replace"))
