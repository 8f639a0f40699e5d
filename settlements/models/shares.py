"""A share as it was agreed: a decimal, or a third as a third."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q

from monitoring.standards.exact import Number, ends, exact, total
from settlements.rules.facts import number, number_text

# As the database holds it: 0.5, 1, 1/3; greater than 0, decimals without zeros at their end.
PATTERN = r"^(0\.[0-9]{0,11}[1-9]|1|[1-9][0-9]{0,5}/[1-9][0-9]{0,5})$"
AT_MOST_ONE = (
    "split_part(%(expressions)s, '/', 1)::numeric"
    " <= coalesce(nullif(split_part(%(expressions)s, '/', 2), ''), '1')::integer"
)


def share_is_a_part(name: str) -> models.CheckConstraint:
    """The table's check of its column `share`."""
    at_most_one = Func(F("share"), template=AT_MOST_ONE, output_field=models.BooleanField())
    return models.CheckConstraint(
        condition=Q(share__regex=PATTERN) & Q(at_most_one),
        name=name,
        violation_error_message="份额须大于 0、不大于 1。",
    )


def share_words(share: Number, space: str = "") -> str:
    """50%, 87.83%, and a third as 1/3. space: between the number and its sign."""
    return f"{number_text(exact(share) * 100)}{space}%" if ends(share) else str(share)


ABOUT_WHOLE = Fraction(1, 100)  # so near to a whole that a whole was meant


def nearly_whole(shares: Iterable[Number]) -> str:
    """What is to be said of shares that are all but a whole, such as three of 33.33%; empty for
    a whole and for any other sum."""
    together = total(shares)
    if together == 1 or abs(together - 1) > ABOUT_WHOLE:
        return ""
    side = "不足" if together < 1 else "超过"
    return (
        f"份额合计 {share_words(together)}，{side} 100%：合计金额会{'少' if together < 1 else '多'}"
        "付。除不尽的份额请填分数，如 1/3。"
    )


class ShareField(models.Field):
    """A part of 1, kept whole: text in the database, Decimal or Fraction here.

    Values are greater than 0 and at most 1; the table's check holds that.
    """

    description = "A part of 1: decimals, or a fraction whose decimals do not end"

    def db_type(self, connection: Any) -> str:
        return "varchar(20)"

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Number | None:
        return self.to_python(value)

    def to_python(self, value: Any) -> Number | None:
        if value is None or isinstance(value, Fraction):
            return value
        try:
            return number(str(value))
        except (ArithmeticError, ValueError) as error:
            raise ValidationError(f"份额“{value}”看不懂；请填如 0.5 或 1/3。") from error

    def get_prep_value(self, value: Any) -> str | None:
        share = self.to_python(value)
        return None if share is None else number_text(_decimal(share))

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj)) or ""


def _decimal(share: Number) -> Number:
    """A fraction whose decimals end as the decimal it is, so that equal shares look equal."""
    if isinstance(share, Fraction) and ends(share):
        return Decimal(share.numerator) / Decimal(share.denominator)
    return share
