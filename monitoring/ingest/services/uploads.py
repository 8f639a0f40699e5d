"""Files handed in on the page: kept, tried, mapped, imported or given up.

Each lies under MEDIA_ROOT/readings until its import is done or it is given up, at most KEPT_DAYS;
its error sheet, which may be wanted afterwards, stays as long.
"""

import hashlib
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from basins.access import Act, viewer_of
from basins.models import User
from basins.refusals import NotAllowed, Refused
from jobs import services as jobs
from jobs.models import Job
from monitoring.ingest.services.import_job import Told, enter_import, enter_trial
from monitoring.ingest.services.senders import SenderWay, way_of
from monitoring.models import ReadingUpload
from monitoring.protocols.layouts.reading_file import LARGEST
from written.files import WORKBOOK
from written.text import FileError

FOLDER = "readings"
KEPT_DAYS = 30


@transaction.atomic
def take_upload(
    *,
    content: bytes,
    filename: str,
    by: User,
    told: Told,
    time_format: str | None = None,
    zone: str | None = None,
) -> ReadingUpload:
    """Keep the file and enter its trial. What is remembered of the sender counts where nothing
    else is said. Raises NotAllowed, and FileError for a file that is empty or too large."""
    _refuse_who_may_not(by)
    if not content.strip():
        raise FileError("文件是空的。请确认导出成功，第一行应为列标题，其后每行一条。")
    if len(content) > LARGEST:
        raise FileError(f"文件超过 {LARGEST // 1024 // 1024} MB；请分成几份。")
    way = way_of(told.sender, time_format=time_format, zone=zone)
    way.way()
    folder().mkdir(parents=True, exist_ok=True)
    _forget_old()
    suffix = ".xlsx" if content.startswith(WORKBOOK) else ".csv"
    path = folder() / f"{uuid4().hex}{suffix}"
    part = path.with_suffix(".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    upload = ReadingUpload.objects.create(
        filename=filename[-255:],
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        stored=f"{FOLDER}/{path.name}",
        told=replace(told, way=way).to_json(),
        by=by,
    )
    return _tried(upload, by)


@transaction.atomic
def map_columns(*, upload_id: int, mapping: dict[str, Any], by: User) -> ReadingUpload:
    """Say what headings mean, and try again. Raises Refused, and FileError for what means nothing."""
    upload = _held(upload_id, by)
    told = Told.of_json(upload.told)
    way = SenderWay({**told.way.mapping, **mapping}, told.way.time_format, told.way.zone)
    way.way()
    upload.told = replace(told, way=way).to_json()
    return _tried(upload, by)


@transaction.atomic
def import_upload(*, upload_id: int, by: User) -> Job:
    """Import what was tried. Raises Refused where nothing was tried, or it is imported already."""
    upload = _held(upload_id, by)
    trial = upload.trial
    result = trial.result if trial is not None and trial.state == Job.State.DONE else None
    if not result or "rows" not in result:
        raise Refused("还没有试算出结果；请等试算完成，或更正文件后重新上传。")
    if not result["rows"] - result["rejected"]:
        raise Refused("没有一行可以导入；请按出错表更正后重新上传。")
    upload.importing = enter_import(
        path=path_of(upload),
        filename=upload.filename,
        told=Told.of_json(upload.told),
        errors=errors_stem(upload),
        done_with=True,
        key=f"upload-{upload.pk}",
        by=by,
    )
    upload.save(update_fields=["importing"])
    return upload.importing


@transaction.atomic
def give_up_upload(*, upload_id: int, by: User) -> None:
    """Stop what runs, and take the file away unless its import was what ran."""
    _refuse_who_may_not(by)
    upload = ReadingUpload.objects.select_for_update(of=("self",)).get(pk=upload_id)
    if upload.importing is not None:
        if not jobs.cancel(job_id=upload.importing.pk):
            raise Refused("导入已经结束，不能取消；要收回数据请撤销该批次。")
        return
    if upload.trial_id is not None:
        jobs.cancel(job_id=upload.trial_id)
    path = path_of(upload)
    upload.stored = ""
    upload.save(update_fields=["stored"])
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def folder() -> Path:
    return Path(settings.MEDIA_ROOT) / FOLDER


def path_of(upload: ReadingUpload) -> Path:
    return Path(settings.MEDIA_ROOT) / upload.stored


def errors_stem(upload: ReadingUpload) -> Path:
    """Where the error sheet goes, without its suffix."""
    return folder() / f"{upload.pk}-errors"


def errors_of(upload: ReadingUpload) -> Path | None:
    """The error sheet, while it is kept; that of the import where there was one."""
    found = [errors_stem(upload).with_suffix(suffix) for suffix in (".xlsx", ".csv")]
    return next((path for path in found if path.is_file()), None)


def _tried(upload: ReadingUpload, by: User) -> ReadingUpload:
    if upload.trial_id is not None:
        jobs.cancel(job_id=upload.trial_id)
    upload.trial = enter_trial(
        path=path_of(upload),
        filename=upload.filename,
        told=Told.of_json(upload.told),
        errors=errors_stem(upload),
        asks=True,
        key=f"upload-{upload.pk}-{uuid4().hex[:8]}",
        by=by,
    )
    upload.save(update_fields=["told", "trial"])
    return upload


def _held(upload_id: int, by: User) -> ReadingUpload:
    """The upload, locked, its file there and not imported. Raises Refused."""
    _refuse_who_may_not(by)
    upload = (
        ReadingUpload.objects.select_for_update(of=("self",))
        .select_related("trial", "importing")
        .get(pk=upload_id)
    )
    job = upload.importing
    if job is not None and job.state in (*Job.LIVE, Job.State.DONE):
        raise Refused("这份文件正在导入，或已经导入。")
    if not upload.stored or not path_of(upload).is_file():
        raise Refused("文件已经不在；请重新上传。")
    return upload


def _refuse_who_may_not(by: User) -> None:
    if not viewer_of(by).sees_all(Act.UPLOAD_READINGS):
        raise NotAllowed(f"{by} 不能上传监测数据。")


def _forget_old() -> None:
    oldest = time.time() - KEPT_DAYS * 86400
    for path in folder().iterdir():
        try:
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
        except FileNotFoundError:  # another upload was quicker
            continue
