"""A laboratory's report in a browser: checked, changed, checked again; nothing is sent."""

import pytest
from playwright.sync_api import expect

from tests.e2e.looks import wrong_looks

pytestmark = pytest.mark.browser

TYPED = {
    "采样日期": "2026年1月15日", "采样时刻 （选填）": "10：30", "检测单位": "监测中心", "报告编号": "监字 1 号",
    "检测方法、依据": "HJ 535-2009", "氨氮": "２．６", "总磷": "＜0.01",
}  # fmt: skip


@pytest.mark.parametrize("width", [390, 1440])
def test_a_report_is_checked_and_changed_with_its_file_chosen_once(visit, width):
    window = visit(width=width)
    page = window.page
    window.sign_in("bureau")
    window.go("/data/samples/new/")
    page.get_by_label("断面").select_option("PUSHUN")
    for label, text in TYPED.items():
        page.get_by_label(label, exact=True).fill(text)
    page.set_input_files(
        "input[type=file]",
        {"name": "报告.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"},
    )
    page.get_by_role("button", name="核对").click()
    expect(page.get_by_role("heading", name="核对：")).to_be_visible()
    expect(page.get_by_text("未检出，检出限 0.01")).to_be_visible()
    window.settle()
    assert window.overflow() == 0
    assert wrong_looks(page) == []
    page.get_by_role("button", name="更改").click()
    expect(page.get_by_text("已附上“报告.pdf”")).to_be_visible()
    expect(page.get_by_label("氨氮", exact=True)).to_have_value("２．６")
    page.get_by_role("button", name="核对").click()
    expect(page.get_by_role("button", name="提交样品")).to_be_visible()
