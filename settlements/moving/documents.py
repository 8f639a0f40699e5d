"""Files that people hand in as documents: PDF, PNG or JPEG, told by their first bytes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import uuid4

from django.conf import settings
from django.core.files.base import File

from settlements.models.drafts import DraftDocument

MEGABYTE = 1024 * 1024
LARGEST = 20 * MEGABYTE
MAGIC = (
    (b"%PDF-", DraftDocument.Kind.PDF, ".pdf"),
    (b"\x89PNG\r\n\x1a\n", DraftDocument.Kind.PNG, ".png"),
    (b"\xff\xd8\xff", DraftDocument.Kind.JPEG, ".jpg"),
)


EXTENSIONS = {
    DraftDocument.Kind.PDF: (".pdf",),
    DraftDocument.Kind.PNG: (".png",),
    DraftDocument.Kind.JPEG: (".jpg", ".jpeg"),
}


class DocumentRefused(ValueError):
    """A file that is not taken in; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file that may be kept: its own name, what it was found to be, its content's hash."""

    name: str
    kind: DraftDocument.Kind
    suffix: str
    content: bytes
    sha256: str

    @property
    def stored_name(self) -> str:
        return f"{self.sha256[:16]}{self.suffix}"


def checked(file: File) -> Document:
    """The file, read and told by its content. Raises DocumentRefused."""
    name = (file.name or "").replace("\\", "/").rsplit("/", 1)[-1] or "未命名"
    if not file.size:
        raise DocumentRefused(f"“{name}”是空文件；请重新选择。")
    if file.size > LARGEST:
        raise DocumentRefused(
            f"“{name}”有 {file.size / MEGABYTE:.1f} MB，超过上限 {LARGEST // MEGABYTE} MB；"
            "请压缩或分成几份。"
        )
    content = file.read()
    found = next((f for f in MAGIC if content.startswith(f[0])), None)
    if found is None:
        raise DocumentRefused(
            f"“{name}”的内容不是 PDF、PNG 或 JPEG（看内容，不看扩展名）；请转换后再传。"
        )
    _, kind, suffix = found
    extension = PurePosixPath(name).suffix.lower()
    if extension and extension not in EXTENSIONS[kind]:
        raise DocumentRefused(
            f"“{name}”的扩展名 {extension} 与内容（{kind.label}）不符；请改用 {suffix} 再传。"
        )
    return Document(name[-200:], kind, suffix, content, hashlib.sha256(content).hexdigest())


def kept(document: Document, folder: str, name: str = "") -> str:
    """Its name under MEDIA_ROOT, where it now is whole; by its hash where none is given.

    Written aside and then renamed: a full disk or a killed process leaves nothing that looks
    like the document. What lies there and is not what its hash says is replaced. Raises
    OSError where it cannot be written.
    """
    name = f"{folder}/{name or document.sha256 + document.suffix}"
    path = Path(settings.MEDIA_ROOT) / name
    if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == document.sha256:
        return name
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{uuid4().hex}.part")
    try:
        part.write_bytes(document.content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return name
