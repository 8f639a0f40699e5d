"""月通报 on its pages: prepared, signed off, read, reminded and confirmed, each by whom it may be."""

import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from basins.access import viewer_of
from basins.clock import moved_to
from monitoring.models import DirtyMonth, Section
from settlements import pipeline
from settlements.models import (
    AgreementMonth,
    MonthConfirmation,
    Notice,
    NoticeReceipt,
    Party,
    Reminder,
)
from settlements.notices.queries.notices import notice_list, notice_page
from settlements.notices.services.months import lapse_due
from settlements.notices.services.notices import prepare_notice
from tests.blank import blank_pages
from tests.published import published
from tests.told_once import World, bare, told_once
from tests.worlds import Border, month, refusal

EVERYONE = (
    "bureau", "treasury", "district", "township", "admin", "auditor", "station", "stranger",
    "nobody",
)  # fmt: skip
APRIL = month("2023-04")


@pytest.fixture
def visit(client):
    def go(user, name, *arguments, post=None, **query):
        client.force_login(user)
        address = reverse(name, args=arguments)
        return client.get(address, query) if post is None else client.post(address, post)

    return go


def april_computed() -> World:
    """April 2023, not published."""
    world = bare()
    world["border"].assessed("2023-04", "IV")
    return world


told = told_once(april_computed)


@pytest.fixture
def draft(border, people) -> Notice:
    return prepare_notice(month=APRIL, by=people.bureau)


@pytest.fixture
def notice(border, people) -> Notice:
    return published(people, "2023-04")


def text_of(answer, status=200) -> str:
    assert answer.status_code == status
    return answer.content.decode()


# Who sees what -------------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYONE)
@blank_pages()
def test_a_draft_is_for_who_sees_all_drafts(draft, people, visit, who):
    answer = visit(getattr(people, who), "notice", draft.pk)
    sees = who in {"bureau", "treasury", "admin", "auditor"}
    assert answer.status_code == (200 if sees else refusal(who))


@pytest.mark.parametrize("who", EVERYONE)
@blank_pages()
def test_a_published_notice_is_for_all_but_townships_and_stations(notice, people, visit, who):
    hidden = who in {"township", "station", "nobody"}
    for name, arguments in (("notice", [notice.pk]), ("notice-list", [])):
        answer = visit(getattr(people, who), name, *arguments)
        assert answer.status_code == (refusal(who) if hidden else 200)


def test_a_districts_own_agreements_stand_first_and_marked(border, people, visit):
    below = Section.objects.create(
        code="BELOW", name="下交界", province=border.section.province, river=border.river, km=5,
        upstream=border.downstream, downstream=border.stranger,
    )  # fmt: skip
    Border(border.downstream, border.stranger, border.upstream, border.river, below).sign("ELSE")
    border.measured("2023-04", "II", section=below)
    pipeline.recompute()
    notice = published(people, "2023-04")

    def agreements(who: str) -> list[tuple[str, bool]]:
        page = notice_page(viewer_of(getattr(people, who)), notice.pk)
        return [(m.code, m.own) for m in page.months]

    assert agreements("district") == [("TEST", True), ("ELSE", False)]
    assert agreements("bureau") == [("ELSE", False), ("TEST", False)]
    page = text_of(visit(people.district, "notice", notice.pk))
    assert "本地的在前" in page
    rows = re.findall(r"<tr( class=\"current\")?>\s*<td class=\"seq\">\d+</td>\s*<th", page)
    assert rows[:2] == [' class="current"', ""]


@pytest.mark.parametrize("who", EVERYONE)
@blank_pages()
def test_only_the_bureau_prepares_signs_and_reminds(draft, people, border, visit, who):
    user = getattr(people, who)
    may = who == "bureau"
    for answer, done in (
        (visit(user, "notice-prepare", month="2023-05"), 200),
        (visit(user, "notice-sign", draft.pk), 200),
        (visit(user, "notice-remind", draft.pk, post={"jurisdiction": border.upstream.pk}), 302),
    ):
        assert answer.status_code == (done if may else refusal(who))
    assert not Reminder.objects.exists()


@pytest.mark.parametrize("who", EVERYONE)
@blank_pages()
def test_only_a_partys_official_confirms(notice, people, visit, who):
    user = getattr(people, who)
    for post, done in ((None, 200), ({}, 302)):
        answer = visit(user, "month-confirm", "TEST", 2023, 4, post=post)
        assert answer.status_code == (done if who == "district" else refusal(who))
    assert MonthConfirmation.objects.exists() is (who == "district")


# The list ------------------------------------------------------------------------------


