"""Entry in a browser: the warning before the session ends, and what was typed outlives it."""

import pytest
from django.conf import settings
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def begun(window) -> str:
    """A new draft's first step; its path."""
    window.sign_in_anew("admin")
    window.go("/agreements/new/")
    window.page.get_by_role("button", name="新建协议草稿").click()
    window.page.wait_for_url("**/parties/")
    return window.page.url


def test_the_session_is_warned_of_and_put_off_by_keyboard(visit):
    window = visit()
    window.page.clock.install()
    begun(window)
    bar = window.page.get_by_role("alert")
    expect(bar).to_have_count(0)  # hidden: nothing is said yet
    window.page.clock.fast_forward("28:01")
    expect(bar).to_contain_text("登录将在 2 分钟内超时")
    with window.page.expect_response("**/session/") as answer:
        window.page.get_by_role("button", name="继续填写").press("Enter")
    assert answer.value.status == 204
    expect(bar).to_have_count(0)
    window.page.clock.fast_forward("27:00")
    expect(bar).to_have_count(0)
    window.page.clock.fast_forward("03:10")
    expect(bar).to_contain_text("登录已超时")
    expect(window.page.get_by_role("link", name="重新登录")).to_be_visible()


def test_what_was_typed_is_back_after_signing_in_again(visit):
    window = visit()
    address = begun(window)
    window.page.get_by_label("协议名称").fill("超时前填的协议")
    window.page.get_by_label("编码").fill("OUT-2024")
    window.page.context.clear_cookies(
        name=settings.SESSION_COOKIE_NAME
    )  # as when the session has ended
    window.page.get_by_role("button", name="保存，下一步").last.click()
    window.page.wait_for_url("**/sign-in/**")
    window.wrong.clear()  # a refused POST may be said in the console
    window.page.fill("input[name=username]", "admin")
    window.page.fill("input[name=password]", settings.DEMO_PASSWORD)
    window.page.locator("form button[type=submit]").last.click()
    window.page.wait_for_url(address)
    expect(window.page.get_by_label("协议名称")).to_have_value("超时前填的协议")
    expect(window.page.get_by_label("编码")).to_have_value("OUT-2024")
    expect(window.page.locator(".messages")).to_contain_text("已放回登录前填写")
    window.answers = (422,)  # saved, and this says what the step still lacks
    window.page.get_by_role("button", name="保存草稿").click()
    window.page.wait_for_load_state()
    window.settle()
    window.go("/agreements/new/")  # arrived: nothing is kept any more
    assert (
        window.page.evaluate("Object.keys(sessionStorage).filter(k => k.startsWith('typed:'))")
        == []
    )


def test_another_person_in_the_same_tab_finds_nothing(visit):
    window = visit()
    address = begun(window)
    window.page.get_by_label("协议名称").fill("别人看不到")
    window.page.get_by_role("button", name="退出").click()
    window.page.wait_for_url("**/sign-in/**")
    window.sign_in_anew("admin2")
    window.page.goto(address)
    expect(window.page.get_by_label("协议名称")).to_have_value("")


def test_a_wrong_step_puts_the_focus_on_its_summary_and_its_link_on_the_field(visit):
    window = visit()
    begun(window)
    window.answers = (422,)
    window.page.get_by_role("button", name="保存，下一步").last.click()
    summary = window.page.locator(".error-summary")
    expect(summary).to_be_focused()
    summary.get_by_role("link").first.press("Enter")
    expect(window.page.get_by_label("协议名称")).to_be_focused()
