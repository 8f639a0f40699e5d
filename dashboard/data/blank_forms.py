"""Files to fill in, each with filled rows that an import would take as they stand."""

import csv
import io

import xlsxwriter

WIDE = [
    ["断面名称", "断面编码", "采样时间", "来源", "pH(无量纲)", "溶解氧(mg/L)", "高锰酸盐指数(mg/L)",
     "氨氮(mg/L)", "总磷(mg/L)", "备注"],
    ["示例断面", "", "2024-01-05 10:00", "手工", "7.8", "9.2", "1.6", "0.12", "0.04", ""],
    ["示例断面", "", "2024-01-19 10:30", "手工", "7.9", "8.9", "1.8", "0.025L", "--", "总磷缺测"],
]  # fmt: skip
LONG = [
    ["断面名称", "断面编码", "采样时间", "监测项目", "监测值", "单位", "来源", "备注"],
    ["示例断面", "", "2024-01-05 10:00", "氨氮", "0.12", "mg/L", "手工", ""],
    ["示例断面", "", "2024-01-05 10:00", "总磷", "0.04", "mg/L", "手工", ""],
    ["示例断面", "", "2024-01-05 10:00", "pH", "7.8", "无量纲", "手工", ""],
]
MONTH = [
    ["断面名称", "日期", "时间", "pH(无量纲)", "溶解氧(mg/L)", "氨氮(mg/L)", "总磷(mg/L)"],
    ["示例断面", "5", "10:00", "7.8", "9.2", "0.12", "0.04"],
    ["示例断面", "19", "10:30", "7.9", "8.9", "0.025L", "--"],
]
NOTES = [
    ["请删去示例行后填写；列的次序不限，没有的指标可以删去该列。"],
    ["未检出填 0.025L 或 <0.025；缺测填 --。"],
    ["单位写在列标题的括号里，系统不自动换算。"],
    ["断面名称和断面编码填一项即可；时间是北京时间。"],
    ["一月一张的表，工作表名写成 2024年1月，日期列只填日。"],
]
SHEETS = {
    "wide": [("监测数据", WIDE)],
    "long": [("监测数据", LONG)],
    "monthly": [("2024年1月", MONTH), ("2024年2月", MONTH)],
}
FORMATS = {"wide": ("csv", "xlsx"), "long": ("csv", "xlsx"), "monthly": ("xlsx",)}
WORDS = {"wide": "一行一个样品", "long": "一行一个数值", "monthly": "一月一张工作表"}


def blank_form(layout: str, format: str) -> bytes | None:
    """The file; None where there is none of that layout and format."""
    if format not in FORMATS.get(layout, ()):
        return None
    sheets = SHEETS[layout]
    if format == "csv":
        text = io.StringIO(newline="")
        csv.writer(text).writerows(sheets[0][1])
        return text.getvalue().encode("utf-8-sig")
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        for name, rows in (*sheets, ("填写说明", NOTES)):
            page = book.add_worksheet(name)
            page.set_column(0, 0, 60 if rows is NOTES else 18)
            page.set_column(1, 12, 16)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    page.write_string(at, column, cell)
    return out.getvalue()
