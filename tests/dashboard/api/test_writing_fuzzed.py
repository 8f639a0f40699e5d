"""Whatever a program sends: an answer that says what is wrong, and nothing wrong stored."""

import json
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.api.bodies import CSV, JSON, NDJSON, BadBody, readings_of
from monitoring.ingest.services.requests import FIELDS, RequestRefused, receive
from monitoring.ingest.services.tokens import add_token
from monitoring.models import AccessToken, Reading

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
USUAL = {
    "section": st.sampled_from(["BORDER", "FOREIGN"]),
    "indicator": st.sampled_from(["NH3-N", "w21003", "氨氮", "pH", "XX"]),
    "sampled_at": st.sampled_from(["2026-11-01T08:00:00+08:00", "2026-11-01T00:00:00Z", "2026"]),
    "value": st.sampled_from(["0.3", Decimal("0.3"), 1, True, "0.025L", "999.9", "1e400", "--"]),
}
READING = st.fixed_dictionaries(
    {name: usual | ANYTHING for name, usual in USUAL.items()},
    optional={name: ANYTHING for name in (*FIELDS[4:], "more")},
)


@pytest.fixture
def token(border) -> AccessToken:
    return add_token(name="任意", sections=[border.section.code], days=None, by=None)[0]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(READING | ANYTHING, min_size=1, max_size=5), st.booleans())
def test_any_readings_are_stored_or_refused_by_index(token, sent, partial):
    with transaction.atomic():
        try:
            answer, _ = receive(token=token, readings=sent, partial=partial)
        except RequestRefused as refused:
            answer = refused.report.to_json()
            assert not Reading.objects.exists()
        wrong = {error["index"] for error in answer["errors"]}
        assert wrong <= set(range(len(sent)))
        assert len(wrong) == answer["rejected"]
        assert all(error["reason"] and error["remedy"] for error in answer["errors"])
        assert set(Reading.objects.values_list("section__code", flat=True)) <= {"BORDER"}
        assert not Reading.objects.filter(value__lt=0).exists()
        json.dumps(answer)
        transaction.set_rollback(True)


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=200) | st.text(max_size=200).map(str.encode),
    st.sampled_from([JSON, NDJSON, CSV, "x"]),
)
def test_any_body_is_readings_or_says_what_it_is_not(body, kind):
    found, status = [], 0
    try:
        found = readings_of(body, kind, most=50)
    except BadBody as bad:
        status = bad.status if str(bad) else -1
    assert bool(found) == (status == 0)
    assert status in (0, 400, 413, 415)
