"""What an import, readings typed in, or an undoing means for amounts: asked of the rules, not written.

Monitoring knows nothing of money: a trial asks here what would become of the results its
months feed, and a batch is undone through here, because a published month stands.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from basins.access import Act, viewer_of
from basins.models import Jurisdiction, User
from basins.refusals import NotAllowed, Refused
from basins.words import period_words
from monitoring.assessment.services.assessment import means_of_month
from monitoring.ingest.services.ingest import Progress, silent
from monitoring.ingest.services.trial import (
    TRIED,
    Trial,
    TriedReading,
    try_import,
    try_readings,
)
from monitoring.ingest.services.undoing import TakenBack, take_back_batch
from monitoring.models import Origin, ReadingRevision
from monitoring.protocols.layouts import USUAL, Way
from monitoring.standards.basis import Basis
from settlements.accruals.services.accruals import agreements_touched
from settlements.models import Accrual, Agreement, LabSample
from settlements.money import ZERO
from settlements.reckoning.computation import (
    Computed,
    NotAParty,
    Work,
    compute,
    load,
    other_parties,
    party_of,
    work_of,
)
from settlements.reckoning.facts import Wanted
from settlements.reckoning.given_facts import daily_means
from settlements.reckoning.measured import Measured

NAMED_AT_MOST = 10


@dataclass(frozen=True, slots=True)
class AmountChange:
    """A result that would be another: who pays whom, in words, and what is paid in all, in yuan.

    `published`: it stands; an adjustment is proposed. `shifts`: by how many yuan each party would
    stand otherwise, above zero: better.
    """

    agreement: str
    section: str
    period: date
    yearly: bool
    published: bool
    before: str
    after: str
    yuan_before: Decimal
    yuan_after: Decimal
    shifts: tuple[tuple[str, Decimal], ...] = ()


@dataclass
class ImportTrial:
    """A trial import with the amounts that would change."""

    trial: Trial
    amounts: list[AmountChange] = field(default_factory=list)


@transaction.atomic
def try_import_with_amounts(
    *,
    raw: bytes,
    filename: str,
    year: int | None = None,
    create_sections: bool = False,
    progress: Progress = silent,
    now: datetime | None = None,
    way: Way = USUAL,
) -> ImportTrial:
    """As the import of the file would leave months, classes and amounts; nothing is stored, and
    nothing waits for it. Raises FileError as the import does."""
    trial = try_import(
        raw=raw,
        filename=filename,
        year=year,
        create_sections=create_sections,
        progress=progress,
        now=now,
        way=way,
    )
    return ImportTrial(trial, _amounts_of(trial, progress))


@transaction.atomic
def try_readings_with_amounts(readings: Iterable[TriedReading]) -> ImportTrial:
    """As keeping these readings would leave months, classes and amounts; nothing is stored, and
    nothing waits for it."""
    trial = try_readings(readings)
    return ImportTrial(trial, _amounts_of(trial, silent))


def _amounts_of(trial: Trial, progress: Progress) -> list[AmountChange]:
    answer: list[AmountChange] = []
    touched = agreements_touched(trial.changed)
    agreements = Agreement.objects.filter(pk__in=list(touched)).select_related("river")
    for done, agreement in enumerate(agreements.order_by("pk")):
        progress(done, len(touched), "试算金额")
        answer += _amounts(agreement, work_of(agreement, changed=touched[agreement.pk]), trial)
    return answer


def _amounts(agreement: Agreement, work: list[Work], trial: Trial) -> list[AmountChange]:
    """The results of the work that come out otherwise with the file's readings."""
    if not work:
        return []
    found = load(work)
    before, after = compute(work, found), compute(work, _as_tried(found, work, trial))
    standing = set(
        Accrual.objects.filter(term__agreement=agreement)
        .exclude(state__in=Accrual.OPEN)
        .values_list("term_section__section_id", "period")
    )
    others = other_parties(agreement)
    changes = []
    for was, now in zip(before, after, strict=True):
        said, says = _said(was, others), _said(now, others)
        if said == says:
            continue
        part = now.part
        changes.append(
            AmountChange(
                agreement=agreement.title,
                section=part.section.name,
                period=now.period,
                yearly=now.facts.granularity == "year",
                published=(part.section_id, now.period) in standing,
                before=said,
                after=says,
                yuan_before=_paid(was),
                yuan_after=_paid(now),
                shifts=_shifts(was, now, others),
            )
        )
    return changes


def _as_tried(found: Measured, work: list[Work], trial: Trial) -> Measured:
    """What was measured, with the months that would change as they would be."""
    answer = replace(
        found,
        assessments=dict(found.assessments),
        means=dict(found.means),
        counts=dict(found.counts),
        deviating={},
        kept={},
        remeasure=_remeasure,
    )
    for key in trial.changed:
        own = trial.means[key]
        assessment = trial.assessments[key]
        answer.assessments.pop(key, None)
        answer.means.pop(key, None)
        answer.counts.pop(key, None)
        if assessment is not None:
            answer.assessments[key] = assessment
        if own:
            answer.means[key] = {code: mean.exact for code, mean in own.items()}
            answer.counts[key] = (
                sum(mean.valid for mean in own.values()),
                sum(mean.expected for mean in own.values()),
            )
    wanted = Wanted()
    for item in work:
        wanted.add(item.part, item.asked)
    if wanted.in_a_row:
        months = [period for item in work for period in item.periods]
        first, last = min(months).replace(month=1), max(months).replace(month=12)
        answer.daily = {
            **found.daily,
            **daily_means(wanted.in_a_row, wanted.indicators, first, last, TRIED),
        }
    return answer


