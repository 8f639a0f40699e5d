"""The border of Liangping (upstream) and Dianjiang (downstream) on the Longxi River."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from monitoring.standards.gb3838_2002 import WaterClass
from settlements.rules.base import Facts, Granularity
from settlements.rules.parameters import with_defaults


def _exact(value):
    return value if isinstance(value, Fraction) else Decimal(value)


class Border:
    """Builds facts and parameters in the words of the agreement."""

    def month(self, found="Ⅲ", **more):
        return self._facts(date(2023, 8, 1), Granularity.MONTH, found, more)

    def year(self, found="Ⅲ", year=2023, **more):
        return self._facts(date(year, 1, 1), Granularity.YEAR, found, more)

    def terms(self, rule, on=date(2023, 1, 1), **given):
        return rule.parameters.from_json(with_defaults(rule.parameters, given, on=on))

    def _facts(self, period, granularity, found, more):
        for name in ("target", "last_year_class", "inflow_class", "reference_class"):
            if more.get(name) is not None:
                more[name] = WaterClass.parse(more[name])
        for name in (
            *("means", "base_means", "inflow_means", "last_year_means"),
            "reference_means",
        ):
            if name in more:
                more[name] = {code: _exact(value) for code, value in more[name].items()}
        more.setdefault("target", WaterClass.III)
        return Facts(
            period=period, granularity=granularity, section="普顺", river="龙溪河",
            upstream="梁平区", downstream="垫江县",
            water_class=None if found is None else WaterClass.parse(found), **more,
        )  # fmt: skip


@pytest.fixture
def border():
    return Border()
