"""Submitting a draft and 启用: a second person turns it into an agreement or a term.

One transaction makes agreement, parties, term and sections, closes what an amendment
replaces, and computes the accruals. Doing it twice does it once.
"""

from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone

from basins.links import to
from basins.models import User
from basins.ranges import next_month
from monitoring.models import Assessment
from settlements import rules
from settlements.accruals.services.accruals import accrue_agreement, accrue_changed
from settlements.accruals.services.nets import resettle
from settlements.agreements.services.amendments import close_current, date_problems, next_number
from settlements.agreements.services.difference import MonthDiff, difference
from settlements.agreements.services.drafts import (
    DraftProblem,
    DraftRefused,
    State,
    locked,
    mark_submitted,
)
from settlements.agreements.services.ending import end_day, ending_problems, strands_to_end
from settlements.agreements.services.entered import Entered, entered
from settlements.models import Accrual, Agreement, AgreementDraft, Party, Term, TermSection
from settlements.moving.notify import signatories
from settlements.moving.telling import tell
from settlements.reckoning.computation import NotAParty
from settlements.reckoning.periods import last_month
from settlements.reckoning.preview import preview


def ready(draft: AgreementDraft) -> Entered | None:
    """The draft's content where it could be activated now; None for one that ends.

    Raises DraftRefused.
    """
    if draft.ends:
        assert draft.amends is not None
        if problems := ending_problems(draft.amends, draft.strand, end_day(draft)):
            raise DraftRefused(*problems)
        return None
    found = entered(draft)
    if draft.amends is not None:
        span = found.term.in_force
        problems = date_problems(
            draft.amends,
            draft.strand,
            span.lower,
            until=span.upper,
            rule=rules.read(found.term.rule, found.term.parameters),
            parts=found.term.parts,
        )
        if problems:
            raise DraftRefused(*problems)
    return found


def problems_of(draft: AgreementDraft) -> tuple[DraftProblem, ...]:
    """What stands in the way of activating the draft now; empty where nothing does."""
    try:
        ready(draft)
    except DraftRefused as refused:
        return refused.problems
    return ()


def fixed_months(draft: AgreementDraft, found: Entered | None) -> tuple[MonthDiff, ...]:
    """Published and settled months an amendment or an end would propose to adjust."""
    return difference(draft, found).fixed if draft.amends_id else ()


@transaction.atomic
def submit_draft(*, draft: AgreementDraft, by: User, confirmed: int = 0) -> AgreementDraft:
    """Hand the draft over to be checked (提交核对). `confirmed` is how many published months
    the person confirmed would be adjusted. Raises DraftRefused if incomplete.
    """
    draft = locked(draft)
    if draft.state == State.SUBMITTED:
        return draft
    if draft.state == State.DRAFT:
        _refuse_unconfirmed(draft, _checked(draft), confirmed)
    mark_submitted(draft, by)
    tell(
        "draft.submit",
        to("draft-check", draft.pk),
        about=f"{draft.pk}:{draft.version}",
        by=by,
        # None of those who had a hand in it may activate it.
        persons=draft.preparers.values_list("pk", flat=True),
        title=draft.title,
        what="的修订" if draft.amends_id else "",
    )
    return draft


def _checked(draft: AgreementDraft) -> Entered | None:
    """`ready`, and a rule whose payers and payees are all parties. Raises DraftRefused."""
    found = ready(draft)
    if found is not None:
        try:
            preview(found.river, [found.term], found.jurisdictions(), treasury=found.treasury())
        except NotAParty as missing:
            raise DraftRefused(DraftProblem("parties", str(missing))) from missing
    return found


def _refuse_unconfirmed(draft: AgreementDraft, found: Entered | None, confirmed: int) -> None:
    count = len(fixed_months(draft, found))
    if count != confirmed:
        raise DraftRefused(
            DraftProblem(
                "",
                f"有 {count} 个已发布或已结清的断面月会提出调整；请核对逐月金额，勾选确认后再办。",
            )
        )


