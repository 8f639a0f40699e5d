"""Every stored accrual found again from what is measured now: which come out otherwise.

`verify_accruals` takes an accrual's own stored inputs; this takes the readings, targets and
terms as they are. After an upgrade that reckons more exactly it says which months are touched.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from settlements.accruals.services.proposals import Holding, holding
from settlements.accruals.services.superseded import in_codes, superseded_of
from settlements.models import Accrual, Agreement
from settlements.reckoning.computation import Computed, compute, other_parties, work_of


@dataclass(frozen=True, slots=True)
class FoundOtherwise:
    """A stored accrual whose state or payments (yuan, between codes) come out otherwise now."""

    agreement: str
    section: str
    period: date
    published: bool
    was: Holding
    now: Holding
    same_inputs: bool  # the input digest is the same: the reckoning changed, not the inputs


@dataclass
class FoundAgain:
    """`digests`: how many have another input digest now, whatever comes of it."""

    checked: int = 0
    digests: int = 0
    otherwise: list[FoundOtherwise] = field(default_factory=list)


def found_again() -> FoundAgain:
    """All accruals of agreements in force; an approved adjustment counts as what holds."""
    answer = FoundAgain()
    for agreement in Agreement.objects.filter(state=Agreement.State.ACTIVE).order_by("code"):
        for accrual, computed, now, was in _pairs(agreement):
            answer.checked += 1
            same = accrual.input_digest == computed.digest
            answer.digests += not same
            if was != now:
                answer.otherwise.append(
                    FoundOtherwise(
                        agreement.code,
                        computed.part.section.name,
                        accrual.period,
                        accrual.state not in Accrual.OPEN,
                        was,
                        now,
                        same,
                    )
                )
    return answer


def _pairs(agreement: Agreement) -> Iterator[tuple[Accrual, Computed, Holding, Holding]]:
    work = work_of(agreement)
    stored = {
        (a.term_section_id, a.period): a
        for a in Accrual.objects.filter(term__agreement=agreement).only(
            "term_section_id", "period", "input_digest", "state"
        )
    } | superseded_of(agreement).answered
    holds, others = holding(a.pk for a in stored.values()), other_parties(agreement)
    for computed in compute(work):
        if (accrual := stored.get((computed.part.pk, computed.period))) is not None:
            outcome = in_codes(computed.outcome, computed.part, others)
            yield accrual, computed, Holding.of(outcome), holds[accrual.pk]
