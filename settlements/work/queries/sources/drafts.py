"""Drafts of agreements to finish and to activate."""

from django.db.models import QuerySet

from basins.access import Act, Viewer
from basins.links import to
from settlements.models import AgreementDraft
from settlements.work.queries.tasks import Source, Task


def drafts_to_activate(viewer: Viewer) -> QuerySet:
    """Handed over by others: who had a hand in a draft may not activate it."""
    return (
        AgreementDraft.objects.filter(state=AgreementDraft.State.SUBMITTED)
        .exclude(preparers=viewer.user_id)
        .select_related("prepared_by")
        .order_by("submitted_at", "pk")
    )


def _activate(draft: AgreementDraft) -> Task:
    return Task(
        f"核对启用：{draft.title}{'（修订）' if draft.amends_id else ''}",
        to("draft-check", draft.pk),
        "核对",
        note=f"{draft.prepared_by}录入",
    )


def drafts_to_finish(viewer: Viewer) -> QuerySet:
    """Drafts the viewer had a hand in, begun or sent back."""
    return AgreementDraft.objects.filter(
        state=AgreementDraft.State.DRAFT, preparers=viewer.user_id
    ).order_by("changed_at", "pk")


def _finish(draft: AgreementDraft) -> Task:
    return Task(
        f"继续录入：{draft.title or '未命名的协议'}{'（修订）' if draft.amends_id else ''}",
        to("draft-check", draft.pk),
        "继续",
    )


DRAFTS_TO_ACTIVATE = Source(
    "drafts-to-activate",
    "待核对启用的协议",
    Act.EDIT_AGREEMENTS,
    drafts_to_activate,
    _activate,
)
DRAFTS_TO_FINISH = Source(
    "drafts-to-finish", "未提交的协议", Act.EDIT_AGREEMENTS, drafts_to_finish, _finish
)
