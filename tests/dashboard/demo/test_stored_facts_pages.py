"""The pages of figures and rulings: 核对 before anything is stored, and who sees them."""

import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.html import escape

from basins.models import Notification
from monitoring.models import Observation
from monitoring.observations.services.observation_file import Typed
from monitoring.observations.services.observations import record_observations, understand
from settlements.accruals.services.rulings import rule_month
from settlements.models import MonthRuling
from tests.worlds import month, refusal

PDF = b"%PDF-1.7\n%...\n"
FIGURES, RULINGS = "/data/observations/", "/rulings/"
OFFICES = {"bureau", "treasury", "admin", "auditor"}
ONE = {
    "name": "flow", "whose": "交界", "period": "2023年5月", "value": "１２．５万m³",
    "source": "水文站 5 月月报",
}  # fmt: skip
RULING = {
    "section": "BORDER", "month": "2023年5月", "agreement": "", "state": "excluded",
    "ground": "disaster", "reason": "山洪冲毁断面",
}  # fmt: skip


@pytest.fixture
def bureau(client, people, border):
    client.force_login(people.bureau)
    return client


def stored(people, value: str = "12万m³") -> Observation:
    rows, wrong = understand([Typed(1, "BORDER", "水量", "2023-05", value, "月报")])
    assert not wrong
    record_observations(rows=rows, by=people.bureau)
    return Observation.objects.get(superseded_at=None)


@pytest.mark.parametrize(
    ("path", "readers", "method", "status"),
    [
        (FIGURES, {"bureau", "admin"}, "get", 200),
        (FIGURES + "{figure}/", {"bureau", "admin"}, "get", 200),
        (FIGURES + "new/", {"bureau"}, "get", 200),
        (FIGURES + "new/", {"bureau"}, "post", 422),
        (FIGURES + "upload/", {"bureau"}, "get", 200),
        (FIGURES + "upload/", {"bureau"}, "post", 422),
        (FIGURES + "record/", {"bureau"}, "post", 302),
        (FIGURES + "template.csv", {"bureau"}, "get", 200),
        (RULINGS, OFFICES | {"district", "downstream", "stranger"}, "get", 200),
        (RULINGS + "{ruling}/", OFFICES | {"district", "downstream"}, "get", 200),
        (RULINGS + "{ruling}/", {"bureau"}, "post", 200),
        (RULINGS + "new/", {"bureau"}, "get", 200),
        (RULINGS + "new/", {"bureau"}, "post", 422),
    ],
)
def test_who_may_not_finds_nothing_there(client, people, border, path, readers, method, status):
    figure = stored(people)
    ruling = rule_month(
        section=border.section, month=month("2023-07"), state="no_data", ground="missing",
        reason="停站", by=people.bureau,
    )  # fmt: skip
    address = path.format(figure=figure.pk, ruling=ruling.pk)
    for name in people.__dataclass_fields__:
        client.force_login(getattr(people, name))
        answer = getattr(client, method)(address)
        may = name.rstrip("2") in readers
        assert answer.status_code == (status if may else refusal(name)), name
    client.logout()
    assert getattr(client, method)(address).status_code == 302


def test_a_party_sees_the_rulings_that_touch_it_without_names(client, people, border):
    made = rule_month(
        section=border.section, month=month("2023-07"), state="no_data", ground="missing",
        reason="停站", by=people.bureau,
    )  # fmt: skip
    link = f'href="/rulings/{made.pk}/"'
    seen = {}
    for who in ("bureau", "district", "downstream", "stranger"):
        client.force_login(getattr(people, who))
        seen[who] = link in client.get(RULINGS).content.decode()
    assert seen == {"bureau": True, "district": True, "downstream": True, "stranger": False}
    client.force_login(people.district)
    page = client.get(f"{RULINGS}{made.pk}/").content.decode()
    assert "停站" in page
    assert "市局，" in page
    assert f">{people.bureau}，" not in page
    assert "撤销认定" not in page
    told = Notification.objects.filter(link=f"/rulings/{made.pk}/")
    assert {n.user for n in told} == {people.district, people.downstream, people.bureau2}


def test_a_missing_figure_and_a_missing_ruling_are_404(bureau):
    assert bureau.get(FIGURES + "999/").status_code == 404
    assert bureau.get(RULINGS + "999/").status_code == 404
    assert bureau.get(RULINGS + "999/evidence/").status_code == 404


def test_one_figure_is_checked_changed_and_recorded(bureau, people):
    page = bureau.post(FIGURES + "new/", ONE | {"action": "check"}).content.decode()
    assert "核对 1 条：新增 1，更正 0" in page
    assert "125,000" in page
    assert "像填充值" not in page
    doubted = bureau.post(FIGURES + "new/", ONE | {"action": "check", "value": "9999m³"})
    assert "全是 9，像填充值，请核对" in doubted.content.decode()
    assert not Observation.objects.exists()
    back = bureau.post(FIGURES + "new/", ONE | {"action": "change"}).content.decode()
    assert 'value="2023年5月"' in back
    rows = re.search(r"<textarea name=\"rows\" hidden>(.*?)</textarea>", page, re.S)[1]
    answer = bureau.post(FIGURES + "record/", {"rows": unescape(rows)}, follow=True)
    assert "已录入 1 条：新增 1" in answer.content.decode()
    one = Observation.objects.get()
    assert (one.value, one.unit, one.recorded_by) == (125_000, "m³", people.bureau)
    assert "水文站 5 月月报" in bureau.get(f"{FIGURES}{one.pk}/").content.decode()


