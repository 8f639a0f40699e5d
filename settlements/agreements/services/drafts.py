"""协议草稿: saving it step by step, its documents, submitting, sending back, discarding.

The values of a step, as the entry pages understood them (all text unless said):

    parties  title, code, parties [{jurisdiction, role}]            in order from upstream
    river    river, sections [{section, upstream, downstream, inflow|null,
             reference|null, share}]
    rule     rule, parameters (stored form, complete)
    term     from, until|null (the first day after), signed_on|null, source,
             clauses [{key, words}]
    amend    reason, opens (whether the strand is new)             of an amendment
    end      from, reason, source                                  alone, of a draft that ends

Jurisdictions, rivers and sections by code; days as ISO dates; share of 1.
"""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from basins.links import to
from basins.models import User
from settlements.models import Agreement, AgreementDraft, DraftDocument
from settlements.moving.documents import checked, kept
from settlements.moving.telling import tell

STEPS = {
    "parties": "协议方",
    "river": "河流与断面",
    "rule": "规则与参数",
    "term": "条款期与文件",
}
PREVIEW, PREVIEW_LABEL = "preview", "预览"
State = AgreementDraft.State


@dataclass(frozen=True, slots=True)
class DraftProblem:
    """What is missing or wrong in a step, and the remedy."""

    step: str
    message: str


class DraftRefused(Exception):
    """What cannot be done with this draft now; `problems` names step and remedy."""

    def __init__(self, *problems: DraftProblem) -> None:
        self.problems = problems
        super().__init__("\n".join(p.message for p in problems))


@transaction.atomic
def start_draft(
    *, by: User, amends: Agreement | None = None, data: dict[str, Any] | None = None, **fields
) -> AgreementDraft:
    """A new draft, of an agreement or (with `amends`) of an amendment."""
    draft = AgreementDraft.objects.create(amends=amends, data=data or {}, prepared_by=by, **fields)
    draft.preparers.add(by)
    return draft


@transaction.atomic
def save_step(
    *,
    draft: AgreementDraft,
    step: str,
    by: User,
    values: dict[str, Any] | None = None,
    typed: dict[str, str] | None = None,
) -> AgreementDraft:
    """Keep a step: its `values` where all was understood, else what was `typed`.

    Raises DraftRefused once the draft is submitted, activated or discarded.
    """
    if step not in STEPS:
        raise ValueError(f"没有步骤“{step}”；步骤是 {'、'.join(STEPS)}。")
    draft = _open(draft)
    draft.data[step] = {"typed": typed} if values is None else {"values": values}
    if values is not None and step == "parties":
        draft.title, draft.code = values["title"], values["code"]
    if values is not None and step == "term":
        draft.from_date = values["from"]
    _save(draft, by)
    return draft


@transaction.atomic
def add_document(*, draft: AgreementDraft, file: File, by: User) -> DraftDocument:
    """Keep a PDF, PNG or JPEG under MEDIA_ROOT; what it is is read from its first bytes.

    The same content twice is kept once. Raises DocumentRefused and DraftRefused.
    """
    draft = _open(draft)
    found = checked(file)
    if known := draft.documents.filter(sha256=found.sha256).first():
        return known
    document = DraftDocument(
        draft=draft,
        name=found.name,
        kind=found.kind,
        size=len(found.content),
        sha256=found.sha256,
        added_by=by,
    )
    # A name of its own: one that was taken out may be on its way out of the folder.
    stored = f"{draft.pk}-{uuid4().hex[:8]}-{found.stored_name}"
    document.file.name = kept(found, "agreements", stored)
    document.save()
    _save(draft, by)
    return document


@transaction.atomic
def remove_document(*, draft: AgreementDraft, document_id: int, by: User) -> None:
    """Take a document out of the draft again; its file goes once that is committed."""
    draft = _open(draft)
    document = draft.documents.filter(pk=document_id).first()
    if document is None:
        return
    storage, path = document.file.storage, document.file.name
    document.delete()
    _save(draft, by)
    transaction.on_commit(lambda: storage.delete(str(path)))


@transaction.atomic
def return_draft(*, draft: AgreementDraft, by: User) -> AgreementDraft:
    """Send a submitted draft back for changes (退回修改)."""
    draft = locked(draft)
    if draft.state != State.SUBMITTED:
        raise DraftRefused(_not_now(draft, "退回"))
    draft.state, draft.submitted_at = State.DRAFT, None
    draft.version += 1
    draft.save()
    tell(
        "draft.return",
        to("draft-check", draft.pk),
        about=draft.pk,
        by=by,
        persons=draft.preparers.values_list("pk", flat=True),
        again=True,
        title=draft.title,
    )
    return draft


@transaction.atomic
def discard_draft(*, draft: AgreementDraft, by: User) -> AgreementDraft:
    """Give the draft up (作废); it stays on record."""
    draft = locked(draft)
    if draft.state not in (State.DRAFT, State.SUBMITTED):
        raise DraftRefused(_not_now(draft, "作废"))
    draft.state = State.DISCARDED
    draft.save()
    return draft


def mark_submitted(draft: AgreementDraft, by: User) -> None:
    """To be called on a locked draft that was found complete."""
    if draft.state != State.DRAFT:
        raise DraftRefused(_not_now(draft, "提交"))
    draft.state, draft.submitted_at = State.SUBMITTED, timezone.now()
    _save(draft, by)


def locked(draft: AgreementDraft) -> AgreementDraft:
    """The draft as it is now, held until the transaction ends."""
    return AgreementDraft.objects.select_for_update(of=("self",)).get(pk=draft.pk)


def _open(draft: AgreementDraft) -> AgreementDraft:
    draft = locked(draft)
    if draft.state != State.DRAFT:
        raise DraftRefused(_not_now(draft, "修改"))
    return draft


def _save(draft: AgreementDraft, by: User) -> None:
    draft.version += 1
    draft.save()
    draft.preparers.add(by)


def _not_now(draft: AgreementDraft, what: str) -> DraftProblem:
    remedy = {
        State.DRAFT: "请先提交核对。",
        State.SUBMITTED: "要修改请先“退回修改”。",
        State.ACTIVATED: "要改请从协议页另行修订。",
        State.DISCARDED: "请另建草稿。",
    }[State(draft.state)]
    return DraftProblem("", f"草稿现为“{draft.get_state_display()}”，不能{what}；{remedy}")
