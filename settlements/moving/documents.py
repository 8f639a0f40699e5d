"""Files that people hand in as documents: PDF, PNG or JPEG, told by their first bytes; and whether
what is kept of them is still what was handed in.
"""

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
    (b"\x89PNG\r\n\x1a\n", DraftDocument.Kind.PNG, ".png"),
    (b"\xff\xd8\xff", DraftDocument.Kind.JPEG, ".jpg"),
)
# Readers look for a PDF's heading in its first 1,024 bytes (ISO 32000-1, annex H.3.4.1), and some
# programs write something before it, as a byte order mark.
PDF_HEADING, PDF_WITHIN = b"%PDF-", 1024
# What begins so is something else that says PDF further on: a program, an archive, a script, a page.
NO_PDF = (
    b"MZ",
    b"\x7fELF",
    b"PK\x03\x04",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\xca\xfe\xba\xbe",
    b"#!",
    b"<",
    b"GIF8",
)
EXTENSIONS = {
    DraftDocument.Kind.PDF: (".pdf",),
    DraftDocument.Kind.PNG: (".png",),
    DraftDocument.Kind.JPEG: (".jpg", ".jpeg", ".jpe", ".jfif"),
}
# What stands behind a dot is an extension only where it is one: 2026.9月巡测报告 has none.
OTHERS = frozenset({
    ".doc", ".docx", ".wps", ".dot", ".dotx", ".rtf", ".odt", ".txt", ".md", ".ofd",
    ".xls", ".xlsx", ".xlsm", ".et", ".csv", ".ods", ".ppt", ".pptx", ".dps",
    ".html", ".htm", ".mht", ".xml", ".json", ".svg", ".gif", ".bmp", ".tif", ".tiff", ".webp",
    ".heic", ".heif", ".mp4", ".mov", ".avi", ".zip", ".rar", ".7z", ".gz", ".tar",
    ".exe", ".com", ".bat", ".cmd", ".msi", ".scr", ".js", ".vbs", ".ps1", ".jar", ".apk", ".lnk",
    ".dll", ".sh",
})  # fmt: skip


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
    name = (file.name or "").replace("\\", "/").rsplit("/", 1)[-1].strip() or "未命名"
    if not file.size:
        raise DocumentRefused(f"“{name}”是空文件；请重新选择。")
    if file.size > LARGEST:
        raise DocumentRefused(
            f"“{name}”有 {file.size / MEGABYTE:.1f} MB，超过上限 {LARGEST // MEGABYTE} MB；"
            "请压缩或分成几份。"
        )
    content = file.read()
    found = _kind_of(content)
    if found is None:
        raise DocumentRefused(
            f"“{name}”的内容不是 PDF、PNG 或 JPEG（看内容，不看扩展名）；请转换后再传。"
        )
    kind, suffix = found
    extension = PurePosixPath(name).suffix.lower()
    if extension not in EXTENSIONS[kind]:
        if extension in OTHERS.union(*EXTENSIONS.values()):
            raise DocumentRefused(
                f"“{name}”的扩展名 {extension} 与内容（{kind.label}）不符；请改用 {suffix} 再传。"
            )
        name += suffix  # whoever takes it away can open it
    return Document(name[-200:], kind, suffix, content, hashlib.sha256(content).hexdigest())


def _kind_of(content: bytes) -> tuple[DraftDocument.Kind, str] | None:
    for magic, kind, suffix in MAGIC:
        if content.startswith(magic):
            return kind, suffix
    # The whole heading within, not only its first byte.
    if PDF_HEADING in content[:PDF_WITHIN] and not content.lstrip().startswith(NO_PDF):
        return DraftDocument.Kind.PDF, ".pdf"
    return None


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


def fault_of(file: File, sha256: str) -> str:
    """What is wrong with a kept file, in Chinese; '' where it is byte for byte what was handed in.

    The file is left open at its beginning, or closed where something is wrong.
    """
    try:
        file.open("rb")
        found = hashlib.sha256()
        for chunk in file.chunks():
            found.update(chunk)
        file.seek(0)
    except (OSError, ValueError):  # not there, not to be read; a name that leads out of the folder
        file.close()
        return "存放的文件已缺失或读不出"
    if found.hexdigest() == sha256:
        return ""
    file.close()
    return "存放的文件与提交时的摘要值（SHA-256）不符，内容已被改动"