@pytest.mark.parametrize(
    ("value", "doubted"), [("9999m³", True), ("9999万m³", True), ("99m³", False)]
)
def test_what_looks_filled_in_says_so_for_as_long_as_it_stands(bureau, value, doubted):
    page = bureau.post(FIGURES + "new/", ONE | {"action": "check", "value": value}).content.decode()
    rows = re.search(r"<textarea name=\"rows\" hidden>(.*?)</textarea>", page, re.S)[1]
    bureau.post(FIGURES + "record/", {"rows": unescape(rows)})
    for address in (FIGURES, f"{FIGURES}{Observation.objects.get().pk}/"):
        assert ("像填充值" in bureau.get(address).content.decode()) is doubted


def test_what_is_wrong_stands_beside_its_field(bureau):
    answer = bureau.post(FIGURES + "new/", ONE | {"whose": "无此断面", "value": "许多"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "有内容需要更正" in page
    assert 'id="id_whose_error"' in page
    assert "“许多”不是数字" in page
    assert 'value="水文站 5 月月报"' in page


def test_a_file_is_shown_row_by_row_before_it_is_recorded(bureau, people):
    stored(people)
    text = "断面或行政区,指标,期间,数值,出处\nBORDER,水量,2023-05,13万m³,年鉴\nBORDER,水量,2023-06,1万,年鉴\n"
    file = SimpleUploadedFile("x.csv", text.encode("gb18030"))
    page = bureau.post(FIGURES + "upload/", {"file": file}).content.decode()
    assert "核对 2 条：新增 1，更正 1" in page
    assert "120,000" in page
    wrong = SimpleUploadedFile("x.csv", text.replace("13万m³", "很多").encode())
    answer = bureau.post(FIGURES + "upload/", {"file": wrong})
    assert answer.status_code == 422
    assert "第 2 行" in answer.content.decode()
    assert Observation.objects.count() == 1
    nothing = bureau.post(FIGURES + "upload/", {})
    assert nothing.status_code == 422


def test_the_list_narrows_and_a_correction_shows_its_history(bureau, people):
    first = stored(people)
    stored(people, "13万m³")
    assert "130,000" in bureau.get(FIGURES, {"year": "2023", "name": "flow"}).content.decode()
    history = bureau.get(f"{FIGURES}{first.pk}/").content.decode()
    assert "更正过 1 次" in history
    assert "120,000" in history
    template = bureau.get(FIGURES + "template.csv")
    assert template.content.startswith(b"\xef\xbb\xbf")
    assert "生态流量保证率" in template.content.decode()


def test_a_ruling_passes_a_page_that_names_months_and_amounts(bureau, border, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    border.assessed("2023-05", "IV")
    page = bureau.post(RULINGS + "new/", RULING | {"action": "check"}).content.decode()
    assert "核对：交界 2023年5月认定为“剔除”" in page
    assert "上游区 → 下游区 100.00 万元" in page
    assert not MonthRuling.objects.exists()
    without = bureau.post(RULINGS + "new/", RULING | {"action": "rule"})
    assert without.status_code == 422
    assert "请附上证据" in without.content.decode()
    bad = RULING | {"action": "rule", "evidence": SimpleUploadedFile("a.pdf", b"MZ")}
    assert "不是 PDF" in bureau.post(RULINGS + "new/", bad).content.decode()
    good = RULING | {"action": "rule", "evidence": SimpleUploadedFile("公报.pdf", PDF)}
    answer = bureau.post(RULINGS + "new/", good, follow=True)
    assert "认定为“剔除”" in answer.content.decode()
    made = MonthRuling.objects.get()
    assert b"".join(bureau.get(f"{RULINGS}{made.pk}/evidence/").streaming_content) == PDF
    assert "山洪冲毁断面" in bureau.get(RULINGS, {"live": "yes"}).content.decode()
    empty = bureau.post(f"{RULINGS}{made.pk}/", {"why": " "})
    assert empty.status_code == 422
    bureau.post(f"{RULINGS}{made.pk}/", {"why": "复核不成立"})
    made.refresh_from_db()
    assert made.revoked_why == "复核不成立"
    assert "已撤销" in bureau.get(f"{RULINGS}{made.pk}/").content.decode()


def test_a_ruling_that_cannot_be_is_refused_beside_its_field(bureau):
    answer = bureau.post(RULINGS + "new/", RULING | {"ground": "drained"})
    assert answer.status_code == 422
    assert escape("“剔除”的事由须是") in answer.content.decode()
    wrong = bureau.post(RULINGS + "new/", RULING | {"month": "某月"})
    assert "不是月份" in wrong.content.decode()


def test_the_month_page_leads_the_bureau_and_nobody_else_to_a_ruling(bureau, people, border):
    border.assessed("2023-05", "IV")
    address = "/settlements/TEST/2023/5/"
    link = "/rulings/new/?section=BORDER&amp;month=2023-05"
    assert link in bureau.get(address).content.decode()
    form = bureau.get("/rulings/new/?section=BORDER&month=2023-05").content.decode()
    assert 'value="2023-05"' in form
    bureau.force_login(people.treasury)
    assert link not in bureau.get(address).content.decode()
