"""`python -m tests.first_day.april_2021 FOLDER PICTURES`: five real days on the page, and what April lacks.

FOLDER holds a release of the national stations, 重庆市.csv of 1–5 April 2021, which is no part of the
project. An empty installation of Chongqing with one river takes it on the page `/data/`, says what
the month lacks, takes a made file of the same layout that fills the month, and publishes its notice.
PICTURES gets a screenshot of each step. What it does is what tests/first_day/test_journey.py does.
"""

import csv
import io
import re
import socket
import sys
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from playwright.sync_api import expect, sync_playwright

from tests.demo_process import Demo, wait_until
from tests.first_day.test_journey import CHROMIUM, Office, code_of, opened, people, published

MONTH, FIRST_MADE = date(2021, 4, 1), date(2021, 4, 6)
REAL = "重庆市.csv"
# 琼江 from 潼南区 to 铜梁区: the national station 中和 is the border; km as drawn in basins/data.
TABLES = {
    "districts": (
        "代码,名称,级别\n500000-T,重庆市财政（市级）,市级财政\n"
        "500152,潼南区,区县\n500151,铜梁区,区县\n"
    ),
    "rivers": (
        "河流代码,河流名称,汇入,流经行政区,起,止\n"
        "QIONGJIANG,琼江,,潼南区,40.9,74.6\nQIONGJIANG,,,铜梁区,74.6,87.2\n"
    ),
    "sections": (
        "断面编码,断面名称,河流,距源头,上游,下游,级别,目标类别,目标自,目标依据\n"
        "ZHONGHE,中和,琼江,74.6,潼南区,铜梁区,国控,Ⅲ类,2021-01-01,演示：目标为假设\n"
    ),
}  # fmt: skip
PEOPLE = """用户名,姓名,单位,角色,行政区
huanbao1,赵三,市生态环境局,市生态环境局,
huanbao2,孙六,市生态环境局,市生态环境局,
tongliang,钱四,铜梁区生态环境局,区县,铜梁区
"""


class Show:
    """Screenshots in the order they are taken, named after what they show."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number = folder, 0
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, one: Office, name: str) -> None:
        self.number += 1
        path = self.folder / f"{self.number:02d}-{name}.png"
        one.page.screenshot(path=path, full_page=True)
        print(path)


def made(real: str) -> str:
    """The rest of April at 中和, in the layout of the release: every four hours, near what was
    measured, but with more permanganate index than class III allows."""
    head, *rows = csv.reader(io.StringIO(real.removeprefix("\ufeff")))
    own = [row for row in rows if row[2] == "中和" and row[-1] == "正常"]
    at = {name.partition("(")[0]: column for column, name in enumerate(head)}
    random, out = Random(2021), io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    moment = datetime.combine(FIRST_MADE, datetime.min.time())
    while moment.date() < date(2021, 5, 1):
        row = list(random.choice(own))
        row[at["监测时间"]] = f"{moment:%m-%d %H:%M}"
        row[at["高锰酸盐指数"]] = f"{random.uniform(6.3, 7.1):.2f}"
        row[at["水质类别"]] = "*"
        writer.writerow(row)
        moment += timedelta(hours=4)
    return out.getvalue()


def agreed(one: Office, two: Office) -> None:
    one.go("/agreements/new/")
    one.click("新建协议草稿")
    one.page.get_by_label("协议名称").fill("琼江潼南铜梁段协议（演示）")
    one.page.get_by_label("编码").fill("QIONGJIANG-1")
    for at, name in enumerate(("潼南区", "铜梁区")):
        one.page.select_option(f"[name=parties-{at}-jurisdiction]", label=name)
    one.click("保存，下一步：河流与断面")
    one.page.select_option("[name=river]", label="琼江")
    one.click("选用这条河")
    one.click("保存，下一步：规则与参数")
    one.page.select_option("[name=rule]", "exceedance_steps")
    one.click("选用这条规则")
    one.click("保存，下一步：条款期与文件")
    one.page.fill("[name=from]", "2021-04-01")
    one.page.fill("[name=signed_on]", "2021-03-20")
    one.page.fill("[name=source]", "演示协议")
    one.click("保存，下一步：预览")
    one.page.locator("a.button-main", has_text="核对").click()
    draft = one.page.url.removeprefix(one.base)
    one.page.locator("button[value=submit]").click()
    two.go(draft)
    two.page.locator("button[value=activate]").click()
    expect(two.page.locator("main")).to_contain_text("QIONGJIANG-1")


def uploaded(bureau: Office, text: str, name: str, show: Show, *, create: bool = False) -> None:
    bureau.go("/data/upload/")
    bureau.sends(text, name)
    bureau.page.get_by_label("年份").fill("2021")
    if create:
        bureau.page.get_by_label("自动新建没有登记的断面").check()
    show(bureau, "上传")
    bureau.click("上传并试算")
    go_on = bureau.page.get_by_role("button", name=re.compile(r"^导入 [\d,]+ 行$"))
    expect(go_on).to_be_visible()
    show(bureau, "试算")
    go_on.click()
    expect(bureau.page.get_by_role("heading", name="已导入")).to_be_visible()
    show(bureau, "已导入")


def lacking(bureau: Office) -> str:
    """What the page says April lacks, once all that was uploaded is computed."""

    def is_computed() -> bool:
        bureau.go(f"/notices/missing/?month={MONTH:%Y-%m}")
        return "正在" not in bureau.page.inner_text("main")

    wait_until(is_computed)
    return bureau.page.inner_text("main")


def main(folder: Path, show: Show) -> None:
    real = (folder / REAL).read_text(encoding="utf-8-sig")
    with tempfile.TemporaryDirectory() as there, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        demo = Demo(Path(there) / "var", port)
        demo.start()
        try:
            assert wait_until(demo.is_ready), demo.said()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM)
                told(browser, f"http://127.0.0.1:{port}", code_of(demo), real, show)
        finally:
            for process in demo.processes():
                process.kill()
            assert demo.process is not None
            demo.process.wait()


def told(browser, base: str, code: str, real: str, show: Show) -> None:
    def office() -> Office:
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(60_000)
        return Office(page, base)

    one, two = office(), office()
    opened(one, code)
    one.signs_in("li.yi", "morgen-Nebel-2026")
    two.signs_in("wang.er", "abend-Wolken-2026")
    one.go("/start/place/")
    one.page.get_by_label("本市名称").fill("重庆市")
    one.page.get_by_label("所在省（直辖市）").select_option(label="重庆市")
    one.click("核对")
    one.click("设定本市")
    for kind, text in TABLES.items():
        one.imports(kind, text)
    codes = people(one, two, PEOPLE)
    offices = {name: office() for name in codes}
    for name, given in codes.items():
        offices[name].signs_in(name, given)
    agreed(one, two)
    bureau = offices["huanbao1"]
    uploaded(bureau, real, REAL, show, create=True)
    print(lacking(bureau))
    show(bureau, "四月还缺什么")
    uploaded(bureau, made(real), "重庆市-四月其余（生成）.csv", show)
    print(lacking(bureau))
    show(bureau, "补齐之后")
    print(published(bureau, offices["huanbao2"], MONTH)[:2000])
    show(offices["huanbao2"], "已发布")
    offices["tongliang"].go(f"/settlements/QIONGJIANG-1/{MONTH:%Y}/{MONTH.month}/")
    show(offices["tongliang"], "本月核算")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Show(Path(sys.argv[2])))
