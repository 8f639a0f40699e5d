"""The OpenAPI document: whole, true of what is answered, and nothing that fits it breaks an endpoint."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.conf import settings as configured
from django.core.cache import caches
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client, override_settings
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from dashboard.api.schema import document
from monitoring.ingest.services.tokens import add_token
from settlements import pipeline
from settlements.models import Accrual
from tests.every_page import routes

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = sorted((path, method) for path, item in document()["paths"].items() for method in item)
TRIED = settings(
    max_examples=40,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def one_connection():
    """A request leaves the connection of the test open, as one of Django's own client does."""
    signals = request_started, request_finished
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def asking(border, people) -> dict[str, Any]:
    """What each request brings: a token of the section, a session of the bureau."""
    caches["default"].clear()
    for n in range(3):
        border.store(
            datetime(2026, 10, 1, tzinfo=UTC) + timedelta(hours=4 * n), {"NH3-N": f"0.3{n}"}
        )
    _, secret = add_token(name="平台", sections=["BORDER"], days=None, by=None)
    client = Client()
    client.force_login(people.bureau)
    name = configured.SESSION_COOKIE_NAME
    return {
        "app": application,
        "headers": {"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"},
        "cookies": {name: client.cookies[name].value},
        "checks": CHECKS,
    }


@pytest.fixture(scope="module")
def schema():
    return schemathesis.openapi.from_dict(document())


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
@override_settings(API_REQUESTS_A_MINUTE=1_000_000, ALLOWED_HOSTS=["*"])
def test_whatever_fits_the_document_is_answered_as_it_says(schema, asking, path, method):
    operation = schema[path][method]

    @TRIED
    @given(case=operation.as_strategy())
    def tried(case):
        case.call_and_validate(**asking)

    tried()


@pytest.mark.parametrize(
    "path", [path for path, method in OPERATIONS if method == "get" and "{" not in path]
)
def test_a_real_answer_is_as_the_document_says(schema, asking, path):
    operation = schema[path]["get"]
    answer = operation.Case().call_and_validate(**asking)
    assert answer.status_code == 200


def test_real_explanations_are_as_the_document_says(schema, border, asking):
    border.measured("2019-06", "III")
    border.measured("2018-06", "IV")
    pipeline.recompute()
    accrual = Accrual.objects.get(period="2019-06-01")
    month = {"code": "TEST", "year": 2019, "month": 6}
    for path, given_path in (
        ("/api/v1/accruals/{id}/explanation/", {"id": accrual.pk}),
        ("/api/v1/settlements/{code}/{year}/{month}/explanation/", month),
    ):
        operation = schema[path]["get"]
        case = operation.Case(path_parameters=given_path)
        answer = case.call_and_validate(**asking)
        assert answer.status_code == 200


def test_every_address_of_the_interface_is_in_the_document():
    declared = {
        "/" + route.replace("<int:pk>", "<int:id>")
        for route in routes()
        if route.startswith("api/v1/")
    }
    named = {
        path.replace("<str:", "{").replace("<int:", "{").replace(">", "}") for path in declared
    }
    assert named == set(document()["paths"])


def test_the_document_is_for_whoever_has_a_token_or_a_session(asking):
    assert Client().get("/api/schema/").status_code == 401
    found = Client().get("/api/schema/", headers=asking["headers"])
    assert found.json()["openapi"].startswith("3.")


def test_the_document_needs_no_other_site():
    text = str(document()) + Path("templates/programs/programs.html").read_text()
    assert "//cdn" not in text
    assert "https://" not in text
