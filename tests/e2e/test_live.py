"""An open page shows what arrives, without a reload, and takes nothing from under somebody's hands."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from playwright.sync_api import expect

from settlements.pipeline import recompute

pytestmark = pytest.mark.browser

ARRIVES = """
UPDATE monitoring_reading SET value = value + %s
WHERE section_id = (SELECT id FROM monitoring_section WHERE code = 'PUSHUN')
    AND indicator_id = (SELECT id FROM monitoring_indicator WHERE code = 'NH3-N')
    AND sampled_at >= (SELECT max(sampled_at) FROM monitoring_reading) - interval '30 days'
"""
# As coming back to the page's tab does; else it asks every ten seconds.
ASK = "document.dispatchEvent(new Event('visibilitychange'))"


def arrive(more: int) -> None:
    """Other values of the last weeks: in a thread, for the browser's has a loop running."""

    def run() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute(ARRIVES, [more])
                assert cursor.rowcount
            recompute()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(run).result(timeout=60)


def test_an_open_page_shows_another_class_by_itself_and_keeps_what_is_typed_and_opened(visit):
    window = visit()
    page = window.page
    window.sign_in("bureau")
    window.go("/sections/PUSHUN/")
    heading, first = page.locator("h1"), page.locator("h1").inner_text()
    page.locator("main details").first.evaluate("each => { each.open = true }")
    period = page.get_by_role("textbox", name="时段")
    arrive(9)
    try:
        period.fill("2024")
        with page.expect_response(lambda answer: answer.request.headers.get("x-seen")) as told:
            page.evaluate(ASK)
        assert told.value.status == 200
        expect(heading).to_have_text(first)
        expect(period).to_have_value("2024")

        period.fill("")
        period.blur()
        page.evaluate(ASK)
        expect(heading).not_to_have_text(first)
        expect(heading).to_contain_text("劣Ⅴ类")
        assert page.locator("main details").first.evaluate("each => each.open")
        assert page.locator(".just-changed").count() > 0
        expect(page.locator("p[role=status].visually-hidden")).to_contain_text("数据已更新")
        window.settle()
        assert window.overflow() == 0

        with page.expect_response(lambda answer: answer.request.headers.get("x-seen")) as told:
            page.evaluate(ASK)
        assert told.value.status == 204
    finally:
        arrive(-9)
