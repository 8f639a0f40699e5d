"""/data/tokens/: the bureau makes, changes and ends tokens; a secret is seen once; others find nothing."""

import html
import re
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from basins.models import AuditRecord
from monitoring.ingest.services.tokens import add_token, token_of
from monitoring.models import AccessToken, Section

SECRET = re.compile(r"rc_[\w-]{43}")


@pytest.fixture(autouse=True)
def no_requests_counted():
    caches["default"].clear()


@pytest.fixture
def bureau(border, people) -> Client:
    client = Client()
    client.force_login(people.bureau)
    return client


@pytest.fixture
def token(border) -> AccessToken:
    return add_token(name="实验室", sections=["BORDER"], days=None, by=None)[0]


def said(answer) -> str:
    return html.unescape(answer.content.decode())


def secret_in(answer) -> str:
    (found,) = set(SECRET.findall(said(answer)))
    return found


def made(bureau: Client, **given):
    whole = {"name": "平台", "sections": "BORDER", "days": ""}
    return bureau.post("/data/tokens/new/", {**whole, **given})


def test_a_token_that_is_made_is_shown_once_and_works(bureau):
    answer = made(bureau, days="30")
    secret = secret_in(answer)
    assert answer["Cache-Control"].count("no-store")
    read = Client().get("/api/v1/sections/", headers={"Authorization": f"Bearer {secret}"})
    assert [each["code"] for each in read.json()["sections"]] == ["BORDER"]
    listed = said(bureau.get("/data/tokens/"))
    assert "平台" in listed
    assert secret not in listed
    expires = AccessToken.objects.get().expires_at
    assert expires is not None
    assert timedelta(29) < expires - timezone.now() < timedelta(31)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": ""}, "名称"),
        ({"sections": "BORDER, NOWHERE"}, "没有编码为 NOWHERE 的断面"),
        ({"sections": " ，"}, "断面"),
        ({"days": "soon"}, "请填整数天数"),
        ({"days": "0"}, "有效天数须为"),
        ({"name": "实验室"}, "已有名为"),
    ],
)
def test_what_is_wrong_with_a_new_token_is_said_and_none_is_made(bureau, token, given, says):
    answer = made(bureau, **given)
    assert answer.status_code == 422
    assert says in said(answer)
    assert AccessToken.objects.count() == 1


def test_a_changed_secret_is_shown_once_and_the_one_before_holds_for_a_day(bureau):
    before = secret_in(made(bureau))
    pk = AccessToken.objects.get().pk
    assert "24 小时" in said(bureau.get(f"/data/tokens/{pk}/change/"))
    after = secret_in(bureau.post(f"/data/tokens/{pk}/change/"))
    assert token_of(before) == token_of(after) == AccessToken.objects.get()
    assert "旧密钥至" in said(bureau.get("/data/tokens/"))
    AccessToken.objects.update(former_until=timezone.now())
    assert token_of(before) is None


def test_a_token_is_revoked_only_after_the_page_that_says_what_follows(bureau):
    secret = secret_in(made(bureau))
    pk = AccessToken.objects.get().pk
    assert "不能恢复" in said(bureau.get(f"/data/tokens/{pk}/revoke/"))
    assert token_of(secret) is not None
    assert bureau.post(f"/data/tokens/{pk}/revoke/").url == "/data/tokens/"
    assert token_of(secret) is None
    listed = said(bureau.get("/data/tokens/"))
    assert "已吊销" in listed
    assert f"/data/tokens/{pk}/change/" not in listed
    assert bureau.post(f"/data/tokens/{pk}/change/").status_code == 422


def test_the_history_says_who_made_and_revoked_it_and_never_the_secret(bureau, people):
    secret = secret_in(made(bureau))
    pk = AccessToken.objects.get().pk
    bureau.post(f"/data/tokens/{pk}/revoke/")
    records = AuditRecord.objects.filter(table="monitoring_accesstoken").order_by("pk")
    assert [(r.op, r.user, r.act) for r in records] == [
        ("I", people.bureau, "签发令牌"), ("U", people.bureau, "吊销令牌"),
    ]  # fmt: skip
    digest = AccessToken.objects.get().digest
    for record in records:
        assert digest not in str((record.before, record.after))
        assert secret not in str((record.before, record.after))


def test_of_many_sections_the_list_names_some_and_says_how_many(bureau, border, token):
    more = [
        Section(code=f"S{n}", name=f"断面{n}", province=border.section.province) for n in range(6)
    ]
    token.sections.add(*Section.objects.bulk_create(more))
    listed = said(bureau.get("/data/tokens/"))
    assert "等 7 个" in listed
    assert "断面5" not in listed


def test_an_expired_token_says_so(bureau, token):
    AccessToken.objects.update(expires_at=timezone.now() - timedelta(1))
    assert "已过期" in said(bureau.get("/data/tokens/"))


@pytest.mark.parametrize("who", ["treasury", "district", "township", "admin", "auditor"])
def test_nobody_else_finds_tokens(people, token, who):
    client = Client()
    client.force_login(getattr(people, who))
    for address in ("", "new/", f"{token.pk}/change/", f"{token.pk}/revoke/"):
        assert client.get(f"/data/tokens/{address}").status_code == 404
        assert client.post(f"/data/tokens/{address}").status_code in (404, 405)
    token.refresh_from_db()
    assert token.revoked_at is None
