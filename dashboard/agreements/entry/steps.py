"""The forms of the other steps: parties, river and sections, term and documents."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms

from dashboard.agreements.entry.parameters import typed_parameters
from dashboard.forms import values as typing
from dashboard.forms.fields import ReadField, StepForm, choice, line
from settlements.agreements.queries.drafts import Offered
from settlements.agreements.services.entered import code_problems
from settlements.models import Party, Term
from settlements.rules.facts import number_text

CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,19}")
PARTY = ("jurisdiction", "role")
PART = ("section", "upstream", "downstream", "inflow", "reference", "share")
CLAUSE = ("key", "words")


def read_code(text: str) -> str:
    """Upper case, half width. Raises ValueError for what cannot be a code."""
    code = typing.plain(text).upper()
    if not CODE.fullmatch(code):
        raise ValueError(
            f"“{text}”不能作编码；请用 2 到 20 个大写字母、数字或连字符，如 NANHE-2026。"
        )
    return code


class PartiesForm(StepForm):
    """Title, code and the parties in order from upstream. An amendment keeps the first two."""

    def __init__(
        self, typed: dict[str, str], offered: Offered, *, amends: bool = False, checks: bool = True
    ) -> None:
        super().__init__(typed, checks=checks)
        self.amends = amends
        self.fields["title"] = line("协议名称", max_length=120, disabled=amends)
        self.fields["code"] = ReadField(
            label="编码",
            reader=str if amends else read_code,
            max_length=40,
            help_text="网址和凭证里的简称，如 NANHE-2026；启用后不再改。",
            disabled=amends,
        )
        if amends:
            self.fields["title"].initial = typed.get("title")
            self.fields["code"].initial = typed.get("code")
        for number in self.row_numbers("parties", least=2):
            self.fields[f"parties-{number}-jurisdiction"] = choice(
                "行政区", offered.jurisdictions, required=False
            )
            role = choice("身份", (), required=False)
            role.choices = Party.Role.choices  # the first unless another is chosen
            self.fields[f"parties-{number}-role"] = role

    def clean(self) -> dict[str, Any]:
        rows, seen = [], set()
        for number in self.rows["parties"]:
            row = self.cells("parties", number, PARTY)
            code = row["jurisdiction"]
            if not code:
                continue
            if code in seen:
                self.wrong(f"parties-{number}-jurisdiction", "这个行政区已在上面；请改选或清空。")
            seen.add(code)
            rows.append({"jurisdiction": code, "role": row["role"] or Party.Role.SIGNATORY.value})
        if len(seen) < 2 and not any(n.startswith("parties-") for n in self.errors):
            named = (self.cells("parties", n, PARTY)["jurisdiction"] for n in self.rows["parties"])
            blank = next((n for n, code in enumerate(named) if not code), 0)
            self.wrong(f"parties-{blank}-jurisdiction", "协议至少有两方；请再选一方。")
        code = self.cleaned_data.get("code")
        if code and not self.amends:
            for message in code_problems(code):
                self.wrong("code", message)
        self.parties = rows
        return self.cleaned_data

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {"title": given["title"], "code": given["code"], "parties": self.parties}

    def parties_group(self) -> dict[str, Any]:
        return self.group("parties", PARTY)


class RiverForm(StepForm):
    """The river, and each section with whose border it is and at what share."""

    def __init__(self, typed: dict[str, str], offered: Offered, *, checks: bool = True) -> None:
        super().__init__(typed, checks=checks)
        self.offered = offered
        self.fields["river"] = choice("河流", offered.rivers)
        for number in self.row_numbers("sections"):
            self._add(f"sections-{number}-")

    def _add(self, start: str) -> None:
        sections = [(s.code, s.label) for s in self.offered.sections]
        parties = self.offered.parties
        self.fields[f"{start}section"] = choice("断面", sections, required=False)
        self.fields[f"{start}upstream"] = choice("上游方", parties, required=False)
        self.fields[f"{start}downstream"] = choice("下游方", parties, required=False)
        self.fields[f"{start}inflow"] = choice("入境断面（选填）", sections, required=False)
        self.fields[f"{start}reference"] = choice(
            "对照断面（选填，下游自身的）", sections, required=False
        )
        self.fields[f"{start}share"] = ReadField(
            label="份额（如 50%）",
            required=False,
            reader=typing.read_share,
            says=typing.say_share,
            max_length=20,
        )

    def clean(self) -> dict[str, Any]:
        rows, seen = [], set()
        borders = {s.code: s for s in self.offered.sections}
        for number in self.rows["sections"]:
            start = f"sections-{number}-"
            if self.is_blank_row("sections", number):
                continue
            row = self.cells("sections", number, PART)
            for side, word in (
                ("section", "断面"),
                ("upstream", "上游方"),
                ("downstream", "下游方"),
            ):
                if not row[side] and start + side not in self.errors:
                    self.wrong(start + side, f"请选{word}；不用的行请清空。")
            if row["upstream"] and row["upstream"] == row["downstream"]:
                self.wrong(f"{start}downstream", "上游方和下游方不能相同；请改选一方。")
            if row["inflow"] and row["inflow"] == row["section"]:
                self.wrong(f"{start}inflow", "断面不能又作自己的入境断面；请改选或清空。")
            if row["reference"] and row["reference"] == row["section"]:
                self.wrong(f"{start}reference", "断面不能又作自己的对照断面；请改选或清空。")
            key = (row["section"], row["upstream"], row["downstream"])
            if all(key) and key in seen:
                self.wrong(f"{start}section", "这个断面对同一上下游已在上面一行；请删去一行。")
            seen.add(key)
            share = row["share"] if row["share"] is not None else Decimal(1)
            rows.append(
                {
                    "section": row["section"],
                    "upstream": row["upstream"],
                    "downstream": row["downstream"],
                    "inflow": row["inflow"] or None,
                    "reference": row["reference"] or None,
                    "share": number_text(share),
                }
            )
        if not rows and "river" not in self.errors:
            name = "sections-0-section" if borders else "river"
            self.wrong(
                name,
                "至少要有一个断面；请选一个。"
                if borders
                else "这条河还没有断面；请先在“基础资料 › 断面”里登记。",
            )
        self.sections = rows
        return self.cleaned_data

    def values(self) -> dict[str, Any]:
        return {"river": self.cleaned_data["river"], "sections": self.sections}

    def sections_group(self) -> dict[str, Any]:
        return self.group("sections", PART)


class TermForm(StepForm):
    """From when to when, on what paper, in whose words."""

    def __init__(self, typed: dict[str, str], *, checks: bool = True) -> None:
        super().__init__(typed, checks=checks)
        day: dict[str, Any] = {"says": lambda d: d.isoformat(), "max_length": 30}
        self.fields["from"] = ReadField(
            label="起日",
            reader=typing.read_first_day,
            help_text="如 2023-01-01、2023年1月、2023.1；起日以来各月都要有数据并逐月发布。",
            **day,
        )
        self.fields["last"] = ReadField(
            label="止日",
            required=False,
            reader=typing.read_last_day,
            help_text="最后一天，含；只写年月的取月末。长期有效则留空。",
            **day,
        )
        self.fields["signed_on"] = ReadField(
            label="签署日期", required=False, reader=typing.read_day, **day
        )
        self.fields["source"] = line(
            "来源", max_length=300, help_text="协议文本的名称和文号，如“市财环〔2023〕1号”。"
        )
        self.fields["silence"] = choice(
            "催办后逾期不表态的",
            Term.Silence.choices,
            required=False,
            initial=Term.Silence.DECIDE,
            help_text="年度数据或金额到期未签认、催办后仍不表态的一方；不选为由市局决定。",
        )
        self.fields["documents"] = forms.FileField(label="协议文件", required=False)
        for number in self.row_numbers("clauses"):
            self.fields[f"clauses-{number}-key"] = line("条款号", required=False, max_length=60)
            self.fields[f"clauses-{number}-words"] = line("原文", required=False, max_length=1000)

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("from"), self.cleaned_data.get("last")
        if first and last and last < first:
            self.wrong("last", f"止日 {last} 早于起日 {first}；请改其一。")
        rows, seen = [], set()
        for number in self.rows["clauses"]:
            row = self.cells("clauses", number, CLAUSE)
            if not row["key"] and not row["words"]:
                continue
            for column in CLAUSE:
                if not row[column]:
                    self.wrong(f"clauses-{number}-{column}", "条款号和原文都要填；不用的行请清空。")
            if row["key"] and row["key"] in seen:
                self.wrong(f"clauses-{number}-key", "这一条款号已在上面；请合并。")
            seen.add(row["key"])
            rows.append({"key": row["key"], "words": row["words"]})
        self.clauses = rows
        return self.cleaned_data

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        last, signed = given["last"], given["signed_on"]
        return {
            "from": given["from"].isoformat(),
            "until": typing.day_after(last).isoformat() if last else None,
            "signed_on": signed.isoformat() if signed else None,
            "source": given["source"],
            "silence": given["silence"] or Term.Silence.DECIDE.value,
            "clauses": self.clauses,
        }

    def clauses_group(self) -> dict[str, Any]:
        return self.group("clauses", CLAUSE)

    def day_fields(self) -> list[dict[str, Any]]:
        return [self.shown(name) for name in ("from", "last", "signed_on", "source", "silence")]


class AmendForm(StepForm):
    """What is to be done (amend a strand, open one, end one or all), from which day, and why."""

    AMEND, OPEN, END = "amend", "open", "end"
    NAME = re.compile(r"[^\s:：/]{1,20}")

    def __init__(
        self, typed: dict[str, str], strands: list[tuple[str, str]], *, checks=True
    ) -> None:
        super().__init__(typed, checks=checks)
        several = len(strands) > 1
        what = [
            (f"{self.AMEND}:{code}", f"修订{'线索“' + label + '”' if several else '条款'}")
            for code, label in strands
        ]
        what.append((f"{self.OPEN}:", "另开一条线索，与现有的并行"))
        if several:
            what += [(f"{self.END}:{code}", f"终止线索“{label}”") for code, label in strands]
        what.append((f"{self.END}:", "终止整份协议"))
        self.strands = [code for code, _ in strands]
        self.fields["what"] = choice("要做什么", what)
        self.fields["name"] = line(
            "新线索的名称",
            required=False,
            max_length=20,
            help_text="只在另开线索时填，如“固定年补偿”；20 字以内。",
        )
        self.fields["from"] = ReadField(
            label="起日",
            reader=typing.read_first_day,
            says=lambda d: d.isoformat(),
            max_length=30,
            help_text="新条款自这一天起，或自这一天起不再有条款；须为某月 1 日，如 2024年1月。",
        )
        self.fields["reason"] = line(
            "原因", max_length=300, help_text="一两句话，如“补充协议提高了补偿标准”；记入变更记录。"
        )
        self.fields["source"] = line(
            "终止的依据", required=False, max_length=300, help_text="只在终止时填：文件名称和文号。"
        )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        self.kind, _, self.strand = given.get("what", "").partition(":")
        if self.kind == self.OPEN:
            self.strand = given.get("name", "")
            if not self.NAME.fullmatch(self.strand):
                self.wrong("name", "请给新线索起个名称，20 字以内，不含空格和冒号。")
            elif self.strand in self.strands:
                self.wrong("name", f"已有线索“{self.strand}”；请换一个名称，或改选修订它。")
        if self.kind == self.END and not given.get("source"):
            self.wrong("source", "请写明终止的依据。")
        return given


def typed_of(step: str, values: dict[str, Any]) -> dict[str, str]:
    """A step's values as one would have typed them, normalised."""
    if step == "rule":
        return {"rule": values["rule"], **typed_parameters(values["rule"], values["parameters"])}
    if step == "parties":
        typed = {"title": values["title"], "code": values["code"]}
        return typed | _typed_rows("parties", values["parties"])
    if step == "river":
        rows = [
            {**row, "share": typing.say_share(Decimal(row["share"]))} for row in values["sections"]
        ]
        return {"river": values["river"], **_typed_rows("sections", rows)}
    until = values["until"]
    last = (date.fromisoformat(until) - timedelta(days=1)).isoformat() if until else ""
    return {
        "from": values["from"],
        "last": last,
        "signed_on": values["signed_on"] or "",
        "source": values["source"],
        "silence": values.get("silence") or Term.Silence.DECIDE.value,
        **_typed_rows("clauses", values["clauses"]),
    }


def _typed_rows(group: str, rows: list[dict[str, Any]]) -> dict[str, str]:
    typed = {f"{group}-rows": str(len(rows))}
    for number, row in enumerate(rows):
        typed |= {f"{group}-{number}-{column}": cell or "" for column, cell in row.items()}
    return typed
