"""Sample values for /patterns/, the page that shows every component once.

All of it is made up for show; nothing here comes from the database.
"""

from datetime import date
from decimal import Decimal

from django import forms
from django.core.paginator import Paginator

CLASSES = (1, 2, 3, 4, 5, 6, None)


class SampleFilters(forms.Form):
    river = forms.ChoiceField(
        label="河流", required=False, choices=[("", "全部"), ("longxi", "龙溪河")]
    )
    since = forms.CharField(label="起始月", required=False)
    overdue = forms.BooleanField(label="只看逾期", required=False)


class SampleForm(forms.Form):
    amount = forms.CharField(label="到账金额", help_text="可写 500万元、5,000,000 或 5000000。")
    received_on = forms.CharField(label="到账日期", help_text="例如 2026年3月18日。")
    note = forms.CharField(label="摘要", required=False, widget=forms.Textarea)


def sample_months() -> list[dict]:
    amounts = (100, 150, 0, 100, -150, -150, -50, 100, 0, 100, None, None)
    months = []
    for number, wan_yuan in enumerate(amounts, start=1):
        state, kind = ("已确认", "open")
        if number == 10:
            state, kind = ("待确认", "waiting")
        elif number > 10:
            state, kind = ("未开始", "none")
        months.append(
            {
                "label": f"{number}月",
                "yuan": None if wan_yuan is None else Decimal(wan_yuan) * 10000,
                "url": f"#month-{number}" if number <= 10 else None,
                "state": state,
                "kind": kind,
                "current": number == 10,
            }
        )
    return months


def sample_figure() -> dict:
    """A small Plotly figure: months against a concentration, with the limit of class III."""
    months = [f"2026-{n:02}" for n in range(1, 11)]
    means = [0.33, 0.29, 0.56, 0.41, 1.18, 1.07, 0.74, 0.28, 0.22, 0.31]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": "月均值",
                "x": months,
                "y": means,
                "line": {"color": "#08344f"},
            },
            {
                "type": "scatter",
                "mode": "lines",
                "name": "Ⅲ类限值 1.0",
                "x": months,
                "y": [1.0] * 10,
                "line": {"color": "#96450d", "dash": "dash"},
            },
        ],
        "layout": {
            "margin": {"l": 48, "r": 16, "t": 8, "b": 40},
            "xaxis": {"type": "category"},
            "yaxis": {"title": {"text": "mg/L"}, "rangemode": "tozero"},
            "legend": {"orientation": "h", "y": 1.12},
        },
    }


def sample_steps() -> list[dict]:
    return [
        {
            "title": "月均值与修约",
            "text": "先求日均值，再求有效日的算术平均；按 GB/T 8170 修约后比较。",
            "rounded": {"text": "总磷 5.936 ÷ 29 ＝ 0.20469 →", "result": "0.205", "unit": "mg/L"},
            "table": {
                "head": [
                    {"label": "指标（mg/L）"},
                    {"label": "日均值之和", "num": True},
                    {"label": "月均值", "num": True},
                    {"label": "Ⅲ类限值", "num": True},
                ],
                "rows": [
                    ["氨氮", "9.028", "0.31131", "≤ 1.0"],
                    ["总磷", "5.936", "0.20469", "≤ 0.2"],
                ],
                "total": [],
                "wide": True,
            },
            "result": "0.205",
            "result_note": "总磷月均值，mg/L",
        },
        {
            "title": "断面类别",
            "rounded": None,
            "text": "单因子评价法，取最差指标；水温、总氮不参评。",
            "hint": "总磷只高出限值 0.005 mg/L。若按两位小数修约为 0.20，则为Ⅲ类、双方互不补偿。",
            "water_class": 4,
            "result_note": "超Ⅲ类限值 0.025 倍",
        },
        {
            "title": "条款",
            "rounded": None,
            "clause": "断面水质未达到基准的，由上游补偿下游，每月 100 万元。",
            "clause_name": "第六条第（二）款",
            "clause_url": "#clause",
            "is_default": True,
            "result": "上游 → 下游",
            "result_note": "第六条（二）",
        },
        {
            "title": "结果",
            "rounded": None,
            "text": "梁平区补偿垫江县。对梁平区为应付，对垫江县为应收。",
            "result": "100.00",
            "result_note": "万元，梁平区 → 垫江县",
            "last": True,
        },
    ]


