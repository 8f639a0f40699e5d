"""调整 and stopped runs on their pages: side by side, by two persons, seen by the parties alone."""

from datetime import date

import pytest

from basins.clock import moved_to
from basins.models import Notification
from settlements import pipeline
from settlements.accruals.services.rulings import rule_month
from settlements.models import Adjustment, FuseTrip, JournalEntry
from settlements.years.services.adjustments import review_adjustment
from tests.blank import blank_pages
from tests.told_once import World, bare, told_instead, told_once
from tests.worlds import close_year, publish_year, refusal

ON = date(2024, 2, 5)
READERS = {"bureau", "bureau2", "treasury", "admin", "auditor", "district", "downstream"}
OTHERS = ("stranger", "township", "station", "nobody")


def published_year() -> World:
    """2023 at its target in every month, published and final: nobody pays."""
    world = bare()
    border = world["border"]
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "III")
    pipeline.recompute()
    publish_year(border.agreement, 2023, world["people"], on=date(2024, 1, 20))
    return world


told = told_once(published_year)


@pytest.fixture
def year(border):
    with moved_to(ON):
        yield


@pytest.fixture
def found(year, border) -> Adjustment:
    border.measured("2023-05", "IV")
    pipeline.recompute()
    return Adjustment.objects.get()


@pytest.fixture
def visit(client):
    def go(user, path, data=None, status=200) -> str:
        client.force_login(user)
        answer = client.get(path) if data is None else client.post(path, data)
        assert answer.status_code == status, answer.content.decode()[-2000:]
        return answer.content.decode()

    return go


def test_both_computations_stand_side_by_side(found, people, visit):
    page = visit(people.bureau, f"/adjustments/{found.pk}/")
    assert "交界：拟由“互不补偿”调整为“上游区补偿下游区 100.00 万元”" in page
    assert "调整前的计算" in page
    assert "调整后的计算" in page
    assert "本期各指标均值：氨氮（mg/L）" in page
    assert "0.8" in page
    assert "1.2" in page
    assert "+100.00" in page
    assert "−100.00" in page


def test_the_list_narrows_and_sums(found, people, visit):
    page = visit(people.bureau, "/adjustments/?state=proposed&agreement=TEST&year=2023")
    assert "1 项调整待办理" in page
    assert f'href="/adjustments/{found.pk}/"' in page
    assert "合计" in page
    assert "没有符合条件的调整" in visit(people.bureau, "/adjustments/?state=approved")
    assert "1 项调整待办理" in visit(people.bureau, "/adjustments/?year=x&state=zzz")


def test_two_persons_take_it_through_its_pages(found, people, visit):
    own = f"/adjustments/{found.pk}/"
    asked = visit(people.bureau, f"{own}review/", {"action": "check", "why": "原始记录属实"})
    assert "核对：提请批准调整" in asked
    assert "更改" in asked
    assert Adjustment.objects.get().state == "proposed"
    visit(people.bureau, f"{own}review/", {"action": "do", "why": "原始记录属实"}, 302)
    assert "须由市局另一人办理" in visit(people.bureau, own)
    visit(people.bureau, f"{own}approve/", {"action": "do"}, 302)
    assert Adjustment.objects.get().state == "reviewed"
    checked = visit(people.bureau2, f"{own}approve/")
    assert "2023 年未关账：计入该年净额" in checked
    assert "原始记录属实" in checked
    visit(people.bureau2, f"{own}approve/", {"action": "do"}, 302)
    done = visit(people.bureau, own)
    assert "计入 2023 年" in done
    assert "交界：由“互不补偿”调整为" in done, "it is so now, no more a plan"
    visit(people.bureau2, f"{own}approve/", {"action": "do"}, 302)
    assert Adjustment.objects.get().nets.count() == 2


def test_returned_and_dismissed_with_a_reason(found, people, visit):
    own = f"/adjustments/{found.pk}/"
    review_adjustment(adjustment=found, by=people.bureau, reason="属实")
    visit(people.bureau2, f"{own}return/", {"action": "do", "why": ""}, 422)
    visit(people.bureau2, f"{own}return/", {"action": "do", "why": "缺原始记录"}, 302)
    visit(people.bureau, f"{own}decline/", {"action": "do", "why": ""}, 422)
    visit(people.bureau, f"{own}decline/", {"action": "do", "why": "原始记录无误"}, 302)
    assert "您提请了不予调整，须由市局另一人办理" in visit(people.bureau, own)
    visit(people.bureau, f"{own}dismiss/", {"action": "do"}, 302)
    assert Adjustment.objects.get().state == "declined", "who asked does not decide"
    assert "原始记录无误" in visit(people.bureau2, f"{own}dismiss/")
    visit(people.bureau2, f"{own}dismiss/", {"action": "do"}, 302)
    assert Adjustment.objects.get().state == "dismissed"
    page = visit(people.bureau, own)
    assert "缺原始记录" in page
    assert "核实情况：原始记录无误" in page