def test_the_list_shows_due_day_publication_lateness_and_readers(border, people, visit):
    with moved_to(date(2023, 5, 18)):
        late = published(people, "2023-04")
        visit(people.district, "notice", late.pk)
        page = text_of(visit(people.bureau, "notice-list", year="2023"))
    assert "2023-05-15" in page
    assert "2023-05-18" in page
    assert "迟 3 个工作日" in page
    assert "1 / 2 方" in page


def test_the_list_offers_the_bureau_what_is_to_be_prepared(border, people, visit):
    with moved_to(date(2023, 5, 10)):
        page = text_of(visit(people.bureau, "notice-list"))
        assert "编制4月通报" in page.replace("月月", "月")
        assert "还有 3 个工作日" in page
        assert "待编制" not in text_of(visit(people.district, "notice-list"))


def test_filters_that_cannot_be_read_narrow_nothing(notice, people, visit):
    page = text_of(visit(people.bureau, "notice-list", year="x", state="y"))
    assert f"/notices/{notice.pk}/" in page


# Preparing and signing off -------------------------------------------------------------


def test_preparing_shows_the_content_and_makes_the_draft(border, people, visit):
    page = text_of(visit(people.bureau, "notice-prepare", month="2023-04"))
    assert "补偿金额合计 100.00 万元" in page
    assert not Notice.objects.exists()
    answer = visit(people.bureau, "notice-prepare", post={"month": "2023-04"})
    made = Notice.objects.get()
    assert answer.url == reverse("notice", args=[made.pk])
    assert "须由另一人签发" in text_of(visit(people.bureau, "notice", made.pk))


def test_what_a_month_lacks_is_named_and_an_agreement_can_be_left_out(border, people, visit):
    border.sign("OTHER")
    border.assessed("2023-04", "IV")
    DirtyMonth.objects.create(section=border.section, month=APRIL, marked_at="2023-05-01T00:00Z")
    page = text_of(visit(people.bureau, "notice-prepare", post={"month": "2023-04"}), 422)
    assert "交界断面 2023-04 的数据待重算" in page
    page = text_of(
        visit(people.bureau, "notice-prepare", post={"month": "2023-04", "out": ["TEST"]}), 422
    )
    assert "请写明不列入的原因" in page
    DirtyMonth.objects.all().delete()
    given = {"month": "2023-04", "out": ["TEST"], "why-TEST": "复测中"}
    assert visit(people.bureau, "notice-prepare", post=given).status_code == 302
    assert Notice.objects.get().content["left_out"][0]["why"] == "复测中"


@pytest.mark.parametrize("text", ["", "2023", "2023-13", "２０２３-04", "x-y", "0000-01"])
def test_a_month_that_cannot_be_read_is_not_found(people, border, visit, text):
    assert visit(people.bureau, "notice-prepare", month=text).status_code == 404


def test_the_second_person_sees_what_changes_and_signs(draft, people, visit):
    page = text_of(visit(people.bureau2, "notice-sign", draft.pk))
    assert "1 项由“初步”转为“已发布”" in page
    assert "1,000,000.00 元" in page
    answer = visit(people.bureau2, "notice-sign", draft.pk, post={"action": "sign"})
    assert answer.url == reverse("notice", args=[draft.pk])
    assert Notice.objects.get().state == "published"
    again = visit(people.bureau2, "notice-sign", draft.pk, post={"action": "sign"})
    assert again.status_code == 302
    assert Notice.objects.get().number == 1


def test_who_prepared_is_refused_the_signature(draft, people, visit):
    page = text_of(visit(people.bureau, "notice-sign", draft.pk, post={"action": "sign"}), 422)
    assert "须由另一人办理" in page
    assert "签发月通报</button>" not in page


def test_changed_data_are_named_and_the_draft_goes_back(draft, border, people, visit):
    border.assessed("2023-04", "II")
    page = text_of(visit(people.bureau2, "notice-sign", draft.pk))
    assert "数据有变动" in page
    assert "测试河协议" in page
    page = text_of(visit(people.bureau2, "notice-sign", draft.pk, post={"action": "return"}), 422)
    assert "必填" in page
    visit(people.bureau2, "notice-sign", draft.pk, post={"action": "return", "reason": "数据更正"})
    assert Notice.objects.get().state == "returned"


# Reading, reminding, confirming --------------------------------------------------------


def test_opening_it_is_noted_once_and_shown_to_the_bureau(notice, people, visit):
    for _ in range(3):
        visit(people.district, "notice", notice.pk)
    assert NoticeReceipt.objects.count() == 1
    page = text_of(visit(people.bureau, "notice", notice.pk))
    assert "2 方中 1 方已读" in page
    assert "催办下游区" in page
    assert "催办上游区" not in page
    assert "方已读" not in text_of(visit(people.stranger, "notice", notice.pk))