def examples() -> dict:
    """The context of patterns/patterns.html."""
    refused = SampleForm({"amount": "五百", "received_on": ""})
    refused.is_valid()
    refused.add_error("amount", "看不懂“五百”；请写数字，例如 500万元。")
    return {
        "water_classes": CLASSES,
        "amounts": [Decimal("2000000"), Decimal("-1234567.89"), Decimal("0"), None],
        "largest": Decimal("2000000"),
        "states": [
            {"label": "已确认", "kind": "open", "mark": ""},
            {"label": "待确认", "kind": "waiting", "mark": ""},
            {"label": "已结清", "kind": "final", "mark": ""},
            {"label": "未开始", "kind": "none", "mark": ""},
            {"label": "有效", "kind": "open", "mark": "✓"},
            {"label": "存疑", "kind": "waiting", "mark": "?"},
            {"label": "作废", "kind": "waiting", "mark": "×"},
            {"label": "未检出", "kind": "", "mark": "L"},
        ],
        "months": [date(2026, n, 1) for n in range(10, 0, -1)],
        "month": date(2026, 9, 1),
        "month_before": date(2026, 8, 1),
        "month_after": date(2026, 10, 1),
        "years": [2026, 2025, 2024],
        "crumbs": [("总览", "/"), ("组件", None)],
        "facts": [
            {"label": "状态", "text": "已发布 · 异议期", "state": "waiting"},
            {"label": "月通报", "text": "2026年第10号", "url": "#notice", "note": "11-10 发布"},
            {"label": "异议截止", "text": "2026-11-17（剩 3 个工作日）"},
            {"label": "数据截至", "text": "2026-11-09 18:00，已审核"},
        ],
        "key_figures": [
            {
                "label": "参评断面",
                "value": "23",
                "unit": "/ 23 个",
                "deltas": ["环比 0", "同比 0"],
                "extra": "数据完整率 98.7 %",
                "sparkline": [23, 23, 23],
            },
            {
                "label": "优良比例（Ⅰ–Ⅲ类）",
                "value": "91.3",
                "unit": "%",
                "deltas": ["环比 +4.3 百分点", "同比 +8.7 百分点"],
                "extra": "21/23 个；连续 3 个月 ≥ 85 %",
                "sparkline": [82.6, 91, 87, 83, 87, 91.3],
            },
            {"label": "本月类别", "water_class": 2, "extra": "目标Ⅲ类，优于 1 个类别"},
            {
                "label": "本月补偿额",
                "value": "1,100.00",
                "unit": "万元",
                "deltas": ["环比 +29.4 %"],
                "extra": "12 笔，20 个区县",
                "sparkline": [8, 9, None, 10, 8.5, 11],
            },
        ],
        "month_strip": sample_months(),
        "strip_largest": Decimal("1500000"),
        "timeline": [
            {"title": "月核算", "when": "2023-09-05", "note": "自动生成"},
            {"title": "月通报", "when": "2023-09-08", "note": "2023年第8号"},
            {"title": "提出异议", "when": "2023-09-14", "note": "质疑修约", "kind": "disputed"},
            {"title": "复核维持", "when": "2023-09-22", "note": "留样复测 0.21"},
            {"title": "年清缴", "when": "2024-02-02 前", "kind": "ahead"},
        ],
        "steps": sample_steps(),
        "heat": [
            ("氨氮", [("0.29", 2, False), ("0.56", 3, False), ("1.18", 4, True)]),
            ("总磷", [("0.081", 2, False), ("0.104", 3, False), ("0.188", 3, False)]),
            ("断面类别", [(None, 2, False), (None, 3, False), (None, None, False)]),
        ],
        "figure": sample_figure(),
        "page": Paginator(range(2202), 10).get_page(3),
        "filters": SampleFilters(),
        "form": SampleForm(),
        "refused": refused,
    }
