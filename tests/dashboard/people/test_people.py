"""One administrator can't make two people: what each act does, who may do it, and who is told."""

import re
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from basins.access import viewer_of
from basins.clock import moved_to
from basins.models import Notification, PersonAct, Role, SignInFailure, User
from basins.ranges import between, today
from basins.refusals import NotAllowed, Refused
from basins.services import person_acts, sign_in_locks
from basins.services.person_acts import CODE_LASTS, approve, propose, reject
from settlements.work.queries.work import counts
from tests.published import person
from tests.worlds import People

PASSWORD = "zwei-Boote-am-Steg"
HERE = "10.0.0.1"


@pytest.fixture
def second(people) -> User:
    return person("admin2", "admin")


@pytest.fixture
def third(second) -> User:
    return person("admin3", "admin")


def done(people: People, second: User, **given) -> PersonAct:
    act, _ = propose(by=people.admin, why="函〔2026〕1号", **given)
    return approve(act=act, by=second)[0]


def signs_in(username: str, password: str) -> Client | None:
    client = Client(REMOTE_ADDR=HERE)
    answer = client.post("/sign-in/", {"username": username, "password": password})
    return client if answer.status_code == 302 else None


def role_of(user: User) -> str | None:
    return viewer_of(User.objects.get(pk=user.pk)).role


# Two persons -------------------------------------------------------------------------------

ACTS = [
    {"kind": "grant", "role": "treasury"},
    {"kind": "reset"},
    {"kind": "unlock"},
    {"kind": "close"},
    {"kind": "rename", "display_name": "新名"},
]


@pytest.mark.parametrize("given", ACTS, ids=lambda given: given["kind"])
def test_who_proposes_does_not_approve(people, second, given):
    more = {"from_day": today()} if given["kind"] == "grant" else {}
    act, _ = propose(by=people.admin, why="本人申请", person=people.nobody, **given, **more)
    with pytest.raises(Refused, match="另一名协议管理员"):
        approve(act=act, by=people.admin)
    act.refresh_from_db()
    assert act.state == "proposed"
    assert role_of(people.nobody) is None
    assert approve(act=act, by=second)[0].state == "approved"
    with pytest.raises(Refused, match="不能再复核"):
        approve(act=act, by=second)


def test_nobody_approves_what_concerns_themselves(people, second, third):
    act, _ = propose(kind="reset", by=people.admin, why="本人申请", person=second)
    with pytest.raises(Refused, match="关于自己"):
        approve(act=act, by=second)
    approve(act=act, by=third)


@pytest.mark.parametrize("who", ["bureau", "auditor", "treasury", "nobody", "station"])
def test_no_other_role_proposes_or_approves(people, second, who):
    other = getattr(people, who)
    with pytest.raises(NotAllowed):
        propose(kind="reset", by=other, why="x", person=people.bureau)
    act, _ = propose(kind="unlock", by=people.admin, why="x", person=people.nobody)
    with pytest.raises(NotAllowed):
        approve(act=act, by=other)
    with pytest.raises(NotAllowed):
        reject(act=act, by=other, why="x")


