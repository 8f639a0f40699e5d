"""At which past moments a stored digest must be given again: the pairs of period and moment.

An accrual's version is to be reproduced from its writing until it is replaced. Left out are
the moments at which a change was known and not worked in:

- while a month that feeds the period waited to be computed again, from the beginning of the
  transaction that marked it until the end of what the run wrote (DirtyMonth, MarkWorked);
- while a transaction that changes terms, sections of terms or parties was writing;
- after a change nothing is computed again for: a place, river, section or person renamed, an
  agreement ended, a term cut off before the period.

A published accrual stays as it is whatever is found later. So its version counts until the
first such change after it; a proposed adjustment then counts with the digest it was found
with, until it is withdrawn or the next change comes.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from monitoring.models import DirtyMonth, MarkWorked
from settlements.models import Accrual, AccrualVersion, Agreement, TermSection
from settlements.reckoning.computation import Work
from settlements.reckoning.known import Known, known_at, needed_for
from settlements.reckoning.known_basis import Past, SectionMonth

Span = tuple[datetime, datetime]  # [from, to)


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A digest that was stored for a section and period, and when it must come out again."""

    agreement: int
    part: int
    period: date
    digest: str
    revision: int
    spans: tuple[Span, ...]

    def holds(self, at: datetime) -> bool:
        return any(start <= at < end for start, end in self.spans)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A digest from when to when; no change after `fixed` reaches it (None: all do)."""

    part: int
    period: date
    digest: str
    revision: int
    start: datetime
    end: datetime | None
    fixed: datetime | None


ADJUSTMENTS = """
SELECT key, op, at, transaction, after ->> 'accrual_id', after ->> 'term_section_id',
       after ->> 'input_digest', after ->> 'state'
FROM basins_auditrecord WHERE "table" = 'settlements_adjustment' AND op <> 'D' ORDER BY id
"""
WRITING = """
SELECT transaction, min(at), max(at) FROM basins_auditrecord
WHERE "table" IN ('settlements_term', 'settlements_termsection', 'settlements_party',
                  'settlements_agreement') AND op <> 'B'
GROUP BY transaction
"""
RENAMED = """
SELECT "table", key, at FROM basins_auditrecord
WHERE op = 'U' AND (
    "table" IN ('basins_jurisdiction', 'basins_river', 'monitoring_section')
    AND before ->> 'name' <> after ->> 'name'
    OR "table" = 'basins_user' AND (before ->> 'display_name', before ->> 'username')
       <> (after ->> 'display_name', after ->> 'username'))
"""
ENDED = """
SELECT key, min(at) FROM basins_auditrecord
WHERE "table" = 'settlements_agreement' AND op = 'U'
  AND before ->> 'state' = 'active' AND after ->> 'state' <> 'active'
GROUP BY key
"""
PUBLISHED = """
SELECT after ->> 'agreement_id', (after ->> 'month')::date, min(at) FROM basins_auditrecord
WHERE "table" = 'settlements_agreementmonth' AND op <> 'D' GROUP BY 1, 2
"""
CUT_OFF = """
SELECT key, at, upper((after ->> 'in_force')::daterange) FROM basins_auditrecord
WHERE "table" = 'settlements_term' AND op = 'U'
  AND before ->> 'in_force' <> after ->> 'in_force' ORDER BY id
