"""死信: by what mends them, one by one, taken in again or dismissed, and what was decided."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from monitoring.models import DeadLetter
from monitoring.stations.services.stations import change_station
from tests.stations import (
    AT,
    MN,
    Sent,
    ammonia,
    arrive,
    open_letters,
    registered,
    segment,
)

LIST, REPLAY, DISMISS = map(reverse, ("letter-list", "letter-replay", "letter-dismiss"))


@pytest.fixture
def bureau(people, border) -> Client:
    client = Client()
    client.force_login(people.bureau)
    return client


@pytest.fixture
def station(border):
    return registered(border.section)


@pytest.fixture
def mixed(station):
    """Three of an unknown factor, one with another password, one with a wrong CRC."""
    for hour in range(3):
        arrive(segment(f"w99999-Avg=0.{hour + 1}", at=AT + timedelta(hours=hour)))
    arrive(segment(ammonia("0.31"), password="999999"))
    arrive(segment(ammonia("0.5")), whole=False)


def words(answer, status: int = 200) -> str:
    assert answer.status_code == status
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def group(one: DeadLetter) -> dict[str, str]:
    return {"reason": one.reason, "mn": one.mn, "factor": one.factor, "up_to": str(one.pk)}


def test_letters_that_wait_stand_together_by_reason_sender_and_factor(bureau, mixed):
    text = words(bureau.get(LIST))
    assert "5 条报文无法入库" in text
    assert "共 3 条" in text  # groups
    assert re.search(r"未知因子 w99999 BORDER0001 交界 不认识的因子 w99999： Avg=0.3 .*; 3 2", text)
    assert "PW=******" in text
    assert "认定因子" in text


def test_a_group_without_an_mn_leads_to_its_own_letters_alone(bureau, mixed):
    arrive(b"QN=1;CP=&&x&&", whole=False)
    (lost,) = open_letters(reason="crc", mn="")
    text = words(bureau.get(f"{LIST}?reason=crc&mn=&factor=&each=1"))
    assert f"共 1 条 编号 原因 设备编码 MN 说明 最近收到 {lost.pk} " in text


def test_letters_that_came_again_say_how_often(bureau, station):
    arrive(segment("w99999-Avg=1"))
    arrive(segment("w99999-Avg=1"))
    assert "共来 2 次" in words(bureau.get(LIST))


@pytest.mark.parametrize(
    ("query", "number"),
    [("", 3), ("?reason=crc", 1), ("?reason=factor", 1), ("?mn=OTHER", 0), (f"?mn={MN}", 3),
     ("?reason=nonsense", 3), ("?state=replayed", 0), ("?state=nonsense", 3),
     (f"?reason=factor&mn={MN}&factor=w99999&each=1", 3), ("?each=1", 5)],
)  # fmt: skip
def test_the_list_is_narrowed(bureau, mixed, query, number):
    text = words(bureau.get(LIST + query))
    assert f"共 {number} 条" in text if number else "没有这样的报文" in text


def test_a_group_is_taken_in_again(bureau, border, station):
    arrive(segment(ammonia("0.31"), password="999999"))
    change_station(station=station, password="999999", by=None)
    said = words(bureau.post(REPLAY, group(open_letters()[0]), follow=True))
    assert "已重放 1 条；相关月份随后重新核算。" in said
    assert "NH3-N" in Sent(border.section).at()


def test_what_fails_again_stays_and_its_page_says_why(bureau, mixed):
    (letter,) = open_letters(reason="password")
    said = words(bureau.post(REPLAY, {"letter": letter.pk}, follow=True))
    assert "1 条仍未入库（报文的密码与站点登记的不符" in said
    assert "待处理" in said


def test_a_frame_with_a_wrong_crc_has_no_button_to_take_it_in(bureau, mixed):
    (letter,) = open_letters(reason="crc")
    assert REPLAY not in bureau.get(reverse("letter", args=[letter.pk])).content.decode()
    said = words(bureau.post(REPLAY, {"letter": letter.pk}, follow=True))
    assert "CRC 不符的报文内容不可信" in said


def test_a_group_is_dismissed_with_a_reason_that_is_seen_later(bureau, mixed):
    example = open_letters(factor="w99999")[-1]
    assert "作废 3 条报文" in words(bureau.get(DISMISS, group(example)))
    answer = bureau.post(DISMISS, {**group(example), "why": "调试时的因子"}, follow=True)
    assert "已作废 3 条" in words(answer)
    text = words(bureau.get(f"{LIST}?state=dismissed"))
    assert "已作废：bureau 20" in text
    assert "调试时的因子" in text
    assert len(open_letters()) == 2


def test_what_came_after_the_page_was_written_is_not_dismissed_unseen(bureau, mixed):
    chosen = group(open_letters(factor="w99999")[-1])
    arrive(segment("w99999-Avg=0.9", at=AT + timedelta(hours=9)))
    bureau.post(DISMISS, {**chosen, "why": "调试"})
    assert [one.written for one in open_letters(factor="w99999")] == ["Avg=0.9"]


def test_dismissing_without_a_reason_asks_for_it_and_keeps_the_choice(bureau, mixed):
    chosen = group(open_letters(factor="w99999")[-1])
    answer = bureau.post(DISMISS, {**chosen, "why": " "})
    assert "请填写作废理由" in words(answer, 422)
    assert 'value="w99999"' in answer.content.decode()
    assert len(open_letters()) == 5


@pytest.mark.parametrize("chosen", [{}, {"letter": "x"}, {"letter": "99999999"}, {"reason": "crc"},
                                    {"reason": "x", "up_to": "9"}])  # fmt: skip
def test_what_chooses_none_does_nothing(bureau, mixed, chosen):
    assert "没有选中待处理的报文" in words(bureau.get(DISMISS, chosen))
    assert bureau.post(DISMISS, {**chosen, "why": "调试"}).status_code == 422
    assert "已经处理过" in words(bureau.post(REPLAY, chosen, follow=True))
    assert len(open_letters()) == 5


def test_the_page_of_a_letter_says_who_decided_it_and_offers_nothing_more(bureau, mixed):
    letter = open_letters()[0]
    bureau.post(DISMISS, {"letter": letter.pk, "why": "调试"})
    answer = bureau.get(reverse("letter", args=[letter.pk]))
    assert "状态 已作废 处理 bureau" in words(answer)
    assert DISMISS not in answer.content.decode()


def test_the_list_is_paged(bureau, border):
    for number in range(25):
        arrive(segment(ammonia("0.3"), mn=f"NOBODY{number}"))
    assert "第 1–20 条，共 25 条" in words(bureau.get(LIST))
    assert "第 21–25 条，共 25 条" in words(bureau.get(f"{LIST}?page=2"))


def test_what_a_stranger_wrote_is_shown_as_text(bureau, border):
    arrive(segment(ammonia("0.3"), mn="<b>MN</b>"))
    assert "<b>MN</b>" not in bureau.get(LIST).content.decode()
    assert bureau.get(f"{LIST}?each=1").status_code == 200
