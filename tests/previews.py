"""Previews in tests: an agreement's own terms run again, and what they come to a year."""

from collections import defaultdict
from decimal import Decimal

from basins.models import Jurisdiction
from settlements.models import Agreement
from settlements.money import ZERO
from settlements.reckoning.preview import PreviewLine, TermSpec, spec_of


def terms_of(agreement: Agreement) -> list[TermSpec]:
    return [spec_of(term) for term in agreement.terms.order_by("number")]


def nets_by_year(lines: list[PreviewLine]) -> dict[int, dict[Jurisdiction, Decimal]]:
    """Year → jurisdiction → yuan it would receive (negative: pay)."""
    nets: dict[int, dict[Jurisdiction, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for line in lines:
        if line.payer is not None and line.payee is not None:
            nets[line.period.year][line.payer] -= line.yuan
            nets[line.period.year][line.payee] += line.yuan
    return {year: dict(parties) for year, parties in nets.items()}
