"""Waiting after wrong passwords: who waits, how long, and whom it leaves alone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from basins.clock import moved_to
from basins.models import AccessEvent, SignInFailure, User
from basins.services import sign_in_locks
from basins.services.sign_in_locks import BY_ADDRESS, BY_NAME, in_words, place_of

PASSWORD = "richtig-Lang-2026"
START = datetime(2026, 11, 2, 1, tzinfo=UTC)
HERE, ELSEWHERE = "10.0.0.1", "10.0.0.2"


@pytest.fixture
def somebody(db) -> User:
    return User.objects.create_user(username="somebody", password=PASSWORD)


def tried(name="somebody", *, password="x", at=START, address=HERE):
    """A sign-in from an address at a moment."""
    with moved_to(at):
        return Client(REMOTE_ADDR=address).post(
            "/sign-in/", {"username": name, "password": password}
        )


def test_five_wrong_passwords_make_one_wait_and_say_how_long(somebody):
    assert [tried().status_code for _ in range(5)] == [200] * 4 + [429]
    answer = tried(password=PASSWORD)
    assert answer.status_code == 429
    assert "请 1 分钟后再试" in answer.content.decode()
    assert tried(password=PASSWORD, at=START + timedelta(minutes=1)).status_code == 302
    assert AccessEvent.objects.filter(kind=AccessEvent.Kind.LOCKED).count() == 1


def test_nobody_locks_another_out(somebody):
    for _ in range(30):
        tried(address=ELSEWHERE)
    assert tried(password=PASSWORD, address=ELSEWHERE).status_code == 429
    assert tried(password=PASSWORD, address=HERE).status_code == 302


def test_each_wait_is_longer_than_the_one_before_and_an_hour_at_most(somebody):
    moment, waits = START, []
    for _ in range(5):
        for _ in range(BY_NAME.each):
            tried(at=moment)
        with moved_to(moment):
            left = sign_in_locks.wait_left("somebody", HERE)
        waits.append(in_words(left))
        moment += left
    assert waits == ["1 分钟", "5 分钟", "15 分钟", "60 分钟", "60 分钟"]


def test_forty_guesses_at_forty_names_meet_a_limit(somebody):
    codes = [tried(f"name{n}", password="Sommer-2026").status_code for n in range(40)]
    assert codes == [200] * 19 + [429] * 21
    assert tried(password=PASSWORD).status_code == 429
    assert tried(password=PASSWORD, address=ELSEWHERE).status_code == 302


def test_a_sign_in_of_ones_own_buys_no_further_guesses(somebody):
    for n in range(BY_ADDRESS.each - 1):
        tried(f"name{n}")
    assert tried(password=PASSWORD).status_code == 302
    assert tried("another").status_code == 429


def test_what_is_tried_while_one_waits_counts_for_nothing(somebody):
    for _ in range(BY_NAME.each + 10):
        tried()
    assert SignInFailure.objects.get(name="somebody").failures == BY_NAME.each


def test_a_name_that_grows_when_it_is_looked_up_is_no_error(somebody):
    assert tried("\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 150).status_code == 200


def test_a_name_nobody_has_waits_alike(somebody):
    answers = [[tried(name) for _ in range(5)][-1] for name in ("somebody", "nobody-has-it")]
    assert {answer.status_code for answer in answers} == {429}
    assert all("请 1 分钟后再试" in answer.content.decode() for answer in answers)


@pytest.mark.parametrize("limit", [BY_NAME, BY_ADDRESS])
def test_after_a_while_they_count_anew(db, limit):
    address = HERE if limit is BY_ADDRESS else ""
    for n in range(limit.each - 1):
        with moved_to(START):
            assert sign_in_locks.failed(f"n{n}" if address else "n", address) is None
    with moved_to(START + limit.forgotten + timedelta(seconds=1)):
        assert sign_in_locks.failed("last" if address else "n", address) is None
    with moved_to(START + 3 * BY_NAME.forgotten):
        sign_in_locks.forget()
    assert not SignInFailure.objects.exists()


def test_an_unlock_works_at_once_everywhere(somebody):
    for address in (HERE, ELSEWHERE):
        for _ in range(BY_NAME.each):
            tried(address=address)
    for n in range(BY_ADDRESS.each):
        tried(f"name{n}")
    assert sign_in_locks.unlock("somebody") == 2
    assert tried(password=PASSWORD).status_code == 302
    assert tried(password=PASSWORD, address=ELSEWHERE).status_code == 302


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("fe80::1:2:3:4%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_of_an_ipv6_address_its_network_counts(address, place):
    assert place_of(address) == place
