"""A whole year by clicks: two districts, the treasury and the bureau, from the first signature to
the last payment, with a party that stays silent, one that refuses and a late correction."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from threading import Thread

import pytest
from django.db import connection
from django.test import override_settings
from playwright.sync_api import sync_playwright

from basins.clock import moved_to
from basins.models import Delivery, Jurisdiction, Notification, User
from settlements import pipeline
from settlements.models import Adjustment, AmountRefusal, JournalEntry, Party, Settlement
from tests.conftest import empty_database
from tests.e2e.conftest import CHROMIUM
from tests.whole_year.office import Office
from tests.worlds import Border, People, publish_year

pytestmark = pytest.mark.browser

YEAR = "/settlements/TEST/2023/"
PDF = b"%PDF-1.4\n%%EOF\n"


TOLD = Path(__file__).with_name("told.md")


@pytest.fixture(scope="module")
def office(django_db_setup, django_db_blocker):
    """2023 published and final on 20 January 2024; 下游区 owes for ten months, and is owed for two."""
    with django_db_blocker.unblock(), override_settings(HEARING_DAYS=5):
        border, people = Border.make(), People.make()
        city = Jurisdiction.objects.get(code="500000")
        Jurisdiction.objects.filter(pk__in=[border.upstream.pk, border.downstream.pk]).update(
            parent=city
        )
        treasury = Jurisdiction.objects.create(
            code="500000-T", name="市级财政", short_name="市财政", level="treasury", parent=city
        )
        Party.objects.create(
            agreement=border.agreement, jurisdiction=treasury, order=3, role="municipal_fill"
        )
        with moved_to(date(2024, 1, 10)):
            for when in border.months("2022-01", "2023-12"):
                border.measured(when, "IV" if when in ("2023-07", "2023-08") else "II")
            pipeline.recompute()
        publish_year(border.agreement, 2023, people, on=date(2024, 1, 20))
        Notification.objects.all().delete()
        names = ("bureau", "bureau2", "treasury", "treasury2", "district", "downstream")
        made = {}
        for name in names:
            user = getattr(people, name)
            User.objects.filter(pk=user.pk).update(email=f"{name}@example.org")
            Delivery.objects.create(user=user, rhythm=Delivery.Rhythm.AT_ONCE, mail=True)
            made[name] = user
        own = Office(made, date(2024, 1, 22), border)
        connection.close()
        server = own.serve()
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM)
                own.page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="zh-CN")
                own.page.set_default_timeout(8_000)
                own.page.on("pageerror", lambda error: own.wrong.append(f"script: {error}"))
                yield own
                browser.close()
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            own.close()
        empty_database()
        connection.close()


def test_a_year_from_the_first_signature_to_the_last_payment(office, tmp_path):
    """Who is told what at each step, has it on which list and gets mail stands in told.md."""
    slip = tmp_path / "回单.pdf"
    slip.write_bytes(PDF)
    steps: list[str] = []

    def step(what: str) -> None:
        steps.append(office.told_at(what))

    office.until(date(2024, 1, 22))
    step("各月定稿")
    the_data_are_signed(office, step)
    the_amounts_are_refused_and_stand(office, step)
    office.acts("bureau", YEAR, "提请关账…", "提请关账")
    step("市局提请关账")
    office.acts("bureau2", YEAR, "关账…", "2023 年关账")
    step("市局另一人关账")
    paid(office, slip, "CZ-1", step)
    assert state(office) == "cleared"
    a_late_correction_is_owed(office, step)
    assert "下游区尚未付清 2,000,000.00 元，拨款〔2024〕2号" in office.reads("downstream", YEAR)
    paid(office, slip, "CZ-2", step)
    assert state(office) == "cleared"
    assert "本年度已全部办结" in office.reads("downstream", YEAR)
    booked = office.asked(lambda: list(JournalEntry.objects.order_by("pk").values_list("cause")))
    assert [cause for (cause,) in booked] == ["settlement", "payment", "adjustment", "payment"]
    assert office.wrong == []
    assert "\n".join(steps).strip() == TOLD.read_text(encoding="utf-8").strip()


def test_the_statements_of_both_years_tell_the_same_money(office):
    """Read after the year above: each names what the other has of its months."""
    first, second = (
        office.reads("downstream", f"/statements/preview/?subject=district:500902:{year}")
        for year in (2023, 2024)
    )
    assert "2023年核算净额\t应付\t¥ 8,000,000.00\t人民币捌佰万元整" in first
    assert "测试河协议\t8月\t交界\t监测数据更正\t−2,000,000.00\t记入 2024 年，TZ-2024-0003" in first
    assert "2024年核算净额\t应付\t¥ 2,000,000.00\t人民币贰佰万元整" in second
    assert "测试河协议\t2023年8月\t交界\t监测数据更正\t−2,000,000.00" in second
    assert "2024年年初结转余额\t-\t¥ 0.00" in second
    assert "草稿，截至 2024-09-12" in second
    assert "期末余额\t10,000,000.00\t10,000,000.00\t0.00" in second


def the_data_are_signed(office: Office, step: Callable[[str], None]) -> None:
    """下游区 and 市级财政 sign, 上游区 stays silent: reminded, and decided for by the bureau."""
    office.acts("downstream", YEAR, "签认年度数据…", "签认年度数据")
    step("下游区签认数据")
    office.acts("treasury", YEAR, "签认年度数据…", "签认年度数据")
    step("市财政签认数据")
    office.until(date(2024, 2, 19))
    office.acts("bureau", YEAR, "催办…", "催办上游区")
    step("市局催办上游区")
    office.until(date(2024, 3, 1))
    office.acts("bureau", YEAR, "由市局决定…", "核对", "决定", reason="数据齐全，各月均无异议")
    assert state(office) == "signed"
    step("上游区逾期不表态，市局决定")


def the_amounts_are_refused_and_stand(office: Office, step: Callable[[str], None]) -> None:
    """下游区 refuses, is turned down, and the common superior rules that the amounts stand."""
    office.acts("district", YEAR, "确认年度金额…", "确认年度金额")
    office.acts("treasury2", YEAR, "确认年度金额…", "确认年度金额")
    office.acts("downstream", YEAR, "不予确认…", "核对", "不予确认", reason="八月采样有误")
    step("上游区、市财政确认金额，下游区不予确认")
    at = f"/refusals/{office.asked(AmountRefusal.objects.get).pk}/"
    office.acts("district", at, "答复…", "核对", "答复", text="采样由双方联合进行")
    step("上游区答复")
    office.acts("bureau", at, "不采纳…", "核对", "不采纳", reason="联合采样记录齐全")
    step("市局不采纳")
    office.acts("downstream", at, "报共同上级裁定…", "报共同上级")
    step("下游区报共同上级")
    office.acts(
        "bureau", at, "登记裁定：金额维持…", "核对", "登记裁定",
        document="渝府裁〔2024〕1号", text="金额维持",
    )  # fmt: skip
    assert state(office) == "confirmed"
    step("市局登记裁定")


def paid(office: Office, slip: Path, voucher: str, step: Callable[[str], None]) -> None:
    """What the year's page leads to, with its slip, checked by another."""
    page = office.signed_in("treasury")
    page.goto(office.base + YEAR)
    with page.expect_navigation():
        page.get_by_role("link", name="登记付款").first.click()
    page.fill("[name=voucher]", voucher)
    page.fill("[name=paid_on]", str(office.day))
    with page.expect_navigation():
        page.get_by_role("button", name="核对").first.click()
    page.set_input_files("input[name=slip]", slip)
    with page.expect_navigation():
        page.get_by_role("button", name="登记付款", exact=True).click()
    step(f"市财政登记付款 {voucher}")
    office.acts("treasury2", page.url.removeprefix(office.base), "复核入账")
    step(f"市财政另一人复核 {voucher}")


def a_late_correction_is_owed(office: Office, step: Callable[[str], None]) -> None:
    """August's water turns out better after the closing: heard, approved, booked in 2024."""
    office.until(date(2024, 9, 2))
    office.asked(office.august_turns_out_better)
    step("关账后更正八月数据")
    own = f"/adjustments/{office.asked(Adjustment.objects.get).pk}/"
    office.acts("bureau", own, "提请批准…", "核对", "提请批准", why="原始记录更正属实")
    step("市局提请批准调整")
    office.acts("downstream", own, "提出意见…", "核对", "提出意见", text="同意更正")
    step("下游区表示意见")
    office.until(date(2024, 9, 12))
    office.acts("bureau2", own, "批准…", "批准调整")
    assert state(office) == "closed"
    step("市局另一人批准调整")


def state(office: Office) -> str:
    return office.asked(lambda: Settlement.objects.get(year=2023).state)
