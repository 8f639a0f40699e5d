"""Whether every accrual still follows from the inputs it was stored with.

Nothing is read but the accrual, its term and the rule's code: years later, whatever happened to
the readings since, the same inputs must give the same digest, state and transfers.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from basins.malformed import MALFORMED, words_of
from settlements import rules
from settlements.models import Accrual, Agreement, TermSection
from settlements.reckoning.computation import digest_of, other_parties, outcomes_of, party_of
from settlements.rules import Rule
from settlements.rules.base import Outcome
from settlements.rules.facts import Facts


@dataclass(frozen=True, slots=True)
class AccrualDifference:
    """One accrual that its stored inputs do not give, and in what."""

    agreement: str
    section: str
    period: str
    problem: str


@dataclass
class Verified:
    checked: int = 0
    differ: list[AccrualDifference] = field(default_factory=list)


def verify_accruals() -> Verified:
    """Compute every stored accrual again from its own inputs and compare.

    A term at a time, in order of period: under a yearly cap the months hang together.
    """
    answer = Verified()
    for agreement in Agreement.objects.order_by("code"):
        others = other_parties(agreement)
        by_part: dict[int, list[Accrual]] = defaultdict(list)
        # Once each, not once an accrual: parameters and boundaries are large.
        parts = {
            part.pk: part
            for part in TermSection.objects.filter(term__agreement=agreement)
            .select_related("term", "section", "upstream", "downstream")
            .defer("upstream__boundary", "downstream__boundary")
        }
        for accrual in (
            Accrual.objects.filter(term__agreement=agreement)
            .defer("steps")
            .prefetch_related("transfers__payer", "transfers__payee")
            .order_by("term_section", "period")
        ):
            accrual.term_section = parts[accrual.term_section_id]
            accrual.term = accrual.term_section.term
            by_part[accrual.term_section_id].append(accrual)
        for accruals in by_part.values():
            _verify(agreement, accruals, others, answer)
    return answer


def _verify(agreement: Agreement, accruals: list[Accrual], others, answer: Verified) -> None:
    """Terms and inputs that cannot be read are named, and the others computed without them."""
    term, part = accruals[0].term, accruals[0].term_section

    def differs(period: str, problem: str) -> None:
        answer.differ.append(AccrualDifference(agreement.code, part.section.name, period, problem))

    try:
        rule = rules.read(term.rule, term.parameters)
    except MALFORMED as error:
        problem = f"第 {term.number} 条款期的规则或参数读不出（{words_of(error)}）"
        differs(
            f"{term.in_force.lower or '最初'} 起", f"{problem}，{len(accruals)} 笔月核算不能重算"
        )
        return
    readable: list[tuple[Accrual, Facts]] = []
    for accrual in accruals:
        try:
            readable.append((accrual, Facts.from_json(accrual.inputs)))
        except MALFORMED as error:
            differs(f"{accrual.period:%Y-%m}", f"留存的输入读不出（{words_of(error)}）")
    try:
        outcomes = outcomes_of(rule, [facts for _, facts in readable])
    except MALFORMED:  # which of them, then
        readable = [each for each in readable if not _said_unreadable(rule, *each, differs)]
        outcomes = outcomes_of(rule, [facts for _, facts in readable])
    for (accrual, f), outcome in zip(readable, outcomes, strict=True):
        answer.checked += 1
        try:
            problems = _problems(accrual, digest_of(part, rule, f, outcome), outcome, others)
        except MALFORMED as error:
            problems = [f"留存的输入读不出（{words_of(error)}）"]
        for problem in problems:
            differs(f"{accrual.period:%Y-%m}", problem)


def _said_unreadable(
    rule: Rule, accrual: Accrual, facts: Facts, differs: Callable[[str, str], None]
) -> bool:
    try:
        outcomes_of(rule, [facts])
    except MALFORMED as error:
        differs(f"{accrual.period:%Y-%m}", f"留存的输入不能核算（{words_of(error)}）")
        return True
    return False


def _problems(accrual: Accrual, digest: str, outcome: Outcome, others) -> list[str]:
    problems = []
    if accrual.rule_revision != outcome.revision:
        problems.append(f"规则修订号 {accrual.rule_revision} 与现行 {outcome.revision} 不同")
    if accrual.input_digest != digest:
        problems.append("输入摘要不符")
    if accrual.month_state != outcome.state.value:
        problems.append(f"月度状态为 {accrual.month_state},重算为 {outcome.state.value}")
    stored = sorted((t.payer.code, t.payee.code, t.yuan) for t in accrual.transfers.all())
    part = accrual.term_section
    again = sorted(
        (party_of(part, t.payer, others).code, party_of(part, t.payee, others).code, t.yuan)
        for t in outcome.transfers
    )
    if stored != again:
        problems.append(f"收付为 {_words(stored)},重算为 {_words(again)}")
    return problems


def _words(transfers) -> str:
    return "、".join(f"{a}→{b} {yuan} 元" for a, b, yuan in transfers) or "互不补偿"
