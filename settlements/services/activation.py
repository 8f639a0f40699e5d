"""Submitting a draft and 启用: a second person turns it into an agreement or a term.

One transaction makes agreement, parties, term and sections, closes what an amendment
replaces, and computes the accruals. Doing it twice does it once.
"""

from django.db import IntegrityError, transaction
from django.utils import timezone

from basins.models import User
from basins.ranges import next_month
from monitoring.models import Assessment
from settlements import rules
from settlements.models import Accrual, Agreement, AgreementDraft, Party, Term, TermSection
from settlements.services.accruals import accrue_agreement, accrue_changed
from settlements.services.amendments import close_current, date_problems, next_number
from settlements.services.drafts import (
    DraftRefused,
    Problem,
    State,
    locked,
    mark_submitted,
)
from settlements.services.entered import Entered, entered
from settlements.services.periods import last_month
from settlements.services.settlements import resettle


def ready(draft: AgreementDraft) -> Entered:
    """The draft's content where it could be activated now. Raises DraftRefused."""
    found = entered(draft)
    if draft.amends is not None:
        module = rules.get(found.term.rule)
        parameters = module.Parameters.from_json(found.term.parameters)
        span = found.term.in_force
        problems = date_problems(
            draft.amends, draft.strand, span.lower, until=span.upper, rule=(module, parameters)
        )
        if problems:
            raise DraftRefused(*problems)
    return found


def problems_of(draft: AgreementDraft) -> tuple[Problem, ...]:
    """What stands in the way of activating the draft now; empty where nothing does."""
    try:
        ready(draft)
    except DraftRefused as refused:
        return refused.problems
    return ()


@transaction.atomic
def submit_draft(*, draft: AgreementDraft, by: User) -> AgreementDraft:
    """Hand the draft over to be checked (提交核对). Raises DraftRefused if incomplete."""
    draft = locked(draft)
    if draft.state == State.SUBMITTED:
        return draft
    if draft.state == State.DRAFT:
        ready(draft)
    mark_submitted(draft, by)
    return draft


@transaction.atomic
def activate_draft(*, draft: AgreementDraft, version: int, by: User) -> Agreement:
    """Put the draft in force (启用). `version` is the one that was checked.

    Raises DraftRefused for whoever took part in preparing it, for a draft that is not
    submitted or has changed since it was checked, and for what no longer fits.
    """
    draft = locked(draft)
    if draft.state == State.ACTIVATED and draft.agreement is not None:
        return draft.agreement
    if draft.state != State.SUBMITTED:
        raise DraftRefused(
            Problem("", f"草稿现为“{draft.get_state_display()}”，不能启用；请先提交核对。")
        )
    if draft.prepared_by_id == by.pk or draft.preparers.filter(pk=by.pk).exists():
        raise DraftRefused(
            Problem("", "录入或修改过这份草稿的人不能启用它；请由另一位协议管理员核对启用。")
        )
    if draft.version != version:
        raise DraftRefused(Problem("", "草稿在您核对之后又改过；请重新核对下列各项再启用。"))
    agreement = _amended(draft) if draft.amends_id else _created(draft)
    draft.state, draft.agreement = State.ACTIVATED, agreement
    draft.activated_by, draft.activated_at = by, timezone.now()
    draft.save()
    accrue_agreement(agreement=agreement)
    if draft.term is not None:
        _accrue_running(draft.term)
    return agreement


def _created(draft: AgreementDraft) -> Agreement:
    found = ready(draft)
    try:
        with transaction.atomic():
            agreement = Agreement.objects.create(
                code=found.code,
                title=found.title,
                river=found.river,
                state=Agreement.State.ACTIVE,
                signed_on=found.signed_on,
                source=found.source,
            )
    except IntegrityError as taken:
        raise DraftRefused(
            Problem("parties", f"编码 {found.code} 刚被另一份协议用去；请退回换一个。")
        ) from taken
    _add_parties(agreement, found)
    draft.term = _add_term(agreement, found, number=1, strand=draft.strand)
    return agreement


def _amended(draft: AgreementDraft) -> Agreement:
    agreement = Agreement.objects.select_for_update(of=("self",), no_key=True).get(
        pk=draft.amends_id
    )
    found = ready(draft)
    start = found.term.in_force.lower
    dropped_years = set(
        Accrual.objects.filter(
            term__agreement=agreement, term__strand=draft.strand, period__gte=start
        ).values_list("period__year", flat=True)
    )
    close_current(agreement, draft.strand, start)
    _add_parties(agreement, found)
    draft.term = _add_term(agreement, found, number=next_number(agreement), strand=draft.strand)
    # Years whose accruals went are summed anew, even where the new term yields none for them.
    running = next_month(last_month()).year
    resettle(agreement=agreement, years={y for y in dropped_years if y <= running})
    return agreement


def _accrue_running(term: Term) -> None:
    """The month that is not over yet, where its sections already have a class."""
    running = next_month(last_month())
    assessed = Assessment.objects.filter(month=running, section__term_sections__term=term)
    accrue_changed({(section, running) for section in assessed.values_list("section", flat=True)})


def _add_parties(agreement: Agreement, found: Entered) -> None:
    have = set(agreement.parties.values_list("jurisdiction_id", flat=True))
    order = agreement.parties.count()
    for jurisdiction, role in found.parties:
        if jurisdiction.pk not in have:
            order += 1
            Party.objects.create(
                agreement=agreement, jurisdiction=jurisdiction, role=role, order=order
            )


def _add_term(agreement: Agreement, found: Entered, *, number: int, strand: str) -> Term:
    spec = found.term
    term = Term.objects.create(
        agreement=agreement,
        number=number,
        strand=strand,
        rule=spec.rule,
        rule_revision=rules.get(spec.rule).REVISION,
        parameters=spec.parameters,
        clauses=found.clauses,
        in_force=spec.in_force,
    )
    TermSection.objects.bulk_create(
        TermSection(
            term=term,
            section=part.section,
            upstream=part.upstream,
            downstream=part.downstream,
            inflow=part.inflow,
            share=part.share,
        )
        for part in spec.parts
    )
    return term
