"""The first administrator comes from the command line, with a role and a sound password."""

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from basins.access import Act, viewer_of
from basins.models import User


@pytest.fixture
def typing(monkeypatch):
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_an_administrator_can_sign_in_and_enter_agreements(db, typing, client):
    typing("morgen-Nebel-2026\n")
    call_command("add_person", "first", role="admin", name="张三")
    user = User.objects.get(username="first")
    assert viewer_of(user).may(Act.EDIT_AGREEMENTS)
    assert (
        client.post("/sign-in/", {"username": "first", "password": "morgen-Nebel-2026"}).status_code
        == 302
    )
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    ("password", "given", "words"),
    [
        ("kurz\n", {"role": "admin"}, "10"),
        ("morgen-Nebel-2026\n", {"role": "district"}, "--jurisdiction"),
        ("morgen-Nebel-2026\n", {"role": "district", "jurisdiction": "999999"}, "999999"),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_made(db, typing, password, given, words):
    typing(password)
    with pytest.raises(CommandError, match=words):
        call_command("add_person", "first", **given)
    assert not User.objects.exists()