def test_the_database_itself_wants_two(people, second):
    act, _ = propose(kind="unlock", by=people.admin, why="x", person=people.nobody)
    for sql in (
        "UPDATE basins_personact SET state='approved', decided_at=now(), decided_by_id=proposed_by_id",
        "UPDATE basins_personact SET state='approved', decided_at=now()",
        f"UPDATE basins_personact SET state='approved', decided_at=now(), decided_by_id={people.nobody.pk}",
        "UPDATE basins_personact SET kind='reset'",
        f"UPDATE basins_personact SET proposed_by_id={second.pk}",
        "DELETE FROM basins_personact",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    approve(act=act, by=second)
    with pytest.raises(IntegrityError, match="只能复核"), transaction.atomic():
        PersonAct.objects.update(state="proposed", decided_at=None)


def test_one_open_act_of_a_kind_and_a_second_one_is_refused_in_words(people, second):
    propose(kind="unlock", by=people.admin, why="x", person=people.nobody)
    with pytest.raises(Refused, match="还没有复核"):
        propose(kind="unlock", by=second, why="y", person=people.nobody)


def test_those_concerned_and_the_auditor_are_told(people, second):
    def told(user: User) -> list[str]:
        return list(Notification.objects.filter(user=user).values_list("text", flat=True))

    act, _ = propose(kind="reset", by=people.admin, why="忘记密码", person=people.bureau)
    assert told(second) == [f"admin 提出{act}，请复核。"]
    assert told(people.auditor) == [f"admin 提出{act}，请复核。"]
    assert told(people.bureau) == [f"admin 提出{act}。"]
    approve(act=act, by=second)
    done = f"{act}已办理：admin 提出，admin2 复核。"
    assert done in told(people.auditor)
    assert done in told(people.bureau)
    assert done in told(people.admin)
    assert told(people.treasury) == []


def test_the_proposer_withdraws_and_the_other_sends_back_with_a_reason(people, second):
    act, _ = propose(kind="close", by=people.admin, why="x", person=people.bureau)
    with pytest.raises(Refused, match="理由"):
        reject(act=act, by=second, why=" ")
    assert reject(act=act, by=second, why="人还在").state == "rejected"
    act, _ = propose(kind="close", by=people.admin, why="x", person=people.bureau)
    assert reject(act=act, by=people.admin, why="").state == "withdrawn"
    people.bureau.refresh_from_db()
    assert people.bureau.is_active


def test_it_waits_in_the_work_of_the_others_who_may_approve_it(people, second, third):
    def waiting(user: User) -> int:
        return counts(viewer_of(user)).by_source.get("account-acts", 0)

    propose(kind="unlock", by=people.admin, why="x", person=third)
    assert [waiting(user) for user in (people.admin, second, third)] == [0, 1, 0]


# Roles -------------------------------------------------------------------------------------


def test_a_role_is_granted_from_a_day_and_ended_on_a_day(people, second):
    grant = done(
        people, second, kind="grant", person=people.nobody, role="auditor", from_day=today()
    )
    assert role_of(people.nobody) == "auditor"
    held = people.nobody.roles.get()
    assert held.in_force == between(grant.from_day)
    done(people, second, kind="end", person=people.nobody, held=held)
    assert role_of(people.nobody) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"from_day": date(2026, 1, 1)}, "不能从今天以前开始"),
        ({"from_day": None}, "请填写起日"),
        ({"role": "district"}, "须选行政区"),
        ({"role": "king"}, "请选择角色"),
        ({"until_day": date(2026, 1, 1)}, "止日须晚于"),
    ],
)
def test_a_role_that_cannot_be_is_refused_in_words(people, second, given, words):
    wished = {"role": "bureau", "from_day": today(), **given}
    with pytest.raises(Refused, match=words):
        propose(kind="grant", by=people.admin, why="x", person=people.nobody, **wished)


def test_a_grant_approved_late_begins_on_the_day_it_is_approved(people, second):
    act, _ = propose(
        kind="grant", by=people.admin, why="x", person=people.nobody, role="bureau",
        from_day=today(),
    )  # fmt: skip
    tomorrow = today() + timedelta(days=1)
    with moved_to(tomorrow):
        approve(act=act, by=second)
    assert people.nobody.roles.get().in_force.lower == tomorrow


def test_an_administrator_is_no_auditor_within_a_year(people, second, third):
    done(people, second, kind="end", person=third, held=third.roles.get())
    with pytest.raises(Refused, match="一年之内"):
        propose(
            kind="grant", by=people.admin, why="x", person=third, role="auditor", from_day=today()
        )
    later = today() + timedelta(days=366)
    propose(kind="grant", by=people.admin, why="x", person=third, role="auditor", from_day=later)
    with pytest.raises(IntegrityError, match="一年之内"), transaction.atomic():
        third.roles.create(role="auditor", in_force=between(today()))


