"""The page of the named checks: by role, as a job, with the last result kept."""

import pytest

from jobs.models import Job
from settlements.checks.job import KIND, last_done, start_checks
from settlements.moving.acts import NotAllowed
from tests.told_once import World, of_told, told_once, with_ledger

PAGE = "/ledger/checks/"


def owing() -> World:
    world = with_ledger()
    world["ledger"].owe("100")
    return world


told = told_once(owing)
ledger = of_told("ledger")


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("bureau", 200), ("treasury", 200), ("auditor", 200), ("district", 404),
        ("township", 404), ("admin", 404), ("stranger", 404), ("station", 403),
    ],
)  # fmt: skip
def test_bureau_treasury_and_auditor_check_and_nobody_else(client, people, ledger, who, status):
    client.force_login(getattr(people, who))
    assert client.get(PAGE).status_code == status
    asked = client.post(PAGE).status_code
    assert asked == (302 if status == 200 else status)
    assert Job.objects.filter(kind=KIND).count() == (status == 200)
    linked = client.get("/ledger/verify/").content.decode()
    assert (PAGE in linked) is (status == 200)


def test_a_stranger_is_sent_to_sign_in(client, db):
    assert client.get(PAGE)["Location"].startswith("/sign-in/")


def test_the_service_refuses_who_may_not(people, ledger):
    with pytest.raises(NotAllowed):
        start_checks(by=people.district, wake=False)


def test_two_who_ask_at_once_share_one_run_whose_progress_is_shown(client, people, ledger):
    job = start_checks(by=people.bureau, wake=False)
    assert start_checks(by=people.auditor, wake=False) == job
    client.force_login(people.treasury)
    whole = client.get(PAGE).content.decode()
    part = client.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    for shown in (whole, part):
        assert 'hx-trigger="every 1s"' in shown
        assert "正在检查" in shown
        assert 'type="submit">检查账簿' not in shown
    assert "<html" in whole
    assert "<html" not in part


def test_the_last_result_stays_until_the_next(client, people, ledger):
    client.force_login(people.auditor)
    assert "还没有检查过" in client.get(PAGE).content.decode()
    result = {
        "checks": [
            {"name": "entry_sums_to_zero", "ok": True, "found": []},
            {"name": "fen_only", "ok": False, "found": ["分录 #7：1.001 元不是整分。"]},
        ],
        "seconds": 1.5,
    }
    kept = Job.objects.create(
        kind=KIND, key="books", state=Job.State.DONE, result=result, by=people.bureau
    )
    Job.objects.create(kind=KIND, key="books", state=Job.State.FAILED, error="磁盘已满")
    page = client.get(PAGE).content.decode()
    assert "1 项不成立" in page
    assert "分录 #7：1.001 元不是整分。" in page
    assert "用时 1.5 秒" in page
    assert "磁盘已满" in page
    assert last_done() == kept
    start_checks(by=people.bureau, wake=False)
    assert "分录 #7" in client.get(PAGE).content.decode()
