"""What stands round every page: NULs, the sign-in, addresses opened the wrong way, a server away."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory
from kombu.exceptions import OperationalError as BrokerError

from basins.clock import moved_to, today
from config.database import embedded_database
from dashboard.frame.down import is_away
from dashboard.frame.middleware import HeadMiddleware, page_above
from settlements.models import Objection, ObjectionReply
from tests.disputes import RAISED, objected
from tests.told_once import of_told, told_once, with_april

ROOT = Path(__file__).parents[3]
told = told_once(with_april)
april = of_told("april")


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def objection(border, people, april) -> Objection:
    return objected(border, people, april)


# NUL --------------------------------------------------------------------------------------

POSTS = [
    ("treasury", "/ledger/payments/new/", {"kind": "direct\0", "voucher": "a\0b", "yuan": "1\0"}),
    ("bureau", "/simulator/", {"agreement": "TEST\0", "name": "情景\0"}),
    ("bureau", "/work/star/", {"kind": "river", "code": "TEST\0HE", "next": "/\0"}),
    ("bureau", "/statements/issue/", {"subject": "agreement:\0:2023", "body": "\0"}),
    ("bureau", "/rules/baseline/", {"section": "\0", "period": "\0"}),
    ("bureau", "/data/review/judge/", {"reading": "\0", "section": "BORDER\0"}),
    ("bureau", "/data/joint-samples/new/", {"objection": "\0", "section": "\0"}),
    ("bureau", "/data/observations/record/", {"rows": "\0"}),
    ("bureau", "/calendar/announce/", {"content": "\0", "year": "2031\0", "source": "\0"}),
    ("admin", "/agreements/new/", {"title\0": "\0"}),
    ("district", "/objections/new/", {"month": "1\0", "reason": "\0"}),
    (None, "/sign-in/", {"username": "bu\0reau", "password": "\0"}),
    (None, "/verify/", {"code": "AB\0CD"}),
]


@pytest.mark.parametrize(("who", "address", "typed"), POSTS, ids=[a for _, a, _ in POSTS])
def test_a_nul_in_a_form_breaks_no_page(client, people, who, address, typed):
    if who:
        client.force_login(getattr(people, who))
    answer = client.post(address, typed)
    assert answer.status_code < 500
    assert client.get(address, typed).status_code < 500


@pytest.mark.parametrize("unseen", ["\u200b", "\u3000\u200b\ufeff", "\u2060\n\t", "\xa0\u200d"])
def test_what_nobody_can_see_is_no_reason(client, people, unseen):
    client.force_login(people.admin)
    typed = {"username": "neu", "display_name": "新人", "role": "bureau", "from_day": today()}
    answer = client.post("/people/new/", {**typed, "why": unseen, "action": "check"})
    assert answer.status_code == 422
    assert "请填写事由" in answer.content.decode()
    seen = {**typed, "why": f"函1号{unseen}", "action": "check"}
    assert client.post("/people/new/", seen).status_code == 200


def test_a_nul_goes_from_what_is_kept_and_from_names_of_files(client, people, objection):
    client.force_login(people.district)
    with moved_to(RAISED):
        client.post(f"/objections/{objection.pk}/reply/", {"text": "来水\0稳定"})
        file = SimpleUploadedFile("x", b"%PDF-1.7 2")
        file._name = "报\0告.pdf"
        client.post(f"/objections/{objection.pk}/evidence/", {"item": "own", "file": file})
    assert ObjectionReply.objects.get().text == "来水稳定"
    assert objection.evidence.get(item="own").name == "报告.pdf"


def test_a_nul_in_a_cookie_is_no_cookie(client, people):
    client.cookies["river_session"] = "a\0b"
    assert client.get("/").status_code == 302


# Sign-in ----------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", ["/sign-in/", "/sign-in/?next=/", "/sign-out/"])
def test_the_sign_in_page_leads_to_no_circle(client, people, wanted):
    client.force_login(people.bureau)
    answer = client.get("/sign-in/", {"next": wanted})
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_a_form_sent_after_the_sign_in_ended_leads_back_to_its_page_and_says_what_became_of_it(
    client, people, objection
):
    people.bureau.set_password("yanshi-Demo-2026")
    people.bureau.save()
    page = f"/objections/{objection.pk}/"
    sent = client.post(
        f"{page}reply/", {"text": "补充说明"}, headers={"referer": f"http://testserver{page}?x=1"}
    )
    assert (sent.status_code, sent["Location"]) == (302, f"/sign-in/?next={page}%3Fx%3D1")
    shown = client.get(sent["Location"]).content.decode()
    assert "这次填写的内容没有保存" in shown
    back = client.post(
        "/sign-in/", {"username": "bureau", "password": "yanshi-Demo-2026", "next": f"{page}?x=1"}
    )
    assert back["Location"] == f"{page}?x=1"
    assert not ObjectionReply.objects.exists()


@pytest.mark.parametrize("said", ["https://evil.example/objections/5/", "", "//evil.example/"])
def test_a_strangers_page_is_not_where_one_comes_back_to(client, said):
    sent = client.post("/objections/5/reply/", {"text": "x"}, headers={"referer": said})
    assert sent["Location"] == "/sign-in/?next=/objections/5/reply/"


# Opened the wrong way -----------------------------------------------------------------------


def test_every_address_that_only_takes_posts_leads_to_its_page(client, people, objection):
    client.force_login(people.bureau)
    for address, page in (
        (f"/objections/{objection.pk}/reply/", f"/objections/{objection.pk}/"),
        (f"/objections/{objection.pk}/evidence/", f"/objections/{objection.pk}/"),
        ("/notices/1/remind/", "/notices/1/"),
        ("/statements/issue/", "/statements/"),
        ("/statements/exports/", "/statements/"),
        ("/data/observations/record/", "/data/observations/"),
        ("/simulator/s/abc/terms/add/", "/simulator/s/abc/"),
        ("/work/star/", "/work/"),
        ("/notifications/read/", "/notifications/"),
        ("/sign-out/", "/"),
    ):
        answer = client.get(address)
        assert (answer.status_code, answer["Location"]) == (302, page), address
    assert "没有做任何改动" in client.get("/notifications/read/", follow=True).content.decode()


def test_a_page_that_takes_no_posts_says_so(client, people):
    client.force_login(people.bureau)
    answer = client.post("/sections/")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert "这个地址不接收提交" in answer.content.decode()


class Closing(list):
    closed = False

    def close(self):
        self.closed = True


def test_head_sends_headers_alone_and_closes_what_it_does_not_send():
    """Not by the test client, which takes the content away itself."""
    file = Closing([b"PK"])
    answers = {
        "/page/": HttpResponse("水质"),
        "/file/": StreamingHttpResponse(file, headers={"Content-Length": "2"}),
    }
    asked = []

    def answered(request):
        asked.append(request.method)
        return answers[request.path]

    page, sent = (HeadMiddleware(answered)(RequestFactory().head(path)) for path in answers)
    assert asked == ["GET", "GET"]
    assert (page.content, page["Content-Length"]) == (b"", "6")
    assert (b"".join(sent.streaming_content), sent["Content-Length"]) == (b"", "2")
    sent.close()
    assert file.closed


def test_the_page_above_is_the_nearest_address_there_is():
    assert page_above("/objections/5/evidence/") == "/objections/5/"
    assert page_above("/settlements/TEST/2024/7/remind/") == "/settlements/TEST/2024/7/"
    assert page_above("/nowhere/else/") == "/"


# A server away ------------------------------------------------------------------------------


def caused(error: Exception, code: str | None) -> Exception:
    cause = psycopg2.OperationalError()
    error.__cause__ = cause
    if code:
        cause = type("Cause", (psycopg2.OperationalError,), {"pgcode": code})()
        error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (caused(OperationalError("refused"), None), True),
        (caused(OperationalError("shutting down"), "57P01"), True),
        (caused(OperationalError("too many"), "53300"), True),
        (InterfaceError("connection already closed"), True),
        (BrokerError("refused"), True),
        (caused(OperationalError("deadlock"), "40P01"), False),
        (ValueError("other"), False),
    ],
)
def test_a_server_away_is_told_from_what_went_wrong_in_it(error, away):
    assert is_away(error) is away


DOWN = """
import django
django.setup()
from django.test import Client
client = Client(raise_request_exception=False, headers={"host": "localhost"})
client.cookies["river_session"] = "x" * 32
for address in ("/", "/ledger/", "/api/v1/", "/sign-in/", "/healthz"):
    answer = client.get(address)
    print(address, answer.status_code, answer.content.decode().count("没有应答"))
answer = client.post("/sign-in/", {"username": "a", "password": "b"})
print("post", answer.status_code, answer.headers.get("Retry-After"))
from jobs.wake import _send
for _ in range(20):
    _send("jobs.run", (1,))
"""


def test_a_database_and_a_broker_that_are_down_give_one_clear_page_quickly(tmp_path):
    found = subprocess.run(
        [sys.executable, "-c", DOWN], cwd=ROOT, capture_output=True, text=True, timeout=120,
        env=os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings", "VAR_DIR": str(tmp_path),
            "DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "BROKER_URL": "redis://127.0.0.1:1/0",
            "WHITENOISE_USE_FINDERS": "on", "ALLOWED_HOSTS": "localhost",
        },
    )  # fmt: skip
    assert found.returncode == 0, found.stderr[-3000:]
    said = dict(line.split(" ", 1) for line in found.stdout.splitlines())
    assert said["/"] == said["/ledger/"] == "503 1"
    assert said["/api/v1/"].startswith(("503", "404"))
    assert said["/healthz"].startswith("503")
    assert said["post"] == "503 30"
    assert found.stderr.count("The wake-up") == 1  # asked once, then left alone for a while
    assert embedded_database(tmp_path)["OPTIONS"]["connect_timeout"] == "3"
