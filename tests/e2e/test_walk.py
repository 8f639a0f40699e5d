"""Each role signs in and walks the pages: no console error, no request off this machine."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LONGEST = 6000  # CSS pixels of a page at 390: some seven screens of a phone
PAGES = [
    "/",
    "/basins/",
    "/basins/LONGXI/",
    "/sections/",
    "/districts/",
    "/districts/500155/",
    "/agreements/",
    "/agreements/LONGXI/",
    "/settlements/",
    "/settlements/LONGXI/2023/",
    "/settlements/LONGXI/2023/8/",
    "/ledger/",
    "/notices/",
    "/work/",
    "/work/?tab=stars",
    "/notifications/",
    "/notifications/delivery/",
    "/about/",
]


@pytest.mark.parametrize("role", ["treasury", "district", "admin", "auditor"])
def test_each_role_walks_every_page(visit, role):
    """The bureau does in the next test but one."""
    window = visit()
    window.sign_in(role)
    for path in PAGES:
        window.go(path)
        is_a_page(window)


def is_a_page(window) -> None:
    expect(window.page.locator("h1").first).to_be_visible()
    assert "都不作为结算依据" in window.page.content()


def test_a_section_draws_its_chart(visit):
    window = visit()
    window.sign_in("bureau")
    window.go("/sections/")
    window.page.locator("main table tbody a").first.click()
    expect(window.page.locator("[data-plotly-chart] svg.main-svg").first).to_be_visible()


def test_no_page_is_wider_than_a_phone_endless_or_breaks_a_rule_of_accessibility(visit, subtests):
    window = visit(width=390)
    window.sign_in("bureau")
    for path in (*PAGES, "/audit/", "/data/", "/data/upload/", "/funds/", "/ledger/reconcile/"):
        with subtests.test(path):
            window.page.set_viewport_size({"width": 390, "height": 900})
            window.go(path)
            is_a_page(window)
            assert window.overflow() == 0
            assert window.height() <= LONGEST
            window.page.set_viewport_size({"width": 1440, "height": 900})
            window.settle()
            found = Axe().run(window.page, options={"resultTypes": ["violations"]})
            assert [v["id"] for v in found.response["violations"]] == []


@pytest.mark.parametrize(
    ("role", "paths"),
    [
        (
            "treasury",
            ["/ledger/reconcile/", "/ledger/payments/new/", "/ledger/opening/"],
        ),
        ("admin", ["/notifications/mail/"]),
    ],
)
def test_nor_do_the_pages_of_one_office(visit, subtests, role, paths):
    window = visit(width=390)
    window.sign_in(role)
    for path in paths:
        with subtests.test(path):
            window.page.set_viewport_size({"width": 390, "height": 900})
            window.go(path)
            expect(window.page.locator("h1").first).to_be_visible()
            assert window.overflow() == 0
            window.page.set_viewport_size({"width": 1440, "height": 900})
            window.settle()
            found = Axe().run(window.page, options={"resultTypes": ["violations"]})
            assert [v["id"] for v in found.response["violations"]] == []


def test_from_the_year_to_the_steps_of_a_month_in_one_click(visit):
    window = visit()
    window.sign_in("bureau")
    window.go("/settlements/LONGXI/2023/")
    window.page.locator("main a", has_text=re.compile("8月|2023-08")).first.click()
    window.page.wait_for_url("**/settlements/LONGXI/2023/8/**")
    expect(window.page.locator("ol.calc > li").first).to_be_visible()


def test_a_month_is_chosen_in_the_address_and_kept(visit):
    window = visit()
    window.sign_in("bureau")
    window.go("/?month=2023-08")
    expect(window.page.locator("h1").first).to_contain_text("2023年8月")


def test_signing_out_ends_the_visit(visit):
    window = visit()
    window.sign_in_anew("bureau")
    window.page.get_by_role("button", name="退出").click()
    window.page.wait_for_url("**/sign-in/**")
    window.go("/ledger/")
    assert "/sign-in/" in window.page.url


def test_a_township_and_a_station_are_told_what_they_may_see(visit):
    for role in ("township", "station"):
        window = visit()
        window.sign_in_anew(role)
        expect(window.page.locator("h1").first).to_be_visible()
