"""A page that asks again while a job lives carries what it shows of it, and is told 204 while that is so."""

from hashlib import sha256

from django.http import HttpRequest, HttpResponse

from jobs.models import Job

SEEN = "seen"  # the parameter of the address


def progress_version(job: Job) -> str:
    """Another one whenever the job's progress shows something else."""
    shown = (job.pk, job.state, job.step, job.done, job.total, job.error)
    return sha256(repr(shown).encode()).hexdigest()[:16]


def nothing_new(request: HttpRequest, job: Job | None) -> HttpResponse | None:
    """204 where the fragment that asks shows what there is; htmx leaves it as it is."""
    asked = request.GET.get(SEEN)
    if job is None or not asked or asked != progress_version(job):
        return None
    return HttpResponse(status=204)
