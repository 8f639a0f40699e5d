"""From an empty installation to a published month, through the pages alone: a made-up city of three
districts, two rivers and five sections, by six people; nothing of another city shows in it."""

import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from shutil import which
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.demo_process import Demo, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.worker]

CHROMIUM = which("chromium-headless-shell") or "/usr/bin/chromium"
DISTRICTS = """代码,名称,级别
510100-T,示例市财政,市级财政
510101,甲县,区县
510102,乙区,区县
510103,丙县,区县
"""
RIVERS = """河流代码,河流名称,汇入,流经行政区,起,止
NANHE,南河,,甲县,0,95
NANHE,,,乙区,95,210
BEIHE,北河,南河,丙县,0,80
BEIHE,,,乙区,80,124
"""
SECTIONS = """断面编码,断面名称,河流,距源头,经度,纬度,上游,下游,目标类别,目标自,目标依据
NH-1,南河源,南河,20,105.1,30.1,甲县,,Ⅲ类,2020-01-01,示例府办〔2019〕1号
NH-2,甲乙桥,南河,95,105.4,30.3,甲县,乙区,Ⅲ类,2020-01-01,示例府办〔2019〕1号
NH-3,南河口,南河,205,105.9,30.4,乙区,,Ⅲ类,2020-01-01,示例府办〔2019〕1号
BH-1,北河源,北河,10,105.2,30.8,丙县,,Ⅲ类,2020-01-01,示例府办〔2019〕1号
BH-2,丙乙桥,北河,80,105.6,30.6,丙县,乙区,Ⅲ类,2020-01-01,示例府办〔2019〕1号
"""
PEOPLE = """用户名,姓名,单位,角色,行政区
huanbao1,赵三,市生态环境局,市生态环境局,
huanbao2,孙六,市生态环境局,市生态环境局,
jia,钱四,甲县生态环境局,区县,甲县
"""
NAMES = ("南河源", "甲乙桥", "南河口", "北河源", "丙乙桥")
# Whose colours and names they are: the sources of a rule name the city whose scheme it was.
ELSEWHERE = ("重庆", "长江干流", "嘉陵江", "渝中")
# A default of a rule names the scheme it is taken from.
SOURCE = re.compile(r"重庆市(建立|实施方案|流域横向生态保护补偿|璧山区)[^\n，；]*")
HALF = re.compile(r"[A-Z2-9]{4}-[A-Z2-9]{4}")


def last_month() -> date:
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def readings(month: date) -> str:
    """The same month of two years; at the border the water is a class better in the second."""
    lines = ["断面名称,采样时间,pH,溶解氧(mg/L),高锰酸盐指数(mg/L),氨氮(mg/L),总磷(mg/L)"]
    for year in (month.year - 1, month.year):
        for name in NAMES:
            better = name == "甲乙桥" and year == month.year
            ammonia = "0.3" if better else "0.8"
            lines.append(f"{name},{year}-{month.month:02d}-05 09:00,7.5,8.2,2.1,{ammonia},0.05")
    return "\n".join(lines) + "\n"