"""


def lifetimes(now: datetime | None = None) -> list[Lifetime]:
    """Every stored digest with the moments up to `now` at which it must come out again."""
    return _Spans(now or timezone.now()).found()


class _Spans:
    def __init__(self, now: datetime) -> None:
        self.now = now
        self.ends = dict(
            AccrualVersion.objects.values_list("transaction").annotate(Max("known_from"))
        )
        self.adjusted = _rows(ADJUSTMENTS)
        for _, _, at, transaction, *_ in self.adjusted:
            self.ends[transaction] = max(at, self.ends.get(transaction, at))
        self.waits = self._waits()
        self.writing = [
            (start, max(end, self.ends.get(transaction, end)))
            for transaction, start, end in _rows(WRITING)
        ]
        self.renamed: dict[tuple[str, int], list[datetime]] = defaultdict(list)
        for table, key, at in _rows(RENAMED):
            self.renamed[table, int(key)].append(at)
        self.ended = {int(key): at for key, at in _rows(ENDED)}
        self.published = {(int(pk), month): at for pk, month, at in _rows(PUBLISHED)}
        self.cut_off: dict[int, list[tuple[datetime, date | None]]] = defaultdict(list)
        for key, at, upper in _rows(CUT_OFF):
            self.cut_off[int(key)].append((at, upper))

    def _waits(self) -> dict[SectionMonth, list[Span]]:
        """Section and month → from when to when it waited."""
        found: dict[SectionMonth, list[Span]] = defaultdict(list)
        for section, month, since, worked, transaction in MarkWorked.objects.values_list(
            "section_id", "month", "waiting_since", "worked_at", "transaction"
        ):
            end = max(worked, self.ends.get(transaction, worked))
            found[section, month].append((since, end))
        for section, month, since in DirtyMonth.objects.values_list(
            "section_id", "month", "waiting_since"
        ):
            found[section, month].append((since, datetime.max.replace(tzinfo=since.tzinfo)))
        return found

    def found(self) -> list[Lifetime]:
        claims = self._claims()
        past = Past(self.now)
        answer = []
        for pk in Agreement.objects.order_by("pk").values_list("pk", flat=True):
            known = known_at(pk, self.now, past)
            names = self._names(known)
            for work in known.works:
                for claim in claims.get(work.part.pk, ()):
                    spans = self._spans(claim, work, pk, names)
                    if spans:
                        answer.append(
                            Lifetime(
                                pk, claim.part, claim.period, claim.digest, claim.revision, spans
                            )
                        )
        return answer

    def _claims(self) -> dict[int, list[_Claim]]:
        """By term section: versions, and adjustments with the section they were found for."""
        found: dict[int, list[_Claim]] = defaultdict(list)
        states = dict(Accrual.objects.values_list("pk", "state"))
        agreements = dict(TermSection.objects.values_list("pk", "term__agreement_id"))
        accruals = {}
        for version in AccrualVersion.objects.order_by("pk").iterator():
            accruals[version.accrual_id] = version
            start = self.ends[version.transaction]
            fixed = None
            if version.known_to is None and states.get(version.accrual_id) not in Accrual.OPEN:
                fixed = max(start, self._published(version, agreements))
            found[version.term_section_id].append(
                _Claim(
                    version.term_section_id,
                    version.period,
                    version.input_digest,
                    version.rule_revision,
                    start,
                    version.known_to,
                    fixed,
                )
            )
        for claim in self._adjustment_claims(accruals):
            found[claim.part].append(claim)
        return found

    def _published(self, version: AccrualVersion, agreements: dict[int, int]) -> datetime:
        """When its month was; without a record of that it counts as published at once."""
        year = version.period.year
        month = date(year, 12, 1) if version.yearly else version.period
        agreement = agreements.get(version.term_section_id, 0)
        at = self.published.get((agreement, month))
        return at or version.known_from

    def _adjustment_claims(self, accruals: dict[int, AccrualVersion]) -> Iterable[_Claim]:
        begun: dict[str, tuple] = {}
        ended: dict[str, datetime] = {}
        for key, op, at, transaction, accrual, part, digest, state in self.adjusted:
            if op in "IB":
                begun[key] = self.ends[transaction], int(accrual), part, digest
            elif state == "withdrawn":
                ended.setdefault(key, at)
        for key, (start, accrual, part, digest) in begun.items():
            if (version := accruals.get(accrual)) is None:
                continue
            yield _Claim(
                int(part) if part else version.term_section_id,
                version.period,
                digest,
                version.rule_revision,
                start,
                ended.get(key),
                start,
            )

    def _names(self, known: Known) -> set[tuple[str, int]]:
        """What the facts of an agreement call by name."""
        assert known.agreement is not None
        found = {("basins_river", known.agreement.river_id)}
        found |= {("basins_jurisdiction", j.pk) for j in known.others.values()}
        sections: set[int] = set()
        for work in known.works:
            part = work.part
            sections |= {s for s in (part.section_id, part.inflow_id, part.reference_id) if s}
            sections |= work.asked.section_ids
            found |= {("basins_jurisdiction", pk) for pk in (part.upstream_id, part.downstream_id)}
        found |= {("monitoring_section", pk) for pk in sections}
        found |= {("basins_user", r.decided_by_id) for r in known.past.rulings(sections)}
        return found

    def _spans(
        self, claim: _Claim, work: Work, agreement: int, names: set[tuple[str, int]]
    ) -> tuple[Span, ...]:
        start, end = claim.start, claim.end or self.now
        cuts = [at for name in names for at in self.renamed.get(name, ()) if at > start]
        cuts += [self.ended[agreement]] if agreement in self.ended else []
        cuts += [
            at
            for at, upper in self.cut_off.get(work.term.pk, ())
            if upper is not None and upper <= claim.period and at > start
        ]
        waits = [span for key in needed_for(work, claim.period) for span in self.waits.get(key, ())]
        if claim.fixed is not None:
            cuts += [since for since, until in waits if until > claim.fixed]
        return without((start, min([end, *cuts])), [*waits, *self.writing])


def without(whole: Span, holes: Iterable[Span]) -> tuple[Span, ...]:
    """What is left of a span; a hole's end still belongs to it."""
    start, end = whole
    left = []
    for since, until in sorted(holes):
        if until < start or since >= end:
            continue
        if since > start:
            left.append((start, since))
        start = max(start, until)
    if start < end:
        left.append((start, end))
    return tuple((a, b) for a, b in left if (b - a).total_seconds() > 2e-6)


def _rows(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()
