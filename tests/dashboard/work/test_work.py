"""我的工作, the count in every page's head, 我的关注 and 通知."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from basins.access import PEOPLE, TABLE, Scope, viewer_of
from basins.clock import moved_to
from basins.links import to
from basins.models import Delivery, Notification, Star
from basins.services.notifications import notify
from settlements.notices.services.months import confirm_month
from settlements.notices.services.notices import prepare_notice
from settlements.work.queries.sources.listed import SOURCES
from settlements.work.queries.work import counts, todo
from tests.published import agreement_month, published
from tests.worlds import month, refusal


@pytest.fixture
def visit(client):
    def go(user, name, *arguments, post=None, **query):
        client.force_login(user)
        address = reverse(name, args=arguments)
        return client.get(address, query) if post is None else client.post(address, post)

    return go


def text_of(answer, status=200) -> str:
    assert answer.status_code == status
    return answer.content.decode()


def waiting(user) -> dict[str, int]:
    found = counts(viewer_of(user)).by_source
    return {key: n for key, n in found.items() if n}


# What waits ----------------------------------------------------------------------------


def test_the_month_waits_for_each_in_turn(border, people):
    """From the calculation to the confirmation, each person is asked what is theirs alone."""
    with moved_to(date(2023, 5, 10)):
        border.assessed("2023-04", "IV")
    with moved_to(date(2018, 7, 10)):
        assert waiting(people.bureau) == {"months-to-prepare": 1}
        viewer = viewer_of(people.bureau)
        ((task,),) = [group.tasks for group in todo(viewer, counts(viewer))]
        assert task.deadline == date(2018, 7, 16), "15 July 2018 is a Sunday"
        draft = prepare_notice(month=month("2018-06"), by=people.bureau)
        assert waiting(people.bureau) == {}
        assert waiting(people.bureau2) == {"notices-to-sign": 1}
        assert waiting(people.district) == {}
    with moved_to(date(2018, 7, 16)):
        from settlements.notices.services.notices import sign_off_notice

        sign_off_notice(notice=draft, by=people.bureau2)
        assert waiting(people.bureau2) == {}
        assert waiting(people.district) == {"months-to-confirm": 1, "notices-to-read": 1}
        assert waiting(people.stranger) == {}
        confirm_month(agreement_month=agreement_month(border, "2018-06"), by=people.district)
        assert waiting(people.district) == {"notices-to-read": 1}


def test_a_deadline_is_a_date_and_working_days_left(border, people):
    border.assessed("2023-04", "IV")
    with moved_to(date(2023, 5, 15)):
        published(people, "2023-04")
        viewer = viewer_of(people.district)
        (group,) = [g for g in todo(viewer, counts(viewer)) if g.key == "months-to-confirm"]
    (task,) = group.tasks
    assert (task.deadline, task.left, task.days) == (date(2023, 5, 22), 5, "还有 5 个工作日")
    assert not task.late


@pytest.mark.parametrize("who", ["bureau", "treasury", "district", "admin", "auditor", "township"])
def test_all_counts_are_one_query(border, people, who):
    viewer = viewer_of(getattr(people, who))
    with CaptureQueriesContext(connection) as captured:
        counts(viewer)
    assert len(captured) == 1


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.key)
def test_every_source_can_be_asked_by_whom_it_is_for(border, people, source):
    """The rows of each source are a query that runs, also where nothing waits."""
    for role, scope in zip(PEOPLE, TABLE[source.act], strict=True):
        if scope is not Scope.NONE:
            assert list(source.rows(viewer_of(getattr(people, role)))) is not None
    assert len({s.key for s in SOURCES}) == len(SOURCES)


# The pages -----------------------------------------------------------------------------


def test_the_head_of_every_page_counts_what_waits_and_what_is_unread(border, people, visit):
    border.assessed("2023-04", "IV")
    published(people, "2023-04")
    page = text_of(visit(people.district, "about"))
    assert "待办<b>2</b>" in page
    assert "通知<b>1</b>" in page
    assert "通知<b>" not in text_of(visit(people.stranger, "about"))


def test_todo_done_and_begun(border, people, visit):
    border.assessed("2023-04", "IV")
    notice = published(people, "2023-04")
    page = text_of(visit(people.district, "work"))
    assert "确认或异议：测试河协议 2023年4月" in page
    assert f"阅读{notice}" in page
    confirm_month(agreement_month=agreement_month(border, "2023-04"), by=people.district)
    assert "测试河协议 2023年4月" in text_of(visit(people.district, "work", tab="done"))
    assert "签发月通报" in text_of(visit(people.bureau2, "work", tab="done"))
    begun = text_of(visit(people.bureau, "work", tab="begun"))
    assert str(notice) in begun
    assert "已发布" in begun
    assert "还没有记录" in text_of(visit(people.stranger, "work", tab="done"))
    assert text_of(visit(people.stranger, "work", tab="x"))


@pytest.mark.parametrize("who", ["station", "nobody"])
def test_who_has_no_pages_has_no_work(border, people, visit, who):
    for name in ("work", "notification-list", "notification-delivery"):
        assert visit(getattr(people, who), name).status_code == refusal(who)


# 我的关注 ------------------------------------------------------------------------------


def test_a_star_is_put_on_the_page_and_says_what_is_new(border, people, visit):
    border.assessed("2023-04", "IV")
    user = people.district
    assert "☆ 关注" in text_of(visit(user, "section", "BORDER"))
    back = reverse("section", args=["BORDER"])
    for kind, code in (("section", "BORDER"), ("river", "TESTHE"), ("agreement", "TEST")):
        given = {"kind": kind, "code": code, "next": back}
        assert visit(user, "star", post=given).url == back
    assert "★ 已关注" in text_of(visit(user, "section", "BORDER"))
    page = text_of(visit(user, "work", tab="stars"))
    assert page.count("没有变化") == 3
    border.assessed("2023-05", "IV")
    page = text_of(visit(user, "work", tab="stars"))
    assert "2023年5月交界 Ⅳ类" in page
    assert "2023年5月核算更新" in page
    visit(user, "agreement", "TEST")
    visit(user, "basin", "TESTHE")
    assert text_of(visit(user, "work", tab="stars")).count("没有变化") == 2
    visit(user, "stars-looked-at", post={})
    assert text_of(visit(user, "work", tab="stars")).count("没有变化") == 3
    visit(user, "star", post={"kind": "river", "code": "TESTHE", "off": "1"})
    assert Star.objects.filter(user=user).count() == 2


def test_what_one_may_not_see_cannot_be_starred(border, people, visit):
    for kind, code in (("section", "NONE"), ("planet", "MARS"), ("agreement", "NONE")):
        assert visit(people.district, "star", post={"kind": kind, "code": code}).status_code == 404
    given = {"kind": "section", "code": "BORDER"}
    assert visit(people.township, "star", post=given).status_code == 404
    answer = visit(people.district, "star", post={**given, "next": "https://elsewhere.example/"})
    assert answer.url == reverse("work")


# 通知 ----------------------------------------------------------------------------------


def test_reading_a_notification_leads_on_and_a_foreign_one_is_missing(border, people, visit):
    notify(users=[people.district.pk], key="k", text="有事", link=to("about"))
    found = Notification.objects.get()
    assert "有事" in text_of(visit(people.district, "notification-list"))
    assert visit(people.stranger, "notification", found.pk).status_code == 404
    assert visit(people.district, "notification", found.pk).url == "/about/"
    assert "没有未读通知" in text_of(visit(people.district, "notification-list"))


def test_the_way_of_delivery_is_chosen_and_mail_needs_an_address(border, people, visit):
    user = people.district
    given = {"rhythm": "weekly", "mail": "on"}
    assert "没有登记邮箱" in text_of(visit(user, "notification-delivery", post=given), 422)
    user.email = "a@example.org"
    user.save()
    assert visit(user, "notification-delivery", post=given).status_code == 302
    chosen = Delivery.objects.get(user=user)
    assert (chosen.rhythm, chosen.mail) == ("weekly", True)
    text_of(visit(user, "notification-delivery", post={"rhythm": "hourly"}), 422)
    visit(user, "notification-read-all", post={})
