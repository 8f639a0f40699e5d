"""Forms of the ledger: filters, payments, 对账, opening balances. Typed text in, values out."""

from contextlib import suppress
from typing import Any

from django import forms
from django.db.models import Q
from django.http import QueryDict

from basins.models import Jurisdiction
from dashboard.forms.fields import ReadField, choice, line
from dashboard.forms.filters import ALL, offer
from dashboard.forms.values import (
    plain,
    read_day,
    read_last_day,
    read_money,
    say_money,
    type_money,
)
from settlements.models import (
    AccountMonth,
    Agreement,
    Carryover,
    JournalEntry,
    Party,
    Payment,
    Settlement,
)
from settlements.models.payments import OVERPAID_SHARE

DATE = forms.DateInput(attrs={"type": "date"})


class JournalFilters(forms.Form):
    account = forms.ChoiceField(label="行政区", required=False)
    agreement = forms.ChoiceField(label="协议", required=False)
    year = forms.ChoiceField(label="记账年度", required=False)
    cause = forms.ChoiceField(
        label="事由", required=False, choices=[*ALL, *JournalEntry.Cause.choices]
    )
    entry = forms.CharField(label="凭证号", required=False, max_length=20)
    since = forms.DateField(label="记账日期起", required=False, widget=DATE)
    until = forms.DateField(label="止", required=False, widget=DATE)
    on = forms.DateField(label="余额截至", required=False, widget=DATE)
    basis = forms.ChoiceField(
        label="余额口径",
        required=False,
        choices=[
            (AccountMonth.Basis.EFFECTIVE, "按业务日期"),
            (AccountMonth.Basis.BOOKED, "按记账日期"),
        ],
    )

    def __init__(self, data, places, agreements, years):
        super().__init__(data)
        offer(self, "account", ((p.code, p.name) for p in places))
        offer(self, "agreement", agreements)
        offer(self, "year", ((str(y), f"{y}年") for y in years))


class ArrearsFilter(forms.Form):
    on = forms.DateField(label="截至", required=False, widget=DATE)


class HeadForm(forms.Form):
    head = forms.CharField(
        label="通报或结算单上的摘要值",
        required=False,
        max_length=100,
        help_text="至少前 12 位；空格与大小写不计。",
    )


def as_typed(given: QueryDict) -> QueryDict:
    """What a link fills the form with, its amount as one would type it: 120万元."""
    typed = given.copy()
    with suppress(ValueError):
        typed["yuan"] = type_money(read_money(str(given.get("yuan", ""))))
    return typed


