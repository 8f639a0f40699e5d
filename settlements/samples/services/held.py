"""A report's file between the form and its submission: checked and kept aside, named by a token.

A browser sends a file once; after 核对 it is found again by what was signed for the person who sent
it. What nobody submits goes after a day.
"""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core import signing
from django.core.files.base import File

from basins.models import User
from settlements.models import DraftDocument
from settlements.moving.documents import Document, checked, kept

FOLDER = "samples-held"
KEPT_SECONDS = 24 * 60 * 60
SALT = "settlements.samples.held"


@dataclass(frozen=True, slots=True)
class HeldFile:
    """`token` brings it back, to the same person alone."""

    token: str
    document: Document

    @property
    def name(self) -> str:
        return self.document.name


def hold(file: File, by: User) -> HeldFile:
    """Raises DocumentRefused for a file that is no document; OSError where it cannot be written."""
    document = checked(file)
    (Path(settings.MEDIA_ROOT) / kept(document, FOLDER)).touch()  # also where it lay there already
    _forget_old()
    said = [document.sha256, document.suffix, document.name, str(document.kind), by.pk]
    return HeldFile(signing.dumps(said, salt=SALT), document)


def held(token: str, by: User) -> HeldFile | None:
    """The file of the token; None where it is not this person's, or is gone."""
    try:
        said = signing.loads(token, salt=SALT, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        return None
    sha256, suffix, name, kind, owner = said
    if owner != by.pk:
        return None
    try:
        content = (_folder() / f"{sha256}{suffix}").read_bytes()
    except FileNotFoundError:
        return None
    if hashlib.sha256(content).hexdigest() != sha256:
        return None
    return HeldFile(token, Document(name, DraftDocument.Kind(kind), suffix, content, sha256))


def _folder() -> Path:
    return Path(settings.MEDIA_ROOT) / FOLDER


def _forget_old() -> None:
    oldest = time.time() - KEPT_SECONDS
    for path in _folder().iterdir():
        try:
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
        except FileNotFoundError:  # another one was quicker
            continue
