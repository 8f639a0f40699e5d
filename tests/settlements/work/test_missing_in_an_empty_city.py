"""What a city without anything is told that it lacks, with pages that there are."""

import pytest
from django.urls import resolve

from settlements.work.queries.missing import KINDS, missing
from tests.worlds import month


@pytest.mark.django_db
def test_an_empty_city_lacks_rivers_people_and_an_agreement():
    found = missing(month("2023-04"))
    assert [(each.kind, each.code) for each in found] == [
        ("place", ""), ("people", "admin"), ("people", "bureau"), ("agreement", ""),
    ]  # fmt: skip
    for each in found:
        assert each.kind in KINDS
        assert resolve(str(each.link).partition("?")[0])
