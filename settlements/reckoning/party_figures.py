"""What a party's sections show where no stored figure says it: its index, its met ratio.

A party answers for the sections of the term on whose upstream side it stands. Months under a
ruling are left out. Where a figure cannot be told there is none, and the rule refuses it by
name; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction

from basins.ranges import months_between
from monitoring.standards.assessment import ASSESSED_ITEMS
from monitoring.standards.cwqi import cwqi
from monitoring.standards.exact import Number, Written, decimal_of, written, written_mean
from monitoring.standards.gb3838_2002 import WaterBody
from settlements.models import TermSection
from settlements.reckoning.given_facts import Given
from settlements.reckoning.measured import Measured

_INDEX_DIGITS = 34  # of an index as it is written


def derived(
    found: Measured,
    parts: Sequence[TermSection],
    code: str,
    figure: str,
    period: date,
    yearly: bool,
    agreement_id: int | None,
) -> Given | None:
    """The party's figure of the period from its sections of a collective term."""
    own = {part.section_id: part for part in parts if part.upstream.code == code}
    if not own:
        return None
    months = months_between(period, date(period.year, 12, 1)) if yearly else [period]
    at = list(own.values())
    value: Number | None = None
    if figure == "index":
        value = _index(found, parts, at, months, agreement_id)
    elif figure == "met":
        value = _met(found, list(own), months, agreement_id)
    if value is None:
        return None
    names = "、".join(part.section.name for part in at)
    how = "城市水质指数，环办监测〔2017〕51号" if figure == "index" else "各月达标的比例"
    return Given(value, f"{at[0].upstream.name}由断面 {names} 推算（{how}）")


def section_figure(
    found: Measured,
    part: TermSection,
    name: str,
    period: date,
    yearly: bool,
    agreement_id: int | None,
) -> Given | None:
    """A section's own figure where its readings tell it: the year's met ratio, no other."""
    if name != "met_ratio" or not yearly:
        return None
    months = months_between(period, date(period.year, 12, 1))
    value = _met(found, [part.section_id], months, agreement_id)
    return None if value is None else Given(value, "由各月评价推算（达标月数的比例）")


def _index(
    found: Measured,
    parts: Sequence[TermSection],
    own: list[TermSection],
    months: list[date],
    agreement_id: int | None,
) -> Written | None:
    """CWQI of the mean concentrations, over the items that every section of the term has."""
    means = {
        section: _means(found, section, months, agreement_id)
        for section in {part.section_id for part in parts}
    }
    if not all(means[part.section_id] for part in own):
        return None
    common = set(ASSESSED_ITEMS)
    for values in means.values():
        if values:
            common &= values.keys()
    if not common:
        return None
    ids = sorted({part.section_id for part in own})
    together = {item: written_mean(means[s][item] for s in ids) for item in sorted(common)}
    if together.get("DO") == 0:  # its index would be infinite
        return None
    lakes = all(part.section.water_body == WaterBody.LAKE for part in own)
    body = WaterBody.LAKE if lakes else WaterBody.RIVER
    cut = cwqi({item: written(value) for item, value in together.items()}, body)
    with localcontext(Context(prec=_INDEX_DIGITS, rounding=ROUND_HALF_EVEN)):
        kept = sum((decimal_of(index, _INDEX_DIGITS) for _, index in cut.items), Decimal(0))
    return Written(cwqi(together, body).total, kept)


def _means(
    found: Measured, section: int, months: list[date], agreement_id: int | None
) -> dict[str, Written]:
    """Mean of the months' means by item."""
    values: dict[str, list[Number]] = {}
    for month in months:
        if found.ruling(section, month, agreement_id) is None:
            for item, mean in found.means.get((section, month), {}).items():
                values.setdefault(item, []).append(mean)
    return {item: written_mean(each) for item, each in values.items()}


def _met(
    found: Measured, sections: list[int], months: list[date], agreement_id: int | None
) -> Fraction | None:
    """Per cent of the assessed months that meet the target of their section."""
    met = assessed = 0
    for section in sections:
        for month in months:
            assessment = found.assessments.get((section, month))
            if assessment is None or found.ruling(section, month, agreement_id) is not None:
                continue
            target = found.target_on(section, month)
            if target is None:
                return None
            assessed += 1
            met += assessment.water_class <= target.water_class
    return Fraction(100 * met, assessed) if assessed else None
