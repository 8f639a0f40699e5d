"""One's own password and sessions: what is asked for, what ends, and what is told."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings as configured
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from basins.models import AccessEvent, SignInSession, User
from basins.ranges import between, today
from basins.services.sessions import MOST, purge
from basins.services.sign_in_locks import BY_NAME
from basins.sessions import LONGEST, SINCE, digest
from dashboard.account.browser import browser_of
from settlements.tasks import daily
from tests.past import established
from tests.worlds import jurisdiction

PASSWORD = "ganxi-Ufer-2026"
NEW = "morgen-Nebel-uebers-Ufer"


@pytest.fixture
def person(db, settings) -> User:
    """No sign-in of a demo: nothing is spared them."""
    settings.INSTALLATION = "production"
    person = User.objects.create_user(username="zhaomin", password=PASSWORD, display_name="赵敏")
    person.roles.create(role="auditor", in_force=between(today()))
    return person


def signed_in(person: User, agent: str = "Mozilla/5.0 (Windows NT 10.0) Firefox/130.0") -> Client:
    client = Client(headers={"user-agent": agent})
    answer = client.post("/sign-in/", {"username": person.username, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def change(client: Client, *, old: str = PASSWORD, new: str = NEW, again: str | None = None):
    return client.post(
        "/account/password/", {"old": old, "new": new, "again": new if again is None else again}
    )


def said(answer) -> str:
    return answer.content.decode()


# The password ------------------------------------------------------------------------------


def test_everybody_changes_their_own_password(person):
    client = signed_in(person)
    assert change(client)["Location"] == "/account/"
    person.refresh_from_db()
    assert person.check_password(NEW)
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"old": "falsch"}, "原密码不对"),
        ({"again": "etwas-anderes"}, "两次输入的新密码不同"),
        ({"new": PASSWORD}, "与原密码相同"),
        ({"new": "kurz-9Xq"}, "密码至少 10 个字符"),
        ({"new": "zhaomin-99"}, "密码与用户名太相似"),
        ({"new": "basketball"}, "常见的密码"),
        ({"new": "73920584617"}, "只有数字"),
        ({"new": ""}, "请填写新密码"),
    ],
)
def test_what_is_wrong_is_said_and_the_old_one_stays(person, given, words):
    answer = change(signed_in(person), **given)
    assert answer.status_code == 422
    assert words in said(answer)
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


@pytest.mark.parametrize(
    "weak",
    [
        "password123",
        "woaini1314520",
        "qwer1234asdf",
        "1qaz2wsx3edc",
        "Admin@123456",
        "P@ssw0rd2026",
        "liangping2026",
        "Chongqing@2026",
        "重庆市重庆市20260101",
        "zhaomin-2026",
        "zhao min zhao min",
        "min zhao min zhao",
        "Z.h.a.o.m.i.n-1990",
        "huanbao@2026",
        "1212121212ab",
        "20260101123456",
        "5201314woaini",
    ],
)
def test_what_people_choose_by_habit_is_refused(person, weak):
    jurisdiction("500155", "梁平区").__class__.objects.filter(code="500155").update(
        sort_key="liangping"
    )
    with pytest.raises(ValidationError):
        validate_password(weak, person)


@pytest.mark.parametrize(
    "weak", ["liming19850101", "MingLi@888666", "li ming 2026", "ming.li.1314"]
)
def test_a_name_as_it_sounds_is_no_password(person, weak):
    person.username, person.display_name = "jc-017", "李明"
    with pytest.raises(ValidationError):
        validate_password(weak, person)


@pytest.mark.parametrize("sound", [NEW, PASSWORD, "jtxwhcsyhl-88", "kuai-yue-shi-qiang-9"])
def test_a_password_that_is_no_habit_passes(person, sound):
    validate_password(sound, person)


def test_who_guesses_the_old_password_waits_as_at_the_sign_in(person):
    client = signed_in(person)
    for _ in range(BY_NAME.each - 1):
        assert "原密码不对" in said(change(client, old="wrong-guess-of-it"))
    assert "请 1 分钟后再试" in said(change(client, old="wrong-guess-of-it"))
    assert change(client).status_code == 422  # the right one is not looked at
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_a_changed_password_ends_every_other_session_and_tells_it(person):
    here, there = signed_in(person), signed_in(person)
    assert "另外 1 处登录已结束" in said(here.get(change(here)["Location"]))
    answer = there.get("/audit/", follow=True)
    assert answer.redirect_chain == [("/sign-in/?next=/audit/", 302)]
    assert "密码已在别处更改" in said(answer)
    assert here.get("/audit/").status_code == 200


def test_who_must_change_the_password_is_led_there_from_every_page(person):
    User.objects.update(must_change_password=True)
    client = signed_in(person)
    for address in ("/", "/audit/", "/admin/", "/no/such/"):
        answer = client.get(address)
        assert answer.status_code == 404 if "such" in address else answer["Location"] == "/account/"
    assert "请先更改密码" in said(client.get("/account/"))
    refused = client.get("/api/v1/accruals/1/explanation/")
    assert refused.status_code == 403
    assert "更改密码" in refused.json()["error"]["message"]
    assert client.get("/about/").status_code == 200
    change(client)
    assert client.get("/audit/").status_code == 200
    assert client.get("/api/v1/accruals/1/explanation/").status_code == 404


def test_the_people_of_a_demo_need_not_change_it(person, settings):
    User.objects.update(username="auditor", must_change_password=True)
    person.refresh_from_db()
    client = signed_in(person)
    assert client.get("/audit/").status_code == 302
    settings.INSTALLATION = "demo"
    assert client.get("/audit/").status_code == 200


def test_a_station_and_who_has_no_role_change_theirs_too(person):
    with established():
        person.roles.update(role="station")
    assert change(signed_in(person)).status_code == 302


# Sessions ----------------------------------------------------------------------------------


def grown(client: Client, older: timedelta) -> None:
    """The session as if one had signed in that much earlier."""
    session = client.session
    session[SINCE] = (datetime.fromisoformat(session[SINCE]) - older).isoformat()
    session.save()


def test_the_key_stands_in_the_database_as_a_digest_alone(person):
    client = signed_in(person)
    key = client.cookies[configured.SESSION_COOKIE_NAME].value
    row = SignInSession.objects.get(user=person)
    assert row.session_key == digest(key) != key
    assert key not in row.session_data


def test_a_session_ends_twelve_hours_after_signing_in_whatever_one_does(person):
    client = signed_in(person)
    grown(client, LONGEST - timedelta(minutes=5))
    page = client.get("/account/")
    assert page.status_code == 200
    # The page warns by what is left, and the cookie lives no longer.
    assert 0 < page.context["session"]["seconds"] <= 300
    assert client.cookies[configured.SESSION_COOKIE_NAME]["max-age"] <= 300
    grown(client, timedelta(minutes=6))
    answer = client.get("/audit/", follow=True)
    assert answer.redirect_chain == [("/sign-in/?next=/audit/", 302)]
    assert "登录已满 12 小时" in said(answer)


def test_the_fourth_sign_in_ends_the_oldest_which_is_told_so(person):
    first, *others = [signed_in(person) for _ in range(MOST + 1)]
    for client in others:
        assert client.get("/audit/").status_code == 200
    answer = first.get("/audit/", follow=True)
    assert "同时登录至多 3 处" in said(answer)
    assert AccessEvent.objects.get(kind=AccessEvent.Kind.ENDED).user_id == person.pk
    # Told once: the sign-in page after that is as ever.
    assert "同时登录至多" not in said(first.get("/sign-in/"))


def test_the_people_of_a_demo_may_be_signed_in_anywhere(person, settings):
    settings.INSTALLATION = "demo"
    User.objects.update(username="auditor")
    person.refresh_from_db()
    clients = [signed_in(person) for _ in range(MOST + 2)]
    assert {client.get("/audit/").status_code for client in clients} == {200}


def test_one_ends_a_session_of_ones_own_and_no_other(person):
    here, there = signed_in(person), signed_in(person)
    stranger = User.objects.create_user(username="fremd", password=PASSWORD)
    elsewhere = signed_in(stranger)
    mine = SignInSession.objects.get(
        session_key=digest(there.cookies[configured.SESSION_COOKIE_NAME].value)
    )
    foreign = SignInSession.objects.get(user=stranger)
    assert here.post(f"/account/sessions/{foreign.pk}/end/").status_code == 404
    assert elsewhere.get("/account/").status_code == 200
    page = said(here.get("/account/"))
    assert "在 2 处登录" in page
    assert "Firefox（Windows）" in page
    assert here.post(f"/account/sessions/{mine.pk}/end/")["Location"] == "/account/"
    assert "您已结束这里的登录" in said(there.get("/", follow=True))
    assert here.post(f"/account/sessions/{mine.pk}/end/").status_code == 404


def test_a_session_ended_while_a_page_is_made_stays_ended(person):
    client = signed_in(person)
    session = client.session  # read before it is ended
    session["x"] = 1
    SignInSession.objects.update(ended_at=session_time(), ended_why="own")
    session.save()
    assert client.get("/audit/").status_code == 302


def session_time():
    return SignInSession.objects.values_list("last_seen_at", flat=True)[0]


def used(seconds: int) -> None:
    """As if the session had been used that long ago."""
    ago = timedelta(seconds=seconds)
    SignInSession.objects.update(
        last_seen_at=timezone.now() - ago, expire_date=timezone.now() - ago + timedelta(minutes=30)
    )


def test_the_use_of_a_session_is_written_down_twice_a_minute_and_no_more(person):
    client = signed_in(person)
    used(20)
    before = session_time()
    client.get("/account/")
    assert session_time() == before
    used(40)
    client.get("/account/")
    assert timezone.now() - session_time() < timedelta(seconds=20)


def test_a_browser_is_told_of_no_time_that_the_session_has_not(person):
    client = signed_in(person)
    used(20)
    cookie = client.get("/account/").cookies[configured.SESSION_COOKIE_NAME]
    assert 1770 <= cookie["max-age"] <= 1780
    used(40)
    cookie = client.get("/account/").cookies[configured.SESSION_COOKIE_NAME]
    assert 1795 <= cookie["max-age"] <= 1800


def test_what_a_session_holds_is_written_at_once_however_lately_it_was_used(person):
    client = signed_in(person)
    session = client.session
    session["x"] = 1
    session.save()
    assert client.session["x"] == 1


def test_what_expired_yesterday_goes_with_the_daily_round(person):
    signed_in(person)
    row = SignInSession.objects.get()
    purge()
    assert SignInSession.objects.exists()
    SignInSession.objects.update(expire_date=row.expire_date - timedelta(days=2))
    daily()
    assert not SignInSession.objects.exists()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/130.0 Safari/537.36 Edg/130.0", "Edge（Windows）"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0", "微信（iPhone）"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0 Safari/537.36", "Chrome（Linux）"),
        ("", ""),
        ("Something/1.0", "Something/1.0"),
    ],
)  # fmt: skip
def test_a_browser_is_named_in_words(agent, words):
    assert browser_of(agent) == words
