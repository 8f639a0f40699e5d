"""统计口径 on its page: everyone reads it, who edits reference data chooses after a check."""

import re
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from basins.clock import today
from basins.ranges import between, month_start, months_before
from monitoring.models import AssessmentBasis
from monitoring.standards.basis import Basis
from settlements import pipeline
from tests.blank import blank_pages

ABOVE = "1.004"  # of ammonia: class Ⅳ as it is, class Ⅲ at two decimals
CHOICE = {
    "since": "2035-01", "rounding": "rounded", "ph": "hydrogen", "first": "manual",
    "source": "市局〔2034〕12号",
}  # fmt: skip


def text_of(response, status=200):
    assert response.status_code == status
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def near_the_limit(border, when):
    at = datetime.combine(when, datetime.min.time(), timezone.get_default_timezone())
    border.store(at + timedelta(days=1), {"NH3-N": ABOVE})
    pipeline.recompute()


@pytest.mark.parametrize("name", ["bureau", "district", "township", "admin", "auditor"])
def test_everyone_reads_what_holds_and_only_admin_finds_the_form(people, client, name):
    client.force_login(getattr(people, name))
    page = text_of(client.get("/basis/"))
    assert "现行口径：未修约的均值，pH 算术平均，自动监测优先" in page
    assert "最初 现行" in page
    assert "2 位 氨氮、总氮、石油类、阴离子表面活性剂" in page
    assert ("另行选定" in page) == (name == "admin")


@blank_pages()
def test_for_others_the_acts_do_not_exist(people, client):
    client.force_login(people.bureau)
    assert client.post("/basis/choose/", CHOICE).status_code == 404
    assert client.post("/basis/1/withdraw/").status_code == 404
    assert not AssessmentBasis.objects.exists()


def test_a_choice_is_checked_with_what_it_would_have_changed_and_then_kept(border, people, client):
    last = months_before(month_start(today()))
    near_the_limit(border, last)
    client.force_login(people.admin)
    check = text_of(client.post("/basis/choose/", CHOICE))
    assert "自 2035年1月起：修约到参评小数位的均值，pH 氢离子浓度平均，手工监测优先" in check
    assert "最近 12 个月修约与否类别不同的有 1 个断面月 共看 1 个断面月" in check
    assert f"{last:%Y-%m} 交界 Ⅳ类 Ⅲ类" in check
    assert not AssessmentBasis.objects.exists()
    answer = client.post("/basis/choose/", {**CHOICE, "confirmed": "1"}, follow=True)
    page = text_of(answer)
    assert "已选定自 2035-01 起的统计口径。" in page
    assert (
        "2035-01 - 修约到参评小数位的均值 氢离子浓度平均 手工监测优先 市局〔2034〕12号 撤销" in page
    )
    assert "最初 现行 2034-12 未修约的均值" in page
    kept = AssessmentBasis.objects.get()
    assert kept.basis == Basis("rounded", "hydrogen", "manual")
    assert "已撤销" in text_of(client.post(f"/basis/{kept.pk}/withdraw/", follow=True))
    assert not AssessmentBasis.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"since": "明年"}, "“明年”不是月份；请填如 2023-01 或 2023年1月。"),
        ({"since": "2027-13"}, "“2027-13”不是月份"),
        ({"source": ""}, "有内容需要更正 依据："),
        ({"rounding": "up"}, "up"),
    ],
)
def test_a_choice_that_cannot_be_read_is_asked_for_again(people, client, wrong, words):
    client.force_login(people.admin)
    assert words in text_of(client.post("/basis/choose/", {**CHOICE, **wrong}), 422)


def test_months_that_are_over_are_refused_in_words(border, people, client):
    near_the_limit(border, months_before(month_start(today())))
    client.force_login(people.admin)
    for confirmed in ({"confirmed": "1"}, {}):  # and not offered on the check page
        given = {**CHOICE, "since": "2023-05", **confirmed}
        page = text_of(client.post("/basis/choose/", given), 422)
        assert "2023-05 已有评价，统计口径不能追溯；请自" in page


def test_its_month_is_read_as_months_are_everywhere(people, client):
    client.force_login(people.admin)
    for written in ("２０３５年1月", "203501", "2035/1"):
        page = text_of(client.post("/basis/choose/", {**CHOICE, "since": written}))
        assert "自 2035年1月起" in page


def test_a_month_of_the_section_says_where_rounding_decides(border, people, client):
    near_the_limit(border, month_start(today()).replace(year=2023, month=5))
    client.force_login(people.bureau)
    page = text_of(client.get("/sections/BORDER/?month=2023-05"))
    assert "2023年5月修约后为Ⅲ类，未修约为Ⅳ类；按统计口径取Ⅳ类。" in page
    assert "统计口径 ：未修约的均值，pH 算术平均，自动监测优先。" in page


def test_the_notice_to_prepare_lists_what_hangs_on_rounding(border, people, client):
    near_the_limit(border, month_start(today()).replace(year=2023, month=5))
    client.force_login(people.bureau)
    page = text_of(client.get("/notices/prepare/?month=2023-05"))
    assert "1 处类别取决于均值是否修约" in page
    assert "交界 测试河协议 修约后为Ⅲ类，未修约为Ⅳ类；按统计口径取Ⅳ类。" in page


def test_a_choice_that_is_over_cannot_be_withdrawn_on_the_page(border, people, client):
    AssessmentBasis.objects.create(
        rounding="rounded", ph="arithmetic", first="automatic", source="某文",
        in_force=between(month_start(today()).replace(year=2020, month=1)),
    )  # fmt: skip
    near_the_limit(border, month_start(today()).replace(year=2023, month=5))
    client.force_login(people.admin)
    page = text_of(client.get("/basis/"))
    assert "现行口径：修约到参评小数位的均值" in page
    assert "撤销 </button>" not in client.get("/basis/").content.decode()
    pk = AssessmentBasis.objects.get().pk
    assert "不能撤销" in text_of(client.post(f"/basis/{pk}/withdraw/", follow=True))
    assert AssessmentBasis.objects.exists()
