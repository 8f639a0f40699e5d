"""Two at once, with real connections: one act is done once, two administrators remain, three places
at most."""

import pytest
from django.test import Client

from basins.models import AccessEvent, PersonAct, Role, SignInSession, User
from basins.ranges import today
from basins.refusals import Refused
from basins.services import sign_in_locks
from basins.services.person_acts import (
    OneTimeCodeBackend,
    administrators,
    approve,
    make_on_machine,
    propose,
    reject,
)
from basins.services.sessions import MOST, live_sessions
from tests.at_once import at_once
from tests.published import person
from tests.worlds import People

PASSWORD = "zwei-Boote-am-Steg"


@pytest.fixture
def people(committed) -> People:
    return People.make()


@pytest.fixture
def others(people) -> list[User]:
    return [person(name, "admin") for name in ("admin2", "admin3")]


def refusals(answers: list[object]) -> list[str]:
    assert None not in answers
    return [str(answer) for answer in answers if isinstance(answer, Refused)]


def test_two_who_approve_one_act_at_once_do_it_once(people, others):
    act, _ = propose(
        kind="grant", by=people.admin, why="函1号", person=people.nobody,
        role="treasury", from_day=today(),
    )  # fmt: skip
    answers = at_once(*(lambda by=by: approve(act=act, by=by) for by in others))
    (words,) = refusals(answers)
    assert "不能再复核" in words
    assert Role.objects.filter(user=people.nobody).count() == 1


def test_an_approval_and_its_return_at_once_decide_it_once(people, others):
    act, _ = propose(kind="reset", by=people.admin, why="函1号", person=people.bureau)
    second, third = others
    answers = at_once(
        lambda: approve(act=act, by=second),
        lambda: reject(act=act, by=third, why="不是本人"),
        lambda: reject(act=act, by=people.admin, why=""),
    )
    assert len(refusals(answers)) == 2
    assert PersonAct.objects.get().state != PersonAct.State.PROPOSED


def test_of_three_administrators_two_at_once_do_not_both_go(people, others):
    second, third = others
    gone = [
        propose(kind="close", by=people.admin, why="函1号", person=second)[0],
        propose(kind="end", by=people.admin, why="函1号", person=third, held=third.roles.get())[0],
    ]
    answers = at_once(
        lambda: approve(act=gone[0], by=third),
        lambda: approve(act=gone[1], by=second),
    )
    (words,) = refusals(answers)
    assert "至少要有 2 名" in words or "不能" in words
    assert len(administrators()) == 2


def test_of_three_made_on_the_machine_at_once_two_are_made(committed):
    made = at_once(
        *(
            lambda name=name: make_on_machine(
                user=User(username=name, display_name=name),
                password=PASSWORD, role="admin", jurisdiction=None,
            )
            for name in ("甲", "乙", "丙")
        )
    )  # fmt: skip
    assert len(refusals(made)) == 1
    assert len(administrators()) == 2


def test_sign_ins_at_once_leave_a_person_three_places(people, settings):
    settings.INSTALLATION = "production"
    people.bureau.set_password(PASSWORD)
    people.bureau.save()

    def signs_in() -> int:
        typed = {"username": "bureau", "password": PASSWORD}
        return Client().post("/sign-in/", typed).status_code

    assert [signs_in() for _ in range(MOST)] == [302] * MOST
    assert at_once(signs_in, signs_in, signs_in) == [302] * 3
    assert live_sessions(people.bureau).count() == MOST
    ended = SignInSession.objects.filter(user=people.bureau, ended_why=SignInSession.Why.LIMIT)
    assert ended.count() == 3
    assert AccessEvent.objects.filter(kind=AccessEvent.Kind.ENDED).exists()


def test_a_one_time_code_used_twice_at_once_signs_in_once(people, others):
    act, first = propose(kind="reset", by=people.admin, why="函1号", person=people.bureau)
    _, second = approve(act=act, by=others[0])
    backend = OneTimeCodeBackend()
    found = at_once(*[lambda: backend.authenticate(None, "bureau", first + second) or "nobody"] * 2)
    assert sorted(map(str, found)) == sorted([str(people.bureau), "nobody"])


def test_wrong_passwords_at_once_are_all_counted(people):
    at_once(*[lambda: sign_in_locks.failed("bureau", "10.0.0.1") or "none"] * 5)
    assert sign_in_locks.wait_left("bureau", "10.0.0.1") is not None