@pytest.mark.parametrize(
    ("fate", "became", "held"),
    [("keep", "继续有效，只是不改已发布的结果", True), ("revoke", "随之撤销", False)],
)
def test_a_refusal_says_what_becomes_of_the_ruling_behind_it(
    year, border, people, visit, fate, became, held
):
    with moved_to(date(2099, 2, 6)):  # after the months were computed, whatever day that was
        ruling = rule_month(
            section=border.section, month=date(2023, 5, 1), state="excluded", ground="disaster",
            reason="特大洪水", by=people.bureau,
        )  # fmt: skip
        pipeline.recompute()
        words = f"认定“{ruling.get_state_display()}”（2023年5月）{became}"
        found = Adjustment.objects.get()
        own = f"/adjustments/{found.pk}/"
        asked = {"action": "do", "why": "不足以豁免"}
        assert "认定继续有效，只是不改已发布的结果" in visit(people.bureau, f"{own}decline/")
        visit(people.bureau, f"{own}decline/", asked, 422)
        visit(people.bureau, f"{own}decline/", {**asked, "rulings": fate}, 302)
        visit(people.bureau2, f"{own}dismiss/", {"action": "do"}, 302)
        assert words in visit(people.bureau, own)
        assert words in visit(people.district, f"/rulings/{ruling.pk}/")
        assert Notification.objects.filter(user=people.district, text__contains=words).exists()
        ruling.refresh_from_db()
        assert (ruling.revoked_at is None) is held
        pipeline.recompute()
        assert [a.state for a in Adjustment.objects.all()] == ["dismissed"]


def test_the_parties_speak_before_it_is_approved(found, people, visit, settings):
    settings.HEARING_DAYS = 5
    own = f"/adjustments/{found.pk}/"
    assert "上游区、下游区尚未表示意见" in visit(people.bureau, own)
    assert "提出意见…" in visit(people.district, own)
    assert "提出意见…" not in visit(people.bureau, own)
    visit(people.bureau, f"{own}remark/", status=404)
    visit(people.stranger, f"{own}remark/", status=404)
    visit(people.district, f"{own}remark/", {"action": "do", "text": ""}, 422)
    for _ in range(2):  # sent twice, it is said once
        visit(people.district, f"{own}remark/", {"action": "do", "text": "采样时段有误"}, 302)
    assert found.remarks.count() == 1
    assert "上游区，" in visit(people.bureau2, own)
    assert "采样时段有误" in visit(people.downstream, own)
    told = Notification.objects.filter(text__contains="采样时段有误")
    assert {n.user for n in told} == {people.downstream, people.bureau, people.bureau2}
    review_adjustment(adjustment=found, by=people.bureau, reason="属实")
    asked = visit(people.bureau2, f"{own}approve/")
    assert "提前批准的理由" in asked
    visit(people.bureau2, f"{own}approve/", {"action": "do", "unheard": ""}, 422)
    assert Adjustment.objects.get().state == "reviewed"
    visit(people.bureau2, f"{own}approve/", {"action": "do", "unheard": "下游区来函无意见"}, 302)
    assert "提前批准（下游区未表示意见）：下游区来函无意见" in visit(people.bureau, own)
    visit(people.district, f"{own}remark/", {"action": "do", "text": "再说"}, 404)


def test_after_the_days_or_once_all_spoke_nothing_more_is_asked(found, people, visit, settings):
    settings.HEARING_DAYS = 5
    review_adjustment(adjustment=found, by=people.bureau, reason="属实")
    own = f"/adjustments/{found.pk}/"
    with moved_to(date(2024, 2, 12)):
        assert "提前批准的理由" in visit(people.bureau2, f"{own}approve/")
    with moved_to(date(2024, 2, 20)):
        assert "提前批准的理由" not in visit(people.bureau2, f"{own}approve/")
        assert "提前批准" not in visit(people.bureau2, own)
    for who in (people.district, people.downstream):
        visit(who, f"{own}remark/", {"action": "do", "text": "无意见"}, 302)
    visit(people.bureau2, f"{own}approve/", {"action": "do"}, 302)
    assert Adjustment.objects.get().state == "approved"


def test_parties_read_and_nobody_else_finds_it(found, people, client):
    own = f"/adjustments/{found.pk}/"
    with blank_pages():
        for who in (*READERS, *OTHERS):
            client.force_login(getattr(people, who))
            expected = 200 if who in READERS else refusal(who)
            assert client.get(own).status_code == expected, who
            may = who.startswith("bureau")
            answer = client.get(f"{own}review/").status_code
            assert answer == (200 if may else refusal(who)), who
            if not may:
                posted = client.post(f"{own}review/", {"action": "do", "why": "x"})
                assert posted.status_code == refusal(who), who
    assert "提请批准…" not in client.get(own).content.decode()
    client.force_login(people.bureau)
    assert client.get(f"{own}delete/").status_code == 404
    assert client.get("/adjustments/999999/").status_code == 404
    assert Adjustment.objects.get().state == "proposed"


