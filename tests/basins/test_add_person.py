"""The first two administrators come from the command line of the machine, and nobody else."""

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from basins.access import Act, viewer_of
from basins.models import Notification, PersonAct, User
from tests.worlds import People

PASSWORD = "morgen-Nebel-2026"


@pytest.fixture
def typing(monkeypatch):
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_an_administrator_can_sign_in_and_must_first_change_the_password(db, typing, client):
    typing(f"{PASSWORD}\n")
    call_command("add_person", "first", role="admin", name="张三")
    user = User.objects.get(username="first")
    assert viewer_of(user).may(Act.EDIT_AGREEMENTS)
    signed_in = client.post("/sign-in/", {"username": "first", "password": PASSWORD})
    assert signed_in.status_code == 302
    assert client.get("/admin/")["Location"] == "/account/"
    new = "zwei-Boote-am-Steg"
    client.post("/account/password/", {"old": PASSWORD, "new": new, "again": new})
    assert client.get("/admin/").status_code == 200


def test_it_is_kept_as_made_on_the_machine(db, typing):
    typing(f"{PASSWORD}\n")
    call_command("add_person", "first", role="admin", name="张三")
    act = PersonAct.objects.get()
    assert (act.kind, act.state, act.on_machine) == ("new", "approved", True)
    assert (act.person.username, act.proposed_by, act.decided_by) == ("first", None, None)


def test_only_the_first_two_are_made_there(db, typing):
    for name in ("first", "second"):
        typing(f"{PASSWORD}\n")
        call_command("add_person", name, role="admin")
    typing(f"{PASSWORD}\n")
    with pytest.raises(CommandError, match=r"已有两名协议管理员.*“人员”"):
        call_command("add_person", "third", role="admin")
    assert User.objects.count() == 2


def test_the_auditor_is_told_of_one_made_there(people: People, typing):
    typing(f"{PASSWORD}\n")
    call_command("add_person", "second", role="admin")
    assert "在服务器上建立" in Notification.objects.get(user=people.auditor).text


@pytest.mark.parametrize(
    ("password", "given", "words"),
    [
        ("kurz\n", {"role": "admin"}, "10"),
        ("morgen-Nebel-2026\n", {"role": "bureau"}, "--role admin"),
        ("morgen-Nebel-2026\n", {"role": "district"}, "--jurisdiction"),
        ("morgen-Nebel-2026\n", {"role": "district", "jurisdiction": "999999"}, "999999"),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_made(db, typing, password, given, words):
    typing(password)
    with pytest.raises(CommandError, match=words):
        call_command("add_person", "first", **given)
    assert not User.objects.exists()