@dataclass
class Office:
    """A person at a browser of their own."""

    page: Page
    base: str

    def go(self, path: str) -> None:
        answer = self.page.goto(self.base + path)
        assert answer is not None
        assert answer.status == 200, path

    def click(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def sends(self, text: str, name: str = "表.csv") -> None:
        file = {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
        self.page.set_input_files("input[type=file]", file)

    def signs_in(self, username: str, code: str) -> None:
        """For the first time: with what was handed over, then with a password of one's own."""
        self.go("/sign-in/")
        self.page.get_by_label("用户名").fill(username)
        self.page.get_by_label("密码").fill(code)
        self.click("登录")
        new = f"fuenf-Fische-im-Netz-{username[:3]}"
        given = {"old": code, "new": new, "again": new}
        for name, text in given.items():
            field = self.page.locator(f"input[name={name}]")
            if name != "old" or field.count():  # a one-time code is asked for once
                field.fill(text)
        self.page.locator("form.form button[type=submit]").click()
        expect(self.page.locator(".messages")).to_contain_text("密码")

    def imports(self, kind: str, text: str) -> None:
        self.go(f"/reference/{kind}/import/")
        self.sends(text)
        self.click("核对文件")
        if kind == "sections":
            self.pictured("import-check")
        self.page.locator("button[value=do]").click()

    def pictured(self, name: str) -> None:
        """For the help, where `make pictures` asks for it."""
        if folder := os.environ.get("PICTURES"):
            self.page.evaluate("scrollTo(0, 0)")
            self.page.screenshot(path=Path(folder) / f"{name}.jpg", type="jpeg", quality=60)

    def text(self) -> str:
        return self.page.inner_text("body")


@pytest.fixture
def demo(tmp_path) -> Iterator[Demo]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    demo = Demo(tmp_path / "var", port)
    demo.start()
    assert wait_until(demo.is_ready), demo.said()
    yield demo
    for process in demo.processes():
        process.kill()
    assert demo.process is not None
    demo.process.wait()


@pytest.fixture
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


def test_a_city_comes_from_nothing_to_a_published_month_through_the_pages_alone(demo, chromium):
    base = f"http://127.0.0.1:{demo.port}"

    def office() -> Office:
        page = chromium.new_context(viewport={"width": 1100, "height": 700}).new_page()
        page.set_default_timeout(60_000)
        return Office(page, base)

    one, two = office(), office()
    opened(one, code_of(demo))
    one.signs_in("li.yi", "morgen-Nebel-2026")
    two.signs_in("wang.er", "abend-Wolken-2026")
    place_and_tables(one)
    one.go("/start/")
    assert "下一步是人员" in one.text()
    codes = people(one, two)
    offices = {name: office() for name in codes}
    for name, code in codes.items():
        offices[name].signs_in(name, code)
    month = last_month()
    uploaded(offices["huanbao1"], readings(month))
    agreed(one, two, month)
    notice = published(offices["huanbao1"], offices["huanbao2"], month)
    assert "100.00" in notice  # 乙区 pays 甲县 for water that became better: 100 万元
    one.go("/start/")
    assert "已发布 1 期" in one.text()
    offices["jia"].go("/")
    assert "甲县" in offices["jia"].text()
    nothing_of_elsewhere(one, month)


def code_of(demo: Demo) -> str:
    found = re.search(r"opening code: (\S+)", demo.said())
    assert found is not None, demo.said()
    return found[1]


def opened(one: Office, code: str) -> None:
    one.go("/start/")
    one.page.get_by_label("开通码").fill(code)
    for at, (username, name, password) in enumerate(
        (("li.yi", "李一", "morgen-Nebel-2026"), ("wang.er", "王二", "abend-Wolken-2026"))
    ):
        for field, text in (("username", username), ("display_name", name), ("password", password)):
            one.page.fill(f"[name={field}-{at}]", text)
    one.pictured("opening")
    one.click("建立两名协议管理员")


def place_and_tables(one: Office) -> None:
    """The city, its tables; one district is typed, not imported."""
    one.go("/start/")
    one.page.get_by_role("link", name="设定本市").click()
    one.page.get_by_label("本市名称").fill("示例市")
    one.page.get_by_label("所在省（直辖市）").select_option(label="四川省")
    one.click("核对")
    one.click("设定本市")
    *most, last = DISTRICTS.splitlines(keepends=True)
    one.imports("districts", "".join(most))
    one.go("/reference/districts/new/")
    code, name, level = last.strip().split(",")
    one.page.fill("[name=code]", code)
    one.page.fill("[name=name]", name)
    one.page.select_option("[name=level]", label=level)
    one.click("核对")
    one.click("新增行政区")
    one.imports("rivers", RIVERS)
    one.imports("sections", SECTIONS)


def people(one: Office, two: Office, table: str = PEOPLE) -> dict[str, str]:
    """User name → one-time code: half of it seen by one administrator, half by the other."""
    one.imports("people", table)
    first = {
        row.locator("th").inner_text(): row.locator("td").nth(1).inner_text()
        for row in one.page.locator("tbody tr").all()
    }
    acts = [link.get_attribute("href") for link in one.page.locator("tbody a").all()]
    codes = {}
    for name, act in zip(first, acts, strict=True):
        two.go(str(act))
        two.page.locator("button[value=approve]").click()
        half = HALF.search(two.page.inner_text("main"))
        assert half is not None
        codes[name] = first[name] + half[0]
    return codes


def uploaded(bureau: Office, text: str) -> None:
    bureau.go("/data/upload/")
    bureau.sends(text, "监测数据.csv")
    bureau.click("上传并试算")
    go_on = bureau.page.get_by_role("button", name="导入 10 行")
    expect(go_on).to_be_visible()
    bureau.pictured("trial")
    go_on.click()
    expect(bureau.page.get_by_role("heading", name="已导入")).to_be_visible()


def agreed(one: Office, two: Office, month: date) -> None:
    """Entered by one administrator, let into force by the other."""
    one.go("/agreements/new/")
    one.click("新建协议草稿")
    one.page.get_by_label("协议名称").fill("南河甲乙段协议")
    one.page.get_by_label("编码").fill("NANHE-1")
    for at, name in enumerate(("甲县", "乙区")):
        one.page.select_option(f"[name=parties-{at}-jurisdiction]", label=name)
    one.click("保存，下一步：河流与断面")
    one.page.select_option("[name=river]", label="南河")
    one.click("选用这条河")
    one.click("保存，下一步：规则与参数")
    one.page.select_option("[name=rule]", "class_vs_last_year")
    one.click("选用这条规则")
    one.click("保存，下一步：条款期与文件")
    one.page.fill("[name=from]", f"{month:%Y-%m-%d}")
    one.page.fill("[name=signed_on]", f"{month - timedelta(days=9):%Y-%m-%d}")
    one.page.fill("[name=source]", "甲乙两地协议")
    one.click("保存，下一步：预览")
    one.page.locator("a.button-main", has_text="核对").click()
    draft = one.page.url.removeprefix(one.base)
    one.page.locator("button[value=submit]").click()
    two.go(draft)
    two.page.locator("button[value=activate]").click()
    expect(two.page.locator("main")).to_contain_text("NANHE-1")


def published(one: Office, two: Office, month: date) -> str:
    """Prepared by one of the bureau once nothing is missing, signed by the other; what it says."""

    def is_computed() -> bool:
        one.go(f"/notices/missing/?month={month:%Y-%m}")
        rows = one.page.locator("table[data-table=missing] tbody tr").all_inner_texts()
        return len(rows) == 1 and "通报还没有编制" in rows[0]

    computed = wait_until(is_computed)
    one.pictured("missing")
    assert computed, one.page.inner_text("table[data-table=missing]")
    one.go(f"/notices/prepare/?month={month:%Y-%m}")
    one.click(f"编制{month.year}年{month.month}月通报")
    expect(one.page.locator(".messages")).to_contain_text("编制")
    two.go("/notices/")
    two.page.locator("table a").first.click()
    two.page.get_by_role("link", name="核对并签发").click()
    two.click("签发月通报")
    expect(two.page.locator("main")).to_contain_text("已发布")
    two.pictured("notice")
    return two.text()


def nothing_of_elsewhere(one: Office, month: date) -> None:
    """Every place of the navigation, and what it leads to for this city."""
    links = [link.get_attribute("href") for link in one.page.locator(".main-nav a").all()]
    own = (
        "/basins/NANHE/", "/sections/NH-2/", "/districts/510101/", "/agreements/NANHE-1/",
        f"/settlements/NANHE-1/{month.year}/", f"/settlements/NANHE-1/{month:%Y/}{month.month}/",
        "/?layer=agreements", "/?layer=class", "/start/map/", "/reference/sections/item/NH-2/",
    )  # fmt: skip
    sources = ("/rules/", "/admin/", "/simulator/")  # rules name whose scheme they are
    walked = [path for path in (*links, *own) if path and not path.startswith(sources)]
    assert len(walked) > 20
    for path in walked:
        one.go(path)
        shown = SOURCE.sub("", one.page.inner_text("main"))
        found = [word for word in ELSEWHERE if word in shown]
        assert not found, f"{path}: {found}"
        assert "示例市" in one.page.inner_text("header")
