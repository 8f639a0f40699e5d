"""A river with an agreement whose terms run side by side, for tests of stored facts."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise

from basins.models import Jurisdiction, River
from basins.ranges import between
from monitoring.models import Section, Target
from monitoring.observations.services.observation_file import Typed
from monitoring.observations.services.observations import Recorded, record_observations, understand
from settlements import pipeline, rules
from settlements.models import Accrual, Agreement, Party, SettlementNet, Term, TermSection
from settlements.rules.parameters import with_defaults
from tests.worlds import Border, jurisdiction, month

WAN = Decimal(10_000)


@dataclass
class Chain:
    """Places from the source down, a section at each border, one agreement without terms."""

    places: list[Jurisdiction]
    sections: list[Section]
    agreement: Agreement
    treasury: Jurisdiction
    border: Border = field(repr=False)

    @classmethod
    def make(cls, *names: str) -> "Chain":
        river = River.objects.create(code="LIANHE", name="连河", level=1)
        places = [jurisdiction(f"50091{n}", name) for n, name in enumerate(names)]
        province = Jurisdiction.objects.get(code="500000")
        sections = [
            Section.objects.create(
                code=f"S{n}",
                name=f"{upper.name[:1]}{lower.name[:1]}界",
                province=province,
                river=river,
                km=10 * n + 10,
                upstream=upper,
                downstream=lower,
            )
            for n, (upper, lower) in enumerate(pairwise(places))
        ]
        for section in sections:
            Target.objects.create(
                section=section, water_class=3, in_force=between(date(2015, 1, 1)), source="规划"
            )
        agreement = Agreement.objects.create(
            code="CHAIN", title="连河协议", river=river, state=Agreement.State.ACTIVE
        )
        treasury = jurisdiction("500000-T", "市级财政", Jurisdiction.Level.TREASURY)
        for order, place in enumerate([*places, treasury], start=1):
            Party.objects.create(agreement=agreement, jurisdiction=place, order=order)
        border = Border(places[0], places[1], treasury, river, sections[0], agreement)
        return cls(places, sections, agreement, treasury, border)

    def term(
        self, rule: str, start: date, end: date | None = None, *, parts=None, strand="", **given
    ) -> Term:
        """A term of a strand of its own, over all sections."""
        module = rules.get(rule)
        term = Term.objects.create(
            agreement=self.agreement,
            number=self.agreement.terms.count() + 1,
            strand=strand or rule,
            rule=rule,
            rule_revision=module.revision,
            parameters=with_defaults(module.parameters, given, on=start),
            in_force=between(start, end),
        )
        for n, section in enumerate(self.sections):
            TermSection.objects.create(
                term=term,
                section=section,
                upstream=section.upstream,
                downstream=section.downstream,
                share=Decimal(parts[n]) if parts else 1,
            )
        return term

    def figures(self, *rows: str) -> Recorded:
        """ "S0 年度 指标 值" recorded as the bureau would, then recomputed."""
        typed = [
            Typed(n, *(words[0], words[2], words[1], words[3]), "测试")
            for n, words in enumerate((row.split() for row in rows), start=1)
        ]
        found, wrong = understand(typed)
        assert not wrong, wrong
        done = record_observations(rows=found, by=None)
        pipeline.recompute()
        return done

    def measured(self, when: str, *classes: str | int) -> None:
        """One class a section, from the source down; None where nothing was measured."""
        for section, water_class in zip(self.sections, classes, strict=True):
            if water_class is not None:
                self.border.measured(when, water_class, section=section)

    def accruals(self, rule: str) -> dict[str, Accrual]:
        found = Accrual.objects.filter(term__agreement=self.agreement, term__rule=rule)
        return {f"{a.term_section.section.code} {a.period:%Y-%m}": a for a in found}

    def one(self, rule: str, when: str) -> Accrual:
        return Accrual.objects.get(
            term__agreement=self.agreement, term__rule=rule, period=month(when)
        )

    def net(self, year: int) -> dict[str, int | Decimal]:
        """万元 by place, without those at zero."""
        rows = SettlementNet.objects.filter(settlement__agreement=self.agreement)
        return {
            n.jurisdiction.name: n.yuan / WAN
            for n in rows.filter(settlement__year=year).select_related("jurisdiction")
            if n.yuan
        }
