"""Batches of readings, what became of them, and uploads on their way."""

from django.db.models import Q, QuerySet

from basins.access import Act, Viewer
from jobs.models import Job
from monitoring.models import ImportBatch, ReadingUpload, SenderProfile

GATEWAY = "hj212"  # the layout of its batches


def may_upload(viewer: Viewer) -> bool:
    """Whether the pages of imports are for this person: who may hand in all readings."""
    return viewer.sees_all(Act.UPLOAD_READINGS)


def batches(viewer: Viewer) -> QuerySet[ImportBatch]:
    """All imports, the newest first; none for who may not upload."""
    if not may_upload(viewer):
        return ImportBatch.objects.none()
    return ImportBatch.objects.select_related("by", "undone_by").order_by("-pk")


def batches_of_files(viewer: Viewer) -> QuerySet[ImportBatch]:
    """Those that somebody imported: without the commits of the gateway, which come by the minute."""
    return batches(viewer).exclude(layout=GATEWAY)


def uploads(viewer: Viewer) -> QuerySet[ReadingUpload]:
    """All uploads, the newest first; none for who may not upload."""
    if not may_upload(viewer):
        return ReadingUpload.objects.none()
    return ReadingUpload.objects.select_related("trial", "importing", "by").order_by("-pk")


def uploads_waiting(viewer: Viewer) -> list[ReadingUpload]:
    """Those with their file still there, that no finished import has taken: at most twenty."""
    done = Q(importing__state=Job.State.DONE)
    return list(uploads(viewer).exclude(stored="").exclude(done)[:20])


def upload_of_batch(viewer: Viewer, batch: ImportBatch) -> ReadingUpload | None:
    """The upload a batch came from; None for one of the command line."""
    return uploads(viewer).filter(importing__result__batch=batch.pk).first()


def same_file(viewer: Viewer, sha256: str, *, but: int | None = None) -> ImportBatch | None:
    """The last batch of the same bytes that still stands."""
    found = batches(viewer).filter(sha256=sha256, undone_at__isnull=True)
    return (found.exclude(pk=but) if but else found).first()


def sender_names() -> list[str]:
    return list(SenderProfile.objects.order_by("name").values_list("name", flat=True))