def test_a_reminder_a_day_and_party(notice, people, border, visit):
    given = {"jurisdiction": border.downstream.pk}
    for _ in range(3):
        assert visit(people.bureau, "notice-remind", notice.pk, post=given).status_code == 302
    assert Reminder.objects.count() == 1
    assert "今天已经催办过" in text_of(visit(people.bureau, "notice", notice.pk))
    for wrong in ("", "x", "999999"):
        answer = visit(people.bureau, "notice-remind", notice.pk, post={"jurisdiction": wrong})
        assert answer.status_code == 404
    visit(people.bureau, "month-remind", "TEST", 2023, 4, post=given)
    assert Reminder.objects.count() == 2
    assert visit(people.district, "month-remind", "TEST", 2023, 4, post=given).status_code == 404


def test_a_party_confirms_through_a_check_page(notice, people, visit):
    page = text_of(visit(people.district, "settlement-month", "TEST", 2023, 4))
    assert "核对并确认" in page
    assert "未确认" in page
    page = text_of(visit(people.district, "month-confirm", "TEST", 2023, 4))
    assert "上游区补偿下游区 100.00 万元" in page
    answer = visit(people.district, "month-confirm", "TEST", 2023, 4, post={})
    assert answer.url == reverse("settlement-month", args=["TEST", 2023, 4])
    page = text_of(visit(people.district, "settlement-month", "TEST", 2023, 4))
    assert "1 / 2 方" in page
    assert "核对并确认" not in page
    visit(people.downstream, "month-confirm", "TEST", 2023, 4, post={})
    assert AgreementMonth.objects.get().state == "confirmed"


def test_a_month_no_longer_open_leads_back_with_the_reason(notice, people, visit):
    with moved_to(date(2099, 1, 1)):
        lapse_due()
    answer = visit(people.district, "month-confirm", "TEST", 2023, 4, post={})
    assert answer.status_code == 302
    assert not MonthConfirmation.objects.exists()
    page = text_of(visit(people.district, "settlement-month", "TEST", 2023, 4))
    assert "不能办理此事" in page


def test_an_unpublished_month_has_nothing_to_confirm(border, people, visit):
    assert visit(people.district, "month-confirm", "TEST", 2023, 4).status_code == 404
    page = text_of(visit(people.district, "settlement-month", "TEST", 2023, 4))
    assert 'id="workflow"' not in page


def test_the_district_page_says_what_must_be_done_by_when(border, people, visit):
    with moved_to(date(2023, 5, 15)):
        published(people, "2023-04")
        page = text_of(visit(people.district, "district", "500901"))
        assert "须办 2 项" in page
        assert "2023-05-22" in page
        assert "还有 5 个工作日" in page
        assert "须办 2 项" in text_of(visit(people.bureau, "district", "500901"))
        assert 'id="duties"' not in text_of(visit(people.stranger, "district", "500901"))


# How much it asks ----------------------------------------------------------------------


def test_the_pages_ask_no_more_for_more_agreements(border, people, client):
    client.force_login(people.bureau2)

    def queries(pk: int) -> list[int]:
        found = []
        for name, arguments in (("notice", [pk]), ("notice-list", []), ("work", [])):
            with CaptureQueriesContext(connection) as captured:
                text_of(client.get(reverse(name, args=arguments)))
            found.append(len(captured))
        return found

    one = queries(published(people, "2023-04").pk)
    for number in range(5):
        border.sign(f"T{number}")
    border.assessed("2023-05", "IV")
    many = queries(published(people, "2023-05").pk)
    assert Party.objects.count() == 12
    assert all(b <= a for a, b in zip(one[:2], many[:2], strict=True)), (one, many)
    assert many[2] <= one[2] + 1  # April of the new ones is a task of its own: 补充通报
    # /work/ asks every source of work of the person's role once.
    assert max(one[:2]) <= 24
    assert one[2] <= 70


@pytest.mark.parametrize(
    ("changed", "parties"),
    [
        ({}, 2),
        ({"since": date(2023, 4, 30)}, 2),
        ({"since": date(2023, 5, 1)}, 1),
        ({"until": date(2023, 4, 2)}, 2),
        ({"until": date(2023, 4, 1)}, 1),
        ({"role": "municipal_fill"}, 1),
    ],
)
def test_the_list_counts_the_parties_of_its_month_as_the_notice_does(
    notice, border, people, changed, parties
):
    Party.objects.filter(jurisdiction=border.downstream).update(**changed)
    viewer = viewer_of(people.bureau)
    [line] = notice_list(viewer).lines[:1]
    readers = notice_page(viewer, notice.pk).readers
    assert (line.parties, len(readers)) == (parties, parties)
