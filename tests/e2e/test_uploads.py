"""An upload in a browser: what runs is there again after a reload, and shows its end by itself."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from playwright.sync_api import expect

from jobs import services as jobs
from monitoring.models import ReadingUpload
from tests.written.workbooks import workbook

pytestmark = pytest.mark.browser

FILE = workbook(
    (
        "2026年1月",
        [["断面名称", "日期", "NH3浓度"], ["普顺", 5, 0.4], ["普顺", 31, "错"], ["普顺", 32, 0.4]],
    )
)


def run_trial() -> None:
    """As the worker would: the test has the site's database and its files. In a thread of its own,
    for the browser's has a loop running."""

    def run() -> str:
        try:
            trial = ReadingUpload.objects.values_list("trial", flat=True)[0]
            return jobs.run(trial).state
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(run).result(timeout=60) == "done"


def test_a_trial_lives_through_a_reload_and_asks_what_it_does_not_know(visit):
    window = visit(width=390)
    page = window.page
    window.sign_in("bureau")
    window.go("/data/upload/")
    page.set_input_files(
        "input[type=file]", {"name": "一月.xlsx", "mimeType": "application/zip", "buffer": FILE}
    )
    page.get_by_role("button", name="上传并试算").click()
    page.wait_for_url("**/data/uploads/*/")
    expect(page.locator("progress")).to_be_visible()
    page.reload()
    expect(page.locator("progress")).to_be_visible()
    run_trial()
    expect(page.get_by_role("heading", name="有 1 列要请你指明")).to_be_visible()
    page.get_by_label("NH3浓度").select_option("value:NH3-N")
    page.get_by_role("button", name="按此再试算").click()
    expect(page.locator("progress")).to_be_visible()
    run_trial()
    expect(page.get_by_role("heading", name="试算：3 行：入库 1，拒收 2")).to_be_visible()
    window.settle()
    assert window.overflow() == 0
    with page.expect_download() as sheet:
        page.get_by_role("link", name="下载出错表").click()
    assert sheet.value.suggested_filename == "一月-出错表.xlsx"
    page.get_by_role("button", name="放弃这份文件").click()
    expect(page.get_by_role("status")).to_contain_text("没有写入任何数据")
