"""Telling people once, and mailing each thing once, at the rhythm they chose."""

import os
import smtplib
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.conf import settings as configured
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection

from basins.clock import moved_to
from basins.links import to
from basins.models import Delivery, Notification, Role, User
from basins.services.notifications import (
    KIND,
    TOO_OLD,
    WAITS,
    choose_delivery,
    enter_mail,
    enter_mail_if_due,
    mail_waiting,
    mark_read,
    notify,
    try_again,
)
from basins.services.stars import follow, looked_at, unfollow
from jobs import services as jobs
from jobs.models import Job
from tests.past import established

SUBJECT = "【流域横向生态保护补偿（演示）】"
TUESDAY = datetime(2026, 11, 24, 2, tzinfo=UTC)
WEDNESDAY = datetime(2026, 11, 25, 2, tzinfo=UTC)
MONDAY = datetime(2026, 11, 30, 2, tzinfo=UTC)


def person(name: str, *, rhythm: str = "", email: str = "a@example.org") -> User:
    user = User.objects.create(username=name, display_name=name, email=email)
    if rhythm:
        Delivery.objects.create(user=user, rhythm=rhythm, mail=True)
    return user


def mailed() -> list[tuple[str, str]]:
    """Whom, and the subject without the system's name, which every one begins with."""
    assert all(m.subject.startswith(SUBJECT) for m in mail.outbox)
    return [(m.to[0], m.subject.removeprefix(SUBJECT)) for m in mail.outbox]


def run() -> None:
    mail_waiting({}, lambda *_: None)


@pytest.mark.django_db
def test_a_thing_is_told_once_to_each_however_often_it_is_said():
    anna, ben = person("anna"), person("ben")
    assert notify(users=[anna.pk, anna.pk], key="k", text="一") == 1
    assert [notify(users=[anna.pk, ben.pk], key="k", text="一") for _ in range(3)] == [1, 0, 0]
    assert Notification.objects.count() == 2
    assert notify(users=[], key="k", text="一") == 0


@pytest.mark.django_db
def test_reading_concerns_only_ones_own():
    anna, ben = person("anna"), person("ben")
    notify(users=[anna.pk, ben.pk], key="k", text="一")
    theirs = Notification.objects.get(user=ben)
    assert mark_read(user=anna, pk=theirs.pk) == 0
    assert [mark_read(user=anna) for _ in range(3)] == [1, 0, 0]
    assert Notification.objects.get(user=ben).read_at is None


@pytest.mark.django_db
def test_a_job_is_entered_only_where_somebody_wants_mail_at_once():
    quiet, daily = person("quiet"), person("daily", rhythm="daily")
    notify(users=[quiet.pk, daily.pk], key="k", text="一")
    assert not Job.objects.filter(kind=KIND).exists()
    notify(users=[person("anna", rhythm="at_once").pk], key="k", text="一")
    notify(users=[daily.pk], key="m", text="二")
    assert Job.objects.filter(kind=KIND).count() == 1


@pytest.mark.django_db
def test_what_was_told_before_mail_was_chosen_is_not_mailed():
    anna = person("anna")
    notify(users=[anna.pk], key="k", text="一")
    choose_delivery(user=anna, rhythm="at_once", mail=True)
    assert not enter_mail_if_due()
    with pytest.raises(ValueError, match="hourly"):
        choose_delivery(user=anna, rhythm="hourly", mail=True)


def test_mail_at_once_goes_out_once_in_three_runs(committed, settings):
    settings.SITE_URL = "https://rivers.example"
    anna = person("anna", rhythm="at_once")
    notify(users=[anna.pk, person("quiet").pk], key="k", text="9月通报已发布", link=to("notice", 1))
    for _ in range(3):
        run()
    assert mailed() == [("a@example.org", "9月通报已发布")]
    assert "https://rivers.example/notices/1/" in mail.outbox[0].body


def test_two_runs_at_once_mail_each_thing_once(committed):
    anna = person("anna", rhythm="at_once")
    digest = person("ben", rhythm="daily", email="b@example.org")
    for number in range(8):
        notify(users=[anna.pk, digest.pk], key=f"k{number}", text=f"第 {number} 件")
    start = Barrier(2)

    def work() -> None:
        start.wait(timeout=10)
        try:
            run()
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    subjects = sorted(subject for to, subject in mailed() if to == "a@example.org")
    assert subjects == [f"第 {number} 件" for number in range(8)]
    assert [s for to, s in mailed() if to == "b@example.org"] == ["8 条通知：第 0 件等"]