@transaction.atomic
def activate_draft(
    *, draft: AgreementDraft, version: int, by: User, confirmed: int = 0
) -> Agreement:
    """Put the draft in force (启用). `version` is the one that was checked, `confirmed` how
    many published months were confirmed to be adjusted.

    Raises DraftRefused for whoever took part in preparing it, for a draft that is not
    submitted or has changed since it was checked, for published months not confirmed, and
    for what no longer fits.
    """
    draft = locked(draft)
    if draft.state == State.ACTIVATED and draft.agreement is not None:
        return draft.agreement
    if draft.state != State.SUBMITTED:
        raise DraftRefused(
            DraftProblem("", f"草稿现为“{draft.get_state_display()}”，不能启用；请先提交核对。")
        )
    if draft.prepared_by_id == by.pk or draft.preparers.filter(pk=by.pk).exists():
        raise DraftRefused(
            DraftProblem("", "录入或修改过这份草稿的人不能启用它；请由另一位协议管理员核对启用。")
        )
    if draft.version != version:
        raise DraftRefused(DraftProblem("", "草稿在您核对之后又改过；请重新核对下列各项再启用。"))
    if draft.amends_id:
        agreement = _locked_agreement(draft)
        found = _checked(draft)
        _refuse_unconfirmed(draft, found, confirmed)
        if found is None:
            _end(agreement, draft)
        else:
            _amend(agreement, draft, found)
    else:
        agreement = _created(draft)
    draft.state, draft.agreement = State.ACTIVATED, agreement
    draft.activated_by, draft.activated_at = by, timezone.now()
    draft.save()
    accrue_agreement(agreement=agreement, fused=False)  # the difference was confirmed
    if draft.term is not None:
        _accrue_running(draft.term)
    tell(
        "draft.activate",
        to("agreement", agreement.code),
        about=draft.pk,
        by=by,
        parties=[p.jurisdiction_id for p in signatories(agreement=agreement)],
        persons=draft.preparers.values_list("pk", flat=True),
        title=agreement.title,
        what="的修订" if draft.amends_id else "",
    )
    return agreement


def _created(draft: AgreementDraft) -> Agreement:
    found = _checked(draft)
    assert found is not None
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
            DraftProblem("parties", f"编码 {found.code} 刚被另一份协议用去；请退回换一个。")
        ) from taken
    _add_parties(agreement, found)
    draft.term = _add_term(agreement, found, number=1, strand=draft.strand)
    return agreement


def _locked_agreement(draft: AgreementDraft) -> Agreement:
    return Agreement.objects.select_for_update(of=("self",), no_key=True).get(pk=draft.amends_id)


def _amend(agreement: Agreement, draft: AgreementDraft, found: Entered) -> None:
    start = found.term.in_force.lower
    years = _open_years(agreement, [draft.strand], start)
    close_current(agreement, draft.strand, start)
    _change_parties(agreement, found, start)
    draft.term = _add_term(agreement, found, number=next_number(agreement), strand=draft.strand)
    _resettle(agreement, years)


def _end(agreement: Agreement, draft: AgreementDraft) -> None:
    start, strands = end_day(draft), strands_to_end(draft)
    years = _open_years(agreement, strands, start)
    for strand in strands:
        close_current(agreement, strand, start)
    _resettle(agreement, years)


def _open_years(agreement: Agreement, strands: list[str], start: date) -> set[int]:
    """Years whose accruals go: they are summed anew, even where nothing follows for them."""
    found = Accrual.objects.filter(
        term__agreement=agreement, term__strand__in=strands, period__gte=start
    )
    return set(found.values_list("period__year", flat=True))


def _resettle(agreement: Agreement, years: set[int]) -> None:
    running = next_month(last_month()).year
    resettle(agreement=agreement, years={y for y in years if y <= running})


def _accrue_running(term: Term) -> None:
    """The month that is not over yet, where its sections already have a class."""
    running = next_month(last_month())
    assessed = Assessment.objects.filter(month=running, section__term_sections__term=term)
    accrue_changed({(section, running) for section in assessed.values_list("section", flat=True)})


def _add_parties(agreement: Agreement, found: Entered, since: date | None = None) -> None:
    have = {p.jurisdiction_id: p for p in agreement.parties.all()}
    for order, (jurisdiction, role) in enumerate(found.parties, start=1):
        party = have.get(jurisdiction.pk)
        if party is None:
            Party.objects.create(
                agreement=agreement, jurisdiction=jurisdiction, role=role, order=order, since=since
            )
        elif (party.role, party.order, party.until) != (role, order, None):
            party.role, party.order, party.until = role, order, None
            party.save(update_fields=["role", "order", "until"])


def _change_parties(agreement: Agreement, found: Entered, on: date) -> None:
    """New parties come from that day; those left out leave on it, and keep their past."""
    _add_parties(agreement, found, since=on)
    kept = [jurisdiction for jurisdiction, _ in found.parties]
    left = agreement.parties.exclude(jurisdiction__in=kept)
    left.exclude(until__lte=on).update(until=on)


def _add_term(agreement: Agreement, found: Entered, *, number: int, strand: str) -> Term:
    spec = found.term
    term = Term.objects.create(
        agreement=agreement,
        number=number,
        strand=strand,
        rule=spec.rule,
        rule_revision=rules.get(spec.rule).revision,
        parameters=spec.parameters,
        clauses=found.clauses,
        in_force=spec.in_force,
        silence=found.silence,
    )
    TermSection.objects.bulk_create(
        TermSection(
            term=term,
            section=part.section,
            upstream=part.upstream,
            downstream=part.downstream,
            inflow=part.inflow,
            reference=part.reference,
            share=part.share,
        )
        for part in spec.parts
    )
    return term
