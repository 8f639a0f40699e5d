"""POST /api/v1/readings/: each reading answered for, all or none, once under a key."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.cache import caches
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client, override_settings
from django.utils import timezone

from basins.models import AuditRecord, Jurisdiction
from basins.refusals import Refused
from dashboard.api import bodies
from monitoring.ingest.services import requests
from monitoring.ingest.services.tokens import add_token, change_secret, revoke_token, token_of
from monitoring.models import (
    AccessToken,
    AnsweredRequest,
    DirtyMonth,
    ImportBatch,
    Reading,
    ReadingRevision,
    Section,
)

ADDRESS = "/api/v1/readings/"
AT = "2026-11-01T08:00:00+08:00"


@pytest.fixture(autouse=True)
def no_requests_counted():
    caches["default"].clear()


@pytest.fixture
def secret(border) -> str:
    Section.objects.create(
        code="FOREIGN", name="别处", province=Jurisdiction.objects.get(code="500000")
    )
    return add_token(name="实验室", sections=[border.section.code], days=None, by=None)[1]


def reading(**given) -> dict:
    whole = {"section": "BORDER", "indicator": "NH3-N", "sampled_at": AT, "value": "0.31"}
    return {name: value for name, value in {**whole, **given}.items() if value is not ...}


def send(secret: str, body, kind="application/json", query="", **headers):
    if not isinstance(body, bytes | str):
        body = json.dumps(body)
    return Client().post(
        ADDRESS + query, body, content_type=kind, headers={"Authorization": f"Bearer {secret}", **headers}
    )  # fmt: skip


def stored(code="NH3-N") -> list[tuple[Decimal, bool, str]]:
    found = Reading.objects.filter(indicator__code=code).order_by("sampled_at", "origin")
    return list(found.values_list("value", "below_limit", "flag"))


def test_readings_are_stored_and_each_is_answered_for(secret):
    sent = [reading(), reading(indicator="TP", value="0.1"), reading(indicator="TP", value="0.1")]
    answer = send(secret, sent)
    assert answer.status_code == 201
    batch = ImportBatch.objects.get()
    assert answer.json() == {
        "rows": 3, "stored": 2, "duplicate": 1, "correction": 0, "rejected": 0, "doubted": 0,
        "batch": batch.pk, "errors": [], "errors_not_listed": 0,
    }  # fmt: skip
    assert (batch.layout, batch.sender, batch.first_sampled) == (
        "api", "实验室", datetime(2026, 11, 1, tzinfo=UTC),
    )  # fmt: skip
    assert stored() == [(Decimal("0.31"), False, "N")]
    assert DirtyMonth.objects.count() == 1

    again = send(
        secret, {"readings": [reading(value="0.32"), reading(indicator="TP", value="0.10")]}
    )
    assert (again.json()["correction"], again.json()["duplicate"]) == (1, 1)
    assert ReadingRevision.objects.get().value == Decimal("0.31")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (
            "application/json; charset=utf-8",
            '[{"section":"BORDER","indicator":"氨氮","sampled_at":"%s","value":0.310}]',
        ),
        (
            "application/x-ndjson",
            '\n{"section":"BORDER","indicator":"w21003","sampled_at":"%s","value":"0.31"}\n\n',
        ),
        ("text/csv", "\ufeffsection,indicator,sampled_at,value,unit,flag\r\nBORDER,NH3-N,%s,0.31,mg/L,\r\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_a_body_is_json_ndjson_or_csv_plain_or_packed(secret, kind, body, packed):
    raw = (body % AT).encode()
    headers = {"Content-Encoding": "gzip"} if packed else {}
    answer = send(secret, gzip.compress(raw) if packed else raw, kind, **headers)
    assert answer.status_code == 201, answer.content
    assert stored() == [(Decimal("0.31"), False, "N")]


@pytest.mark.parametrize(
    ("written", "value", "below", "flag"),
    [
        ('"0.025L"', "0.025", True, "N"),
        ('"<0.025"', "0.025", True, "N"),
        ("0.1", "0.1", False, "N"),
        ("1", "1", False, "N"),
        ("0.12345678", "0.12345678", False, "N"),
        ("1.0E+1", "10", False, "N"),
        ("999.9", "999.9", False, "Q"),
    ],
)
def test_a_value_is_exactly_what_was_written(secret, written, value, below, flag):
    body = f'[{{"section":"BORDER","indicator":"NH3-N","sampled_at":"{AT}","value":{written}}}]'
    assert send(secret, body).status_code == 201
    assert stored() == [(Decimal(value), below, flag)]


def test_flag_and_origin_are_kept(secret):
    send(
        secret,
        [reading(flag="M"), reading(origin="manual"), reading(origin="MANUAL", indicator="TP")],
    )
    assert stored() == [(Decimal("0.31"), False, "M"), (Decimal("0.31"), False, "N")]
    assert stored("TP")[0][2] == "N"


WRONG = [
    ({"section": "NOWHERE"}, "section", "没有这个断面"),
    ({"section": "FOREIGN"}, "section", "没有这个断面"),
    ({"section": 5}, "section", "没有这个断面"),
    ({"section": ...}, "section", "缺少这一项"),
    ({"indicator": "XX"}, "indicator", "没有这个指标"),
    ({"indicator": ["NH3-N"]}, "value", "不是数"),
    ({"sampled_at": "2026-11-01T08:00:00"}, "sampled_at", "没有时区"),
    ({"sampled_at": "昨天"}, "sampled_at", "不是 ISO 8601 时间"),
    ({"sampled_at": "0001-01-01T00:00:00+08:00"}, "sampled_at", "不是 ISO 8601 时间"),
    ({"sampled_at": "1999-12-31T00:00:00Z"}, "sampled_at", "时间早于 2000 年"),
    ({"sampled_at": 20261101}, "sampled_at", "不是时间"),
    ({"value": None}, "value", "缺少这一项"),
    ({"value": True}, "value", "不是数"),
    ({"value": "高"}, "value", "不是数"),
    ({"value": -1}, "value", "浓度不能为负"),
    ({"value": "1" * 70}, "value", "不是数"),
    ({"value": {"a": 1}}, "value", "不是数"),
    ({"value": "--"}, "value", "缺测"),
    ({"indicator": "pH", "value": "15"}, "value", "pH 应在 0–14 之间"),
    ({"unit": "μg/L"}, "unit", "氨氮的单位是 mg/L"),
    ({"unit": 1}, "unit", "氨氮的单位是 mg/L"),
    ({"flag": "sc"}, "flag", "这是质控数据"),
    ({"flag": 1}, "flag", "不是标识"),
    ({"origin": "robot"}, "origin", "不认识的来源"),
    ({"place": "x"}, "place", "没有这一项"),
]


@pytest.mark.parametrize(("given", "name", "reason"), WRONG)
def test_one_wrong_reading_keeps_all_out_and_says_what_to_do(secret, given, name, reason):
    answer = send(secret, [reading(indicator="TP", value="0.1"), reading(**given)])
    assert answer.status_code == 422
    document = answer.json()
    assert document["error"]["code"] == "readings_refused"
    (wrong,) = document["errors"]
    assert (wrong["index"], wrong["field"]) == (1, name)
    assert wrong["reason"].startswith(reason)
    assert wrong["remedy"]
    assert not Reading.objects.exists()
    assert not ImportBatch.objects.exists()


def test_a_value_seen_before_as_a_number_is_not_taken_for_true(secret):
    answer = send(secret, [reading(value=1), reading(value=True, indicator="NH3-N")])
    assert answer.status_code == 422
    assert [wrong["index"] for wrong in answer.json()["errors"]] == [1]


def test_a_time_in_the_future_is_refused(secret):
    soon = timezone.now() + timedelta(minutes=5)
    late = timezone.now() + timedelta(minutes=30)
    assert send(secret, [reading(sampled_at=soon.isoformat())]).status_code == 201
    assert send(secret, [reading(sampled_at=late.isoformat())]).status_code == 422


def test_with_partial_the_good_ones_are_stored_and_the_bad_ones_told(secret):
    sent = [reading(), reading(value="x", indicator="TP"), 7]
    answer = send(secret, sent, query="?partial=true")
    assert answer.status_code == 201
    assert (answer.json()["stored"], answer.json()["rejected"]) == (1, 2)
    assert {wrong["index"] for wrong in answer.json()["errors"]} == {1, 2}
    assert len(stored()) == 1
    assert send(secret, [reading(value="x")], query="?partial=true").status_code == 422
    assert send(secret, [reading()], query="?partial=maybe").status_code == 400


def test_errors_that_are_not_listed_are_counted(secret, monkeypatch):
    monkeypatch.setattr(requests, "LISTED", 3)
    document = send(secret, [reading(value="x")] * 5).json()
    assert (len(document["errors"]), document["errors_not_listed"], document["rejected"]) == (
        3,
        2,
        5,
    )


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        (b"{", "application/json", 400, "JSON"),
        (b'{"a": 1}', "application/json", 400, "readings"),
        (b"[]", "application/json", 400, "没有数据"),
        (b"[NaN]", "application/json", 400, "NaN"),
        (b"[" * 100_000, "application/json", 400, "JSON"),
        (b"\xff\xfe", "application/json", 400, "UTF-8"),
        (b"{}\n{", "application/x-ndjson", 400, "第 2 行"),
        (b"section,section\n1,2", "text/csv", 400, "重复"),
        (b"section,value\n1", "text/csv", 400, "第 2 行"),
        (b'section\n"x', "text/csv", 400, "CSV"),
        (b"<a/>", "application/xml", 415, "Content-Type"),
    ],
)
def test_a_body_that_cannot_be_read_says_where(secret, body, kind, status, words):
    answer = send(secret, body, kind)
    assert answer.status_code == status
    assert words in answer.json()["error"]["message"]


def test_a_body_too_large_is_refused_also_once_unpacked(secret, monkeypatch):
    monkeypatch.setattr(bodies, "LARGEST", 10_000)
    monkeypatch.setattr(requests, "MOST", 100)
    large = json.dumps([reading()] * 200).encode()
    assert send(secret, large).status_code == 413
    packed = gzip.compress(large)
    assert len(packed) < 10_000
    assert send(secret, packed, **{"Content-Encoding": "gzip"}).status_code == 413
    for broken in (gzip.compress(b"[]" * 99)[:-5], b"nothing"):
        answer = send(secret, broken, **{"Content-Encoding": "gzip"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_body")
    assert send(secret, large, **{"Content-Encoding": "br"}).status_code in (413, 415)


def test_too_many_readings_are_refused(secret, monkeypatch):
    monkeypatch.setattr("dashboard.api.writing.MOST", 2)
    for body, kind in (
        (json.dumps([reading()] * 3), "application/json"),
        ("\n".join([json.dumps(reading())] * 3), "application/x-ndjson"),
    ):
        answer = send(secret, body, kind)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_many")


# Once under a key -------------------------------------------------------------------------------


def test_the_same_request_again_under_its_key_is_answered_the_same_and_does_nothing(secret):
    first = send(secret, [reading()], **{"Idempotency-Key": "a-1"})
    again = send(secret, [reading()], **{"Idempotency-Key": "a-1"})
    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert ImportBatch.objects.count() == 1
    other = send(secret, [reading(value="0.4")], **{"Idempotency-Key": "a-1"})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "key_used")
    assert stored() == [(Decimal("0.31"), False, "N")]


def test_a_key_of_a_refused_request_is_free_for_the_corrected_one(secret):
    assert send(secret, [reading(value="x")], **{"Idempotency-Key": "k"}).status_code == 422
    assert send(secret, [reading()], **{"Idempotency-Key": "k"}).status_code == 201


def test_a_key_is_kept_for_a_week(secret):
    send(secret, [reading()], **{"Idempotency-Key": "k"})
    AnsweredRequest.objects.update(at=timezone.now() - timedelta(days=8))
    assert (
        send(secret, [reading(value="0.5")], **{"Idempotency-Key": "k"}).json()["correction"] == 1
    )


# Who may ----------------------------------------------------------------------------------------


def test_without_a_token_that_holds_nothing_is_taken(secret, people):
    assert Client().post(ADDRESS, "[]", content_type="application/json").status_code == 401
    for wrong in ("rc_nothing", "", "x" * 200):
        answer = send(wrong, [reading()])
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "bad_token")
    bureau = Client()
    bureau.force_login(people.bureau)
    answer = bureau.post(ADDRESS, json.dumps([reading()]), content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "token_needed")
    assert not Reading.objects.exists()


def test_a_token_ends_when_it_is_revoked_or_its_days_are_over(secret, people):
    token = AccessToken.objects.get()
    assert token_of(secret) == token
    AccessToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert token_of(secret) is None
    AccessToken.objects.update(expires_at=timezone.now() + timedelta(days=1))
    assert token_of(secret) == token
    revoke_token(token=token, by=people.bureau)
    assert token_of(secret) is None
    with pytest.raises(Refused, match="已吊销"):
        change_secret(token=token, by=people.bureau)


def test_a_changed_secret_lets_the_one_before_hold_for_a_day(secret):
    token, fresh = change_secret(token=AccessToken.objects.get(), by=None)
    assert fresh != secret
    assert token_of(fresh) == token_of(secret) == token
    AccessToken.objects.update(former_until=timezone.now() - timedelta(seconds=1))
    assert token_of(secret) is None
    assert token_of(fresh) == token


def test_the_secret_is_kept_nowhere(secret):
    kept = json.dumps(list(AccessToken.objects.values()), default=str)
    history = json.dumps(list(AuditRecord.objects.values()), default=str)
    assert secret not in kept + history
    assert AccessToken.objects.get().digest not in history


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "实验室"}, "name"),
        ({"sections": []}, "sections"),
        ({"sections": ["NOWHERE"]}, "sections"),
        ({"days": 0}, "days"),
        ({"days": 99999}, "days"),
    ],
)
def test_a_token_that_cannot_be_made_names_the_field(secret, given, field):
    whole = {"name": "又一个", "sections": ["BORDER"], "days": None, **given}
    with pytest.raises(Refused) as refused:
        add_token(**whole, by=None)
    assert refused.value.field == field


def test_only_who_hands_in_all_readings_makes_tokens(border, people):
    with pytest.raises(Refused, match="不能签发"):
        add_token(name="x", sections=["BORDER"], days=None, by=people.district)


def test_too_many_requests_are_told_when_to_come_again(secret):
    with override_settings(API_REQUESTS_A_MINUTE=2):
        statuses = [send(secret, [reading()]).status_code for _ in range(3)]
        last = send(secret, [reading()])
    assert statuses == [201, 201, 429]
    assert last.json()["error"]["code"] == "too_many_requests"
    assert int(last.headers["Retry-After"]) > 0


def test_who_guesses_tokens_is_stopped(secret):
    for _ in range(30):
        send("rc_wrong", [reading()])
    assert send(secret, [reading()]).status_code == 401
    caches["default"].clear()
    assert send(secret, [reading()]).status_code == 201


def test_the_command_tells_a_token_once_and_another_ends_it(border, capsys):
    call_command("add_token", "平台", "--sections", "BORDER", "--days", "30", "--json")
    said = json.loads(capsys.readouterr().out)
    assert said["sections"] == ["BORDER"]
    assert token_of(said["token"]).name == "平台"
    with pytest.raises(CommandError, match="已有名为"):
        call_command("add_token", "平台", "--sections", "BORDER")
    call_command("rotate_token", "平台", "--json")
    fresh = json.loads(capsys.readouterr().out)["token"]
    assert token_of(fresh) == token_of(said["token"]) is not None
    call_command("revoke_token", "平台", "--json")
    assert json.loads(capsys.readouterr().out)["name"] == "平台"
    assert token_of(said["token"]) is None
