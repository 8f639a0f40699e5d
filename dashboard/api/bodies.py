"""The body of a request as readings: JSON, NDJSON or CSV, plain or gzip. Numbers stay exact."""

import csv
import io
import json
import zlib
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError

LARGEST = 32 * 1024 * 1024  # bytes, sent and unpacked
JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
TYPES = (JSON, NDJSON, CSV)


class BadBody(Exception):
    """The body cannot be read; `status` and `code` of the answer, and words with the remedy."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.status, self.code = status, code


def body_of(request: HttpRequest) -> bytes:
    """The body, unpacked. Raises BadBody."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > LARGEST:
        raise _too_large()
    try:
        raw = request.read()
    except (UnreadablePostError, RawPostDataException) as error:
        raise BadBody(400, "bad_body", "正文没有收完；请重新发送。") from error
    packed = request.headers.get("Content-Encoding", "identity").strip().lower()
    if packed in ("", "identity"):
        return raw
    if packed != "gzip":
        raise BadBody(415, "unsupported_encoding", "Content-Encoding 只接受 gzip，或不压缩。")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = unpacker.decompress(raw, LARGEST + 1)
    except zlib.error as error:
        raise BadBody(400, "bad_body", "正文不是有效的 gzip；请重新压缩后发送。") from error
    if len(body) > LARGEST:
        raise _too_large()
    if not unpacker.eof:
        raise BadBody(400, "bad_body", "gzip 正文不完整；请重新发送。")
    return body


def readings_of(body: bytes, content_type: str, *, most: int) -> list[Any]:
    """The readings, each an object still to be looked at. Raises BadBody."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in TYPES:
        raise BadBody(415, "unsupported_type", f"Content-Type 须为 {'、'.join(TYPES)} 之一。")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadBody(400, "bad_body", f"正文不是 UTF-8（第 {error.start + 1} 字节）。") from error
    read = {JSON: _json, NDJSON: _ndjson, CSV: _csv}[kind]
    found = read(text, most)
    if not found:
        raise BadBody(400, "no_readings", "正文里没有数据。")
    if len(found) > most:
        raise BadBody(413, "too_many", f"一次最多 {most} 条；请分几次发送。")
    return found


def _too_large() -> BadBody:
    return BadBody(
        413, "too_large", f"正文最大 {LARGEST // 1024 // 1024} MB（解压后）；请分几次发送。"
    )


def _loads(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} 不是 JSON 的数")


def _json(text: str, most: int) -> list[Any]:
    try:
        found = _loads(text)
    except (ValueError, RecursionError) as error:
        raise BadBody(400, "bad_body", f"正文不是有效的 JSON：{_where(error)}。") from error
    if isinstance(found, dict) and "readings" in found:
        found = found["readings"]
    if not isinstance(found, list):
        raise BadBody(400, "bad_body", '正文须为数组 […]，或 {"readings": […]}。')
    return found


def _ndjson(text: str, most: int) -> list[Any]:
    found: list[Any] = []
    for number, line in enumerate(io.StringIO(text), 1):
        if not line.strip():
            continue
        try:
            found.append(_loads(line))
        except (ValueError, RecursionError) as error:
            words = f"第 {number} 行不是有效的 JSON：{_where(error)}。"
            raise BadBody(400, "bad_body", words) from error
        if len(found) > most:
            break
    return found


def _csv(text: str, most: int) -> list[Any]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: list[Any] = []
    try:
        head = [name.strip() for name in next(rows, [])]
        if len(set(head)) < len(head):
            raise BadBody(400, "bad_body", "第 1 行有重复的列标题。")
        for row in rows:
            if not row:
                continue
            if len(row) != len(head):
                words = f"第 {rows.line_num} 行有 {len(row)} 列，标题有 {len(head)} 列。"
                raise BadBody(400, "bad_body", words)
            found.append({name: cell for name, cell in zip(head, row, strict=True) if cell != ""})
            if len(found) > most:
                break
    except csv.Error as error:
        words = f"第 {rows.line_num} 行不是有效的 CSV：{error}。"
        raise BadBody(400, "bad_body", words) from error
    return found


def _where(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"第 {error.lineno} 行第 {error.colno} 列"
    return "嵌套太深" if isinstance(error, RecursionError) else str(error)[:100]