@told_instead(bare)
def test_after_the_closing_the_page_leads_to_the_entry(border, people, visit):
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "II")
    pipeline.recompute()
    close_year(border.agreement, 2023, people, on=ON)
    with moved_to(date(2025, 3, 3)):
        border.measured("2023-05", "IV")
        pipeline.recompute()
        found = Adjustment.objects.get()
        review_adjustment(adjustment=found, by=people.bureau, reason="属实")
        own = f"/adjustments/{found.pk}/"
        assert "另记一张凭证" in visit(people.bureau2, f"{own}approve/")
        visit(people.bureau2, f"{own}approve/", {"action": "do"}, 302)
        entry = JournalEntry.objects.get(cause="adjustment")
        page = visit(people.district, own)
        assert f"记入 2025 年台账，{entry.label}" in page
        assert f'href="/ledger/entries/{entry.pk}/"' in page
        stranger = visit(people.stranger, "/settlements/TEST/2023/")
        assert "记入 2025 年台账" in stranger
        assert entry.label not in stranger


def test_a_stopped_run_is_released_on_its_page(year, border, people, visit):
    for when in ("2023-05", "2023-06", "2023-07", "2023-08"):
        border.measured(when, "V")
    pipeline.recompute()
    trip = FuseTrip.objects.get()
    own = f"/adjustments/stops/{trip.pk}/"
    page = visit(people.bureau, own)
    assert "4 个已发布月份" in page
    assert "2023年8月" in page
    assert "提请放行…" in page
    assert own in visit(people.bureau, "/adjustments/")
    assert "放行…" not in visit(people.district, own)
    for who in OTHERS:
        visit(getattr(people, who), own, status=refusal(who))
    visit(people.district, f"{own}propose_release/", {"action": "do", "why": "x"}, 404)
    visit(people.bureau, f"{own}release/", {"action": "do"}, 302)
    assert FuseTrip.objects.get().state == "tripped", "nobody has asked for it"
    visit(people.bureau, f"{own}propose_release/", {"action": "do", "why": ""}, 422)
    checked = visit(people.bureau, f"{own}propose_release/", {"action": "check", "why": "偏差"})
    assert "核对：提请放行停下的重算" in checked
    visit(people.bureau, f"{own}propose_release/", {"action": "do", "why": "系统偏差"}, 302)
    assert Adjustment.objects.count() == 0
    assert "放行…" not in visit(people.bureau, own)
    visit(people.bureau, f"{own}release/", {"action": "do"}, 302)
    assert FuseTrip.objects.get().state == "releasing", "who asked does not decide"
    assert "系统偏差" in visit(people.bureau2, f"{own}release/")
    visit(people.bureau2, f"{own}release/", {"action": "do"}, 302)
    assert Adjustment.objects.filter(state="proposed").count() == 4
    assert "核实结论：系统偏差" in visit(people.district, own)
    visit(people.bureau, f"{own}propose_drop/", {"action": "do", "why": "再来"}, 302)
    assert "一并提请批准 4 项…" in visit(people.bureau, own)
    assert "一并提请" not in visit(people.district, own)
    visit(people.district, f"{own}approve/", {"action": "do"}, 404)
    visit(people.bureau, f"{own}review/", {"action": "do", "why": "系统偏差，逐月属实"}, 302)
    assert "一并批准" not in visit(people.bureau, own)
    visit(people.bureau, f"{own}approve/", {"action": "do"}, 422)  # another person's
    assert Adjustment.objects.filter(state="reviewed").count() == 4
    assert "一并批准 4 项…" in visit(people.bureau2, own)
    assert "2023年8月" in visit(people.bureau2, f"{own}approve/")
    visit(people.bureau2, f"{own}approve/", {"action": "do"}, 302)
    assert Adjustment.objects.filter(state="approved").count() == 4
    assert FuseTrip.objects.get().state == "released"


def test_what_was_asked_of_a_stopped_run_is_sent_back_or_done_by_another(
    year, border, people, visit
):
    for when in ("2023-05", "2023-06", "2023-07", "2023-08"):
        border.measured(when, "V")
    pipeline.recompute()
    trip = FuseTrip.objects.get()
    own = f"/adjustments/stops/{trip.pk}/"
    visit(people.bureau, f"{own}propose_drop/", {"action": "do", "why": "误传"}, 302)
    assert "复核停下的重算" in visit(people.bureau2, "/work/")
    assert "停下的重算：" not in visit(people.bureau, "/work/")
    visit(people.bureau2, f"{own}return/", {"action": "do", "why": "请附原始文件"}, 302)
    told = Notification.objects.get(user=people.bureau, text__contains="请附原始文件")
    assert "退回停下的重算" in told.text
    assert "核实停下的重算" in visit(people.bureau, "/work/")
    visit(people.bureau2, f"{own}propose_drop/", {"action": "do", "why": "误传，附文件"}, 302)
    visit(people.bureau, f"{own}drop/", {"action": "do"}, 302)
    trip.refresh_from_db()
    assert (trip.state, trip.decided_by, trip.reason) == ("dropped", people.bureau, "误传，附文件")
    assert not Adjustment.objects.exists()
