"""操作记录 for those who may see it: the auditor all of it, the bureau what is of its own work.

The bureau's own objects are those of monitoring and settlement; people, sign-ins, exports and
drafts of agreements are not among them. For everyone else there are no records.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.apps import apps
from django.db import models
from django.db.models import Q, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone

from basins.access import Act, Scope, Viewer
from basins.audit import Audited, by_table, registered
from basins.digits import whole
from basins.models import AccessEvent, AuditRecord
from settlements.models import (
    Adjustment,
    Agreement,
    AgreementDraft,
    DraftDocument,
    IssuedPaper,
    JournalEntry,
    LedgerAccount,
    MonthRuling,
    Posting,
    TermSection,
)

OWN_APPS = ("monitoring", "settlements")
NOT_OWN: tuple[type[models.Model], ...] = (AgreementDraft, DraftDocument)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What a list is narrowed to; '' and None narrow nothing. Days are Asia/Shanghai's."""

    person: str = ""
    table: str = ""
    key: str = ""  # with `table`: this object and its parts
    act: str = ""  # AuditRecord.Op, or AccessEvent.Kind
    since: date | None = None
    until: date | None = None  # that day included
    address: str = ""
    text: str = ""
    how: str = ""  # the act as AuditRecord.act has it


def visible_tables(viewer: Viewer) -> dict[str, Audited]:
    """Tables whose records the viewer may see, by name."""
    match viewer.scope(Act.SEE_AUDIT):
        case Scope.ALL:
            return by_table()
        case Scope.OWN:
            return {
                each.table: each
                for each in registered()
                if each.model._meta.app_label in OWN_APPS and each.model not in NOT_OWN
            }
    return {}


def visible_records(viewer: Viewer) -> QuerySet[AuditRecord]:
    """Newest first."""
    if viewer.sees_all(Act.SEE_AUDIT):
        return AuditRecord.objects.order_by("-pk")
    return AuditRecord.objects.filter(table__in=list(visible_tables(viewer))).order_by("-pk")


def visible_access(viewer: Viewer) -> QuerySet[AccessEvent]:
    """Sign-ins, exports, refusals: for who sees the whole trail alone. Newest first."""
    if not viewer.sees_all(Act.SEE_AUDIT):
        return AccessEvent.objects.none()
    return AccessEvent.objects.order_by("-pk")


def records(viewer: Viewer, asked: AuditFilter) -> QuerySet[AuditRecord]:
    found = _narrowed(visible_records(viewer), asked)
    if asked.table and asked.key:
        kept = visible_tables(viewer).get(asked.table)
        wanted = _with_parts(kept, [asked.key]) if kept else Q(pk=None)
        if kept is not None and kept.model is Agreement:
            wanted |= _beside(viewer, asked.key)
        found = found.filter(wanted)
    elif asked.table:
        found = found.filter(table=asked.table)
    if asked.act:
        found = found.filter(op=asked.act)
    if asked.how:
        found = found.filter(act=asked.how)
    if asked.text:
        found = found.annotate(
            was=Cast("before", models.TextField()), become=Cast("after", models.TextField())
        ).filter(
            Q(was__icontains=asked.text)
            | Q(become__icontains=asked.text)
            | Q(why__icontains=asked.text)
            | Q(act__icontains=asked.text)
        )
    return found


def access_events(viewer: Viewer, asked: AuditFilter) -> QuerySet[AccessEvent]:
    found = _narrowed(visible_access(viewer), asked)
    if asked.act:
        found = found.filter(kind=asked.act)
    if asked.text:
        found = found.filter(
            Q(what__icontains=asked.text)
            | Q(path__icontains=asked.text)
            | Q(user_agent__icontains=asked.text)
        )
    return found


def of_same_transaction(viewer: Viewer, record: AuditRecord) -> QuerySet[AuditRecord]:
    """What else was changed in one go with it."""
    # A restored database counts its transactions anew: within a day of it, no further.
    near = record.at - timedelta(days=1), record.at + timedelta(days=1)
    return (
        visible_records(viewer)
        .filter(transaction=record.transaction, at__range=near)
        .exclude(pk=record.pk)
    )


def _narrowed(found: QuerySet, asked: AuditFilter) -> QuerySet:
    if asked.person:
        found = found.filter(
            Q(who__icontains=asked.person)
            if found.model is AuditRecord
            else Q(who__icontains=asked.person) | Q(name__icontains=asked.person)
        )
    if asked.since:
        found = found.filter(at__gte=_start_of(asked.since))
    if asked.until and asked.until < date.max:
        found = found.filter(at__lt=_start_of(asked.until + timedelta(days=1)))
    if asked.address:
        found = found.filter(address__startswith=asked.address)
    return found


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_default_timezone())


def _with_parts(kept: Audited, keys: Collection[str]) -> Q:
    """Records of these rows, and of the rows that ever were parts of them."""
    wanted = Q(table=kept.table, key__in=list(keys))
    for part in registered():
        if part.owner() is not kept.model or part.model is kept.model:
            continue
        column = part.columns((part.part_of,))
        numbers = [number for key in keys if (number := whole(key, 18)) is not None]
        parts = (
            AuditRecord.objects.filter(table=part.table)
            .filter(
                Q(**{f"after__{column}__in": numbers}) | Q(**{f"before__{column}__in": numbers})
            )
            .order_by()
            .values_list("key", flat=True)
            .distinct()
        )
        if found := list(parts):
            wanted |= _with_parts(part, found)
    return wanted


def _beside(viewer: Viewer, key: str) -> Q:
    """Of an agreement what belongs to it without being a part: its adjustments, accounts, entries
    and papers, and the rulings on its sections' months, each with its parts."""
    pk = whole(key, 18)
    if pk is None:
        return Q(pk=None)
    postings = Posting.objects.filter(account__agreement=pk)
    sections = TermSection.objects.filter(term__agreement=pk)
    beside: dict[type[models.Model], QuerySet] = {
        Adjustment: Adjustment.objects.filter(accrual__term__agreement=pk),
        LedgerAccount: LedgerAccount.objects.filter(agreement=pk),
        JournalEntry: JournalEntry.objects.filter(pk__in=postings.values("entry")),
        IssuedPaper: IssuedPaper.objects.filter(agreement=pk),
        MonthRuling: MonthRuling.objects.filter(
            Q(agreement=pk) | Q(agreement=None, section__in=sections.values("section"))
        ),
    }
    tables = {kept.model: kept for kept in visible_tables(viewer).values()}
    wanted = Q(pk=None)
    for model, rows in beside.items():
        keys = [str(pk) for pk in rows.order_by().values_list("pk", flat=True)]
        if keys and model in tables:
            wanted |= _with_parts(tables[model], keys)
    return wanted


def kind_choices(viewer: Viewer) -> list[tuple[str, str]]:
    """(table, what it holds in words) of what the viewer may see, by app."""
    order = [config.label for config in apps.get_app_configs()]
    found = sorted(
        visible_tables(viewer).values(), key=lambda each: order.index(each.model._meta.app_label)
    )
    return [(each.table, str(each.model._meta.verbose_name)) for each in found]