def _remeasure(month: date, section_ids: list[int], basis: Basis):
    return means_of_month(month, section_ids, readings=TRIED, basis=basis)


def _said(computed: Computed, others: dict[str, Jurisdiction]) -> str:
    """Who pays whom by the outcome, in words."""
    outcome = computed.outcome
    try:
        paid = "；".join(
            f"{party_of(computed.part, t.payer, others)} 付 "
            f"{party_of(computed.part, t.payee, others)} {t.yuan:,.2f} 元"
            for t in outcome.transfers
        )
    except NotAParty as wrong:
        paid = str(wrong)
    return f"{outcome.state.label}，{paid or '互不补偿'}"


def _paid(computed: Computed) -> Decimal:
    return sum((t.yuan for t in computed.outcome.transfers), ZERO)


def _shifts(
    was: Computed, now: Computed, others: dict[str, Jurisdiction]
) -> tuple[tuple[str, Decimal], ...]:
    """Parties whose net would be another, in the order they are named; none where one of them is
    no party, which the words say."""
    nets: dict[str, Decimal] = {}
    for computed, sign in ((was, -1), (now, 1)):
        for transfer in computed.outcome.transfers:
            for role, direction in ((transfer.payer, -1), (transfer.payee, 1)):
                try:
                    name = party_of(computed.part, role, others).name
                except NotAParty:
                    return ()
                nets[name] = nets.get(name, ZERO) + sign * direction * transfer.yuan
    return tuple((name, yuan) for name, yuan in nets.items() if yuan)


@transaction.atomic
def undo_batch(*, batch_id: int, by: User, why: str) -> TakenBack:
    """撤销导入: the batch's readings go back to what they were, its months are computed again.

    Raises NotAllowed for a person who uploads no readings; Refused, by name, where a month it
    touches is published, a laboratory's report says what one of its readings says, or a later batch
    or verdict touched its readings (`take_back_batch`).
    """
    if not viewer_of(by).sees_all(Act.UPLOAD_READINGS):
        raise NotAllowed(f"{by} 不能撤销导入。")
    taken = take_back_batch(batch_id=batch_id, by=by, why=why)
    if reported := _reported(batch_id):
        raise Refused(
            f"不能撤销，实验室样品的报告也是这样的值：{'、'.join(reported[:NAMED_AT_MOST])}"
            f"{'等' if len(reported) > NAMED_AT_MOST else ''}。请改为逐条更正数据。"
        )
    # The marks are held, now the agreements: in the order of the recompute and of publishing.
    touched = agreements_touched(taken.months)
    list(
        Agreement.objects.filter(pk__in=list(touched))
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
    )
    if standing := _published(taken.months):
        raise Refused(
            f"不能撤销，涉及的月份已经发布：{'、'.join(standing[:NAMED_AT_MOST])}"
            f"{'等' if len(standing) > NAMED_AT_MOST else ''}。请改为更正数据，差额由调整处理。"
        )
    return taken


def _reported(batch_id: int) -> list[str]:
    """Samples that stand and say what the batch said, which is taken back by now: it would be taken
    from them, too."""
    rows = (
        LabSample.objects.filter(
            Exists(
                ReadingRevision.objects.filter(
                    batch_id=batch_id,
                    section=OuterRef("section"),
                    sampled_at=OuterRef("sampled_at"),
                    indicator=OuterRef("values__indicator"),
                    value=OuterRef("values__value"),
                    below_limit=OuterRef("values__below_limit"),
                    origin=Origin.MANUAL,
                )
            ),
            corrected_by__isnull=True,
        )
        .select_related("section")
        .order_by("sampled_at", "pk")
        .distinct()
    )
    return [str(sample) for sample in rows]


def _published(months: Iterable[tuple[int, date]]) -> list[str]:
    """The published results that readings of those section-months are part of, in words."""
    pairs = set(months)
    sections = {section for section, _ in pairs}
    of_any = (
        Q(term_section__section__in=sections)
        | Q(term_section__inflow__in=sections)
        | Q(term_section__reference__in=sections)
    )
    found = []
    rows = (
        Accrual.objects.filter(of_any)
        .exclude(state__in=Accrual.OPEN)
        .order_by("period", "pk")
        .values_list(
            "term__agreement__title", "period", "yearly", "term_section__section_id",
            "term_section__inflow_id", "term_section__reference_id",
        )
    )  # fmt: skip
    for title, period, yearly, *own in rows:
        fed = {
            month
            for section, month in pairs
            if section in own and (month.year == period.year if yearly else month == period)
        }
        if fed:
            found.append(f"{title} {period_words(period, yearly)}")
    return list(dict.fromkeys(found))