@pytest.mark.parametrize(
    "change",
    [
        lambda role: role.user.roles.create(
            role="bureau", in_force=between(date(2017, 1, 1), date(2018, 1, 1))
        ),
        lambda role: Role.objects.filter(pk=role.pk).update(
            in_force=between(date(2017, 1, 1), role.in_force.upper)
        ),
        lambda role: Role.objects.filter(pk=role.pk).update(role="admin"),
        lambda role: Role.objects.filter(pk=role.pk).update(
            in_force=between(role.in_force.lower, today() - timedelta(days=1))
        ),
        lambda role: role.delete(),
    ],
    ids=["begins before", "backdated", "another role", "ended before", "deleted"],
)
def test_the_database_lets_no_role_begin_change_or_go_before_today(people, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        change(people.bureau.roles.get())


def test_two_administrators_always_remain(people, second):
    for given in ({"kind": "close"}, {"kind": "end", "held": second.roles.get()}):
        with pytest.raises(Refused, match="至少要有 2 名"):
            propose(by=people.admin, why="x", person=second, **given)


def test_ends_set_for_later_count_from_their_day(people, second, third):
    soon, later = today() + timedelta(days=10), today() + timedelta(days=20)
    done(people, third, kind="end", person=second, held=second.roles.get(), until_day=later)
    for until in (None, soon, later, later + timedelta(days=400)):
        with pytest.raises(Refused, match=f"{max(later, until or later)} 起只剩 1 名"):
            propose(
                kind="end", by=second, why="x", person=third, held=third.roles.get(),
                until_day=until,
            )  # fmt: skip
    with pytest.raises(Refused, match="至少要有 2 名"):
        propose(kind="close", by=second, why="x", person=third)


def test_the_mark_of_the_reference_pages_follows_the_role(people, second):
    done(people, second, kind="grant", person=people.nobody, role="admin", from_day=today())
    assert User.objects.get(pk=people.nobody.pk).is_staff
    held = people.nobody.roles.get()
    done(people, second, kind="end", person=people.nobody, held=held)
    assert not User.objects.get(pk=people.nobody.pk).is_staff


# One-time codes ----------------------------------------------------------------------------


def new_person(people: People, second: User) -> tuple[str, str]:
    act, first = propose(
        kind="new", by=people.admin, why="调入", username="newcomer", display_name="新人",
        role="bureau", from_day=today(),
    )  # fmt: skip
    _, last = approve(act=act, by=second)
    return first, last


def test_a_new_person_signs_in_once_with_both_halves_and_chooses_a_password(people, second):
    first, last = new_person(people, second)
    client = signs_in("newcomer", f"{person_acts.shown(first)} {person_acts.shown(last).lower()}")
    assert client.get("/")["Location"] == "/account/"
    client.post("/account/password/", {"new": PASSWORD, "again": PASSWORD})
    assert client.get("/").status_code == 200
    assert signs_in("newcomer", PASSWORD)
    assert signs_in("newcomer", first + last) is None


def test_no_half_alone_signs_in_and_neither_stands_in_the_database(people, second):
    first, last = new_person(people, second)
    for wrong in (first, last, last + first, first + first, last + last, ""):
        assert signs_in("newcomer", wrong) is None
    SignInFailure.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(to_jsonb(p)::text, '') || (SELECT string_agg(to_jsonb(a)::text, '')"
            " FROM basins_auditrecord a) FROM basins_personact p"
        )
        (kept,) = cursor.fetchone()
    assert first not in kept
    assert last not in kept
    assert signs_in("newcomer", first + last)


def test_a_code_lasts_seventy_two_hours(people, second):
    first, last = new_person(people, second)
    act = PersonAct.objects.get()
    with moved_to(act.code_until + timedelta(seconds=1)):
        assert signs_in("newcomer", first + last) is None
    assert act.code_until - act.decided_at == CODE_LASTS
    with moved_to(act.code_until - timedelta(minutes=1)):
        assert signs_in("newcomer", first + last)


def test_a_reset_ends_the_old_password_the_sessions_and_the_lock_at_once(people, second):
    bureau = people.bureau
    bureau.set_password("alte-Worte-am-Fluss")
    bureau.save()
    inside = signs_in("bureau", "alte-Worte-am-Fluss")
    for _ in range(5):
        sign_in_locks.failed("bureau", HERE)
    assert signs_in("bureau", "alte-Worte-am-Fluss") is None
    act, first = propose(kind="reset", by=people.admin, why="忘记密码", person=bureau)
    assert inside.get("/").status_code == 200  # nothing is done before the second person
    _, last = approve(act=act, by=second)
    assert "账号管理员办理了您的账号" in inside.get("/", follow=True).content.decode()
    assert signs_in("bureau", "alte-Worte-am-Fluss") is None
    assert signs_in("bureau", first + last)


def test_a_later_reset_ends_the_code_of_an_earlier_one(people, second):
    first, last = new_person(people, second)
    act, _ = propose(
        kind="reset", by=people.admin, why="没收到", person=User.objects.get(username="newcomer")
    )
    approve(act=act, by=second)
    assert signs_in("newcomer", first + last) is None


def test_a_closed_account_has_no_code_and_opens_again(people, second):
    people.bureau.set_password(PASSWORD)
    people.bureau.save()
    done(people, second, kind="close", person=people.bureau)
    assert signs_in("bureau", PASSWORD) is None
    with pytest.raises(Refused, match="先恢复"):
        propose(kind="reset", by=people.admin, why="x", person=people.bureau)
    done(people, second, kind="reopen", person=people.bureau)
    assert signs_in("bureau", PASSWORD)


def test_an_unlock_lets_the_person_in_at_once(people, second):
    people.bureau.set_password(PASSWORD)
    people.bureau.save()
    for _ in range(5):
        sign_in_locks.failed("bureau", HERE)
    assert signs_in("bureau", PASSWORD) is None
    done(people, second, kind="unlock", person=people.bureau)
    assert signs_in("bureau", PASSWORD)


# Pages -------------------------------------------------------------------------------------


def halves(answer) -> str:
    return re.search(r"<code>([A-Z0-9-]{9})</code>", answer.content.decode())[1]


def test_each_administrator_sees_a_half_once_on_the_pages(people, second, client):
    other = Client()
    client.force_login(people.admin)
    other.force_login(second)
    typed = {
        "username": "newcomer", "display_name": "新人", "unit": "", "email": "", "role": "bureau",
        "jurisdiction": "", "from_day": f"{today()}", "until_day": "", "why": "调入",
    }  # fmt: skip
    checked = client.post("/people/new/", {**typed, "action": "check"})
    assert "核对：新建账号" in checked.content.decode()
    assert not PersonAct.objects.exists()
    made = client.post("/people/new/", {**typed, "action": "do"})
    first = halves(made)
    act = PersonAct.objects.get()
    again = client.get(f"/people/acts/{act.pk}/").content.decode()
    assert first not in again
    assert "复核通过" not in again
    assert "复核通过" in other.get(f"/people/acts/{act.pk}/").content.decode()
    approved = other.post(f"/people/acts/{act.pk}/", {"action": "approve"})
    last = halves(approved)
    assert last not in other.get(f"/people/acts/{act.pk}/").content.decode()
    assert signs_in("newcomer", f"{first}{last}")
    page = client.get(f"/people/{User.objects.get(username='newcomer').pk}/").content.decode()
    assert "下次登录须更改" in page
    assert "新人" in client.get("/people/?q=newc").content.decode()
    assert "没有这样的人员" in client.get("/people/?q=zzz").content.decode()


def test_what_is_wrong_is_said_beside_its_field(people, second, client):
    client.force_login(people.admin)
    typed = {"role": "bureau", "from_day": "2026-01-01", "why": "x", "action": "do"}
    answer = client.post(f"/people/{people.nobody.pk}/grant/", typed)
    assert answer.status_code == 422
    assert "不能从今天以前开始" in answer.content.decode()
    assert answer.context["form"].errors.keys() == {"from_day"}


def test_a_role_is_chosen_and_never_the_first_of_the_list(people, second, client):
    client.force_login(people.admin)
    page = client.get("/people/new/").content.decode()
    assert re.search(r'<select name="role"[^>]*>\s*<option value="" selected>请选择</option>', page)
    typed = {"username": "neu", "display_name": "新人", "from_day": today(), "why": "函1号"}
    answer = client.post("/people/new/", {**typed, "action": "check"})
    assert answer.status_code == 422
    assert "请选择角色" in answer.content.decode()


@pytest.mark.parametrize("kind", ["grant", "end", "reset", "unlock", "close", "rename"])
def test_every_act_has_its_form(people, second, client, kind):
    client.force_login(people.admin)
    answer = client.get(f"/people/{people.bureau.pk}/{kind}/")
    assert answer.status_code == 200
    assert client.post("/people/acts/99999999/", {"action": "approve"}).status_code == 404


def test_the_auditor_reads_and_is_offered_nothing(people, second, client):
    act, _ = propose(kind="close", by=people.admin, why="x", person=people.bureau)
    client.force_login(people.auditor)
    assert "办理</h2>" not in client.get(f"/people/{people.bureau.pk}/").content.decode()
    assert "复核通过" not in client.get(f"/people/acts/{act.pk}/").content.decode()
    assert "停用账号" in client.get("/people/acts/").content.decode()