class PaymentForm(forms.Form):
    """What was paid; `given()` are prepare_payment's arguments."""

    kind = choice("方式", Payment.Kind.choices)
    agreement = forms.ModelChoiceField(
        label="协议", queryset=Agreement.objects.none(), to_field_name="code", empty_label="请选择"
    )
    settlement = forms.ModelChoiceField(
        label="清缴年度",
        queryset=Settlement.objects.none(),
        required=False,
        empty_label="不指定年度",
        help_text="只列已关账的年度；指定后，金额不超过该年度尚未清缴的部分。",
    )
    payer = choice("付款方", [], required=False, help_text="市级拨付不必填：由市级财政付出。")
    payee = choice(
        "收款方", [], required=False, help_text="市级代收、上级扣缴不必填：由市级财政收入。"
    )
    other_agreement = forms.ModelChoiceField(
        label="抵扣的另一协议",
        queryset=Agreement.objects.none(),
        to_field_name="code",
        required=False,
        empty_label="不是协议间抵扣",
        help_text="只用于协议间抵扣：两份协议里方向相反的欠款相抵。",
    )
    yuan = ReadField(
        label="金额",
        reader=read_money,
        says=say_money,
        help_text="如 1,234,567.89 或 500万元；精确到分。",
    )
    voucher = line("付款凭证号", max_length=60, help_text="银行回单或拨款文件的编号。")
    paid_on = ReadField(label="付款日期", reader=read_day, help_text="如 2024-03-20。")
    overpayment = forms.BooleanField(
        label="超付：金额超过应付，多付部分留作付款方余额", required=False
    )
    overpayment_why = line(
        "超付理由",
        required=False,
        max_length=300,
        help_text=f"多付超过应付的 {OVERPAID_SHARE:.0%} 时必填，如预付哪一年的补偿、依据的文件。",
    )
    note = line("说明", required=False, max_length=300)

    def __init__(self, data=None) -> None:
        super().__init__(data, use_required_attribute=False)
        agreements = Agreement.objects.exclude(state=Agreement.State.DRAFT).order_by("code")
        for name in ("agreement", "other_agreement"):
            self.fields[name].queryset = agreements  # type: ignore[attr-defined]
        self.fields["settlement"].queryset = (  # type: ignore[attr-defined]
            Settlement.objects.filter(state=Settlement.State.CLOSED)
            .select_related("agreement")
            .order_by("-year", "agreement__code")
        )
        # Parties, and who took over what a party's account held (区划结转).
        places = Jurisdiction.objects.filter(
            Q(pk__in=Party.objects.values("jurisdiction"))
            | Q(pk__in=Carryover.objects.filter(state="approved").values("successor"))
        )
        self.parties = {
            place.code: place for place in places.defer("boundary").order_by("sort_key")
        }
        for name in ("payer", "payee"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "请选择"), *((c, j.name) for c, j in self.parties.items())]

    def clean_voucher(self) -> str:
        return plain(self.cleaned_data["voucher"])

    def given(self) -> dict[str, Any]:
        kept = dict(self.cleaned_data)
        for name in ("payer", "payee"):
            kept[name] = self.parties.get(kept[name])
        return kept


class SlipForm(forms.Form):
    slip = forms.FileField(
        label="银行回单",
        help_text="PDF、PNG 或 JPEG，至多 20 MB；附上后不能撤下。",
        error_messages={"required": "请选择回单文件。", "empty": "所选的是空文件；请重新选择。"},
    )

    def __init__(self, *args) -> None:
        super().__init__(*args, use_required_attribute=False)


class ReasonForm(forms.Form):
    why = line("理由", max_length=150)

    def __init__(self, data=None, label: str = "理由") -> None:
        super().__init__(data, use_required_attribute=False)
        self.fields["why"].label = label


class StatementForm(forms.Form):
    """The balance in the bureau's own books: an amount and which way it is owed."""

    as_of = ReadField(
        label="截止日期", reader=read_last_day, help_text="如 2024-12-31；只写年月的取月末。"
    )
    side = forms.ChoiceField(
        label="方向", choices=[("+", "应收（对方欠我们）"), ("-", "应付（我们欠对方）")]
    )
    yuan = ReadField(
        label="我方账面余额", reader=read_money, says=say_money, help_text="没有余额填 0。"
    )
    note = line("说明", required=False, max_length=300, help_text="与台账不符时必填。")

    def __init__(self, data=None) -> None:
        super().__init__(data, use_required_attribute=False)

    def clean_yuan(self):
        amount = self.cleaned_data["yuan"]
        if amount is not None and amount < 0:
            raise forms.ValidationError("请填正数，用“方向”说明应收还是应付。")
        return amount

    def amount(self):
        """With the ledger's sign: positive is owed to the jurisdiction."""
        sign = -1 if self.cleaned_data["side"] == "-" else 1
        return sign * self.cleaned_data["yuan"]


class OpeningForm(forms.Form):
    on = ReadField(
        label="期初日期",
        reader=read_last_day,
        required=False,
        help_text="余额截至这一天，如 2023-12-31；只写年月的取月末。表里各行写了的不必再填。",
    )
    file = forms.FileField(
        label="文件",
        help_text="CSV 或 XLSX，列：行政区代码、协议编码（都可写名称）、金额(元)、期初日期、备注；"
        "正数应收，合计为零。",
    )

    def __init__(self, data=None, files=None) -> None:
        super().__init__(data, files, use_required_attribute=False)