def test_a_daily_digest_goes_out_once_a_day_with_what_is_new(committed):
    anna = person("anna", rhythm="daily")
    for number, moment in enumerate((TUESDAY, TUESDAY, WEDNESDAY)):
        with moved_to(moment):
            notify(users=[anna.pk], key=f"k{number}", text=f"第 {number} 件")
            assert enter_mail_if_due() is (number != 1)
            run()
            run()
    assert [subject for _, subject in mailed()] == [
        "第 0 件",
        "2 条通知：第 1 件等",
    ]


def test_a_weekly_digest_waits_for_monday(committed):
    anna = person("anna", rhythm="weekly")
    Delivery.objects.filter(user=anna).update(last_digest_at=TUESDAY)
    with moved_to(WEDNESDAY):
        notify(users=[anna.pk], key="k", text="一")
        run()
    assert mailed() == []
    with moved_to(MONDAY):
        run()
        run()
    assert len(mailed()) == 1


def test_mail_the_server_refuses_waits_for_the_next_run(committed, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens
    anna = person("anna", rhythm="at_once")
    notify(users=[anna.pk], key="k", text="一")
    run()
    assert Notification.objects.get().mailed_at is None
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    run()
    assert len(mailed()) == 1


# Mail that fails ---------------------------------------------------------------------------


class Refusing(EmailBackend):
    """Takes what is for others; answers 550 to gone@ and falls over at odd@."""

    tried: list[str] = []

    def send_messages(self, messages):
        for message in messages:
            (whom,) = message.to
            self.tried.append(whom)
            if whom.startswith("gone@") or "坏" in message.subject:
                raise smtplib.SMTPRecipientsRefused({whom: (550, b"no such user")})
            if whom.startswith("odd@"):
                raise UnicodeEncodeError("ascii", whom, 0, 1, "ordinal not in range")
        return super().send_messages(messages)


@pytest.fixture
def refusing(settings):
    settings.EMAIL_BACKEND = "tests.basins.test_notifications.Refusing"
    Refusing.tried = []
    return Refusing


def admin() -> User:
    user = User.objects.create(username="boss", display_name="管理员", email="")
    with established():
        Role.objects.create(user=user, role=Role.Code.ADMIN, in_force=("2020-01-01", None))
    return user


def told(user: User) -> list[str]:
    return list(
        Notification.objects.filter(user=user).order_by("pk").values_list("text", flat=True)
    )


@pytest.mark.parametrize("address", ["gone@example.org", "odd@example.org"])
def test_an_address_that_fails_holds_nobody_up_and_is_tried_once_a_round(
    committed, refusing, address
):
    dead, anna = person("dead", rhythm="at_once", email=address), person("anna", rhythm="at_once")
    for number in range(3):
        notify(users=[dead.pk, anna.pk], key=f"k{number}", text=f"第 {number} 件")
    with moved_to(TUESDAY):
        run()
        run()  # it rests
    assert refusing.tried.count(address) == 1
    assert [subject for to, subject in mailed()] == ["第 0 件", "第 1 件", "第 2 件"]
    assert Notification.objects.filter(user=dead, mailed_at=None).count() == 3


def test_it_is_tried_a_few_times_ever_later_and_then_shown_to_an_administrator(committed, refusing):
    boss, dead = admin(), person("dead", rhythm="at_once", email="gone@example.org")
    for number in range(4):
        notify(users=[dead.pk], key=f"k{number}", text=f"第 {number} 件")
    for hours in range(24 * 5):
        with moved_to(TUESDAY + timedelta(hours=hours)):
            if enter_mail_if_due():
                run()
    assert len(refusing.tried) == len(WAITS) + 1
    delivery = Delivery.objects.get(user=dead)
    assert delivery.stopped_at
    assert "550" in delivery.error
    assert any("gone@example.org" in text and "已停发" in text for text in told(boss))
    assert not Notification.objects.filter(user=dead, mailed_at__isnull=False).exists()
    User.objects.filter(pk=dead.pk).update(email="there@example.org")  # another address is another
    run()
    assert [m.to[0] for m in mail.outbox] == ["there@example.org"] * 3


def test_what_was_stopped_goes_out_when_an_administrator_lets_it_be_tried_again(
    committed, refusing, settings
):
    dead = person("dead", rhythm="at_once", email="gone@example.org")
    notify(users=[dead.pk], key="k", text="一")
    Delivery.objects.filter(user=dead).update(
        failures=5, failed_to="gone@example.org", stopped_at=TUESDAY
    )
    Notification.objects.update(mail_tries=3, mail_given_up_at=TUESDAY)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    run()
    assert mailed() == []
    try_again(delivery=Delivery.objects.get())
    run()
    assert len(mailed()) == 1


@pytest.mark.parametrize("rhythm", ["at_once", "daily"])
def test_the_job_itself_notes_what_failed_and_is_done(committed, refusing, rhythm):
    """In one transaction, beside the connection that claims: neither waits for the other."""
    dead, anna = (
        person("dead", rhythm=rhythm, email="gone@example.org"),
        person("anna", rhythm=rhythm),
    )
    for text in ("好的", "坏的", "也好"):
        notify(users=[anna.pk, dead.pk], key=text, text=text)
    job = jobs.run(enter_mail().pk)
    assert (job.state, job.error) == ("done", "")
    failures = dict(Delivery.objects.values_list("user__username", "failures"))
    assert failures == {"dead": 1, "anna": int(rhythm == "at_once")}
    assert Notification.objects.filter(user=dead, mailed_at=None).count() == 3


def test_one_message_that_is_refused_is_given_up_while_the_others_go_out(committed, refusing):
    boss, anna = admin(), person("anna", rhythm="at_once")
    for number, text in enumerate(("坏的", "好的一", "好的二")):
        notify(users=[anna.pk], key=f"k{number}", text=text)
    for days in range(8):
        with moved_to(TUESDAY + timedelta(days=days)):
            run()
    assert [subject for _, subject in mailed()] == ["好的一", "好的二"]
    assert Notification.objects.get(text="坏的").mailed_at is None
    assert any("坏的" in text and "已放弃" in text for text in told(boss))


def test_a_digest_that_fails_is_due_again(committed, refusing, settings):
    dead = person("dead", rhythm="daily", email="gone@example.org")
    notify(users=[dead.pk], key="k", text="一")
    with moved_to(TUESDAY):
        run()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with moved_to(TUESDAY + timedelta(hours=1)):
        assert enter_mail_if_due()
        run()
        run()
    assert len(mailed()) == 1


def test_a_subject_is_one_line(committed):
    anna = person("anna", rhythm="at_once")
    notify(users=[anna.pk], key="k", text="9月通报已退回：第一行\r\n第二行\n第三行")
    notify(users=[person("ben", rhythm="daily", email="b@example.org").pk], key="k", text="一\n二")
    run()
    assert sorted(s for _, s in mailed()) == ["9月通报已退回：第一行 第二行 第三行", "一 二"]


def test_a_server_that_takes_nothing_ends_the_round_and_is_said_once_a_day(committed, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens
    boss, anna = admin(), person("anna", rhythm="at_once")
    with moved_to(TUESDAY):
        notify(users=[anna.pk], key="k", text="一")
        run()
        run()
    (said,) = told(boss)
    assert said.startswith("邮件服务器没有接收邮件：")
    assert Delivery.objects.get(user=anna).failures == 0
    with moved_to(TUESDAY + TOO_OLD + timedelta(days=1)):
        run()
    assert Notification.objects.get(user=anna).mail_given_up_at
    assert "已放弃" in told(boss)[-1]


@pytest.mark.django_db
def test_a_star_is_put_on_once_and_taken_off():
    anna = person("anna")
    for _ in range(3):
        follow(user=anna, kind="river", code="LONGXI")
    assert anna.stars.count() == 1
    assert looked_at(user=anna, kind="river", code="LONGXI")
    assert not looked_at(user=anna, kind="river", code="OTHER")
    assert [unfollow(user=anna, kind="river", code="LONGXI") for _ in range(2)] == [True, False]
    with pytest.raises(ValueError, match="planet"):
        follow(user=anna, kind="planet", code="MARS")


def test_a_subject_is_one_short_line_with_the_systems_name(committed, settings):
    settings.INSTALLATION = "production"
    anna = person("anna", rhythm="at_once")
    notify(users=[anna.pk], key="k", text="月通报\n被退回：" + "理由" * 60)
    run()
    subject = mail.outbox[0].subject
    assert subject.startswith("【流域横向生态保护补偿】月通报 被退回：理由")
    assert len(subject) < 80
    assert "邮箱由管理员登记" in mail.outbox[0].body


def test_links_lead_to_the_port_the_demonstration_answers_on():
    asked = "import config.settings as s; print(s.SITE_URL)"
    for given, wanted in (
        ({"PORT": "8123"}, "http://127.0.0.1:8123"),
        ({}, "http://127.0.0.1:8000"),
        ({"PORT": "8123", "SITE_URL": "https://rivers.example/"}, "https://rivers.example"),
    ):
        without = {k: v for k, v in os.environ.items() if k not in ("PORT", "SITE_URL")}
        found = subprocess.run(
            [sys.executable, "-c", asked], env=without | given, check=True, text=True,
            capture_output=True, cwd=configured.BASE_DIR,
        )  # fmt: skip
        assert found.stdout.strip() == wanted
