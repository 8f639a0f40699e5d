"""The form of one term of a scenario: rule, parameters, dates, sections and shares.

The parameters are those of the agreement's entry form; what is changed here has no clause,
so its source says 情景设定.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from basins.ranges import last_day
from dashboard.agreements.entry.parameters import SAME_SOURCE, RuleForm, starting, typed_parameters
from dashboard.forms import values as typing
from dashboard.forms.fields import ReadField, choice, line
from settlements import rules
from settlements.scenarios.queries.scenarios import TermOffer
from settlements.scenarios.services.scenarios import LONGEST_NAME

SOURCE = "情景设定"
PART = ("section", "upstream", "downstream", "share")
BARE = {"inflow": None, "reference": None}  # of a section that is new to the term


class ScenarioTermForm(RuleForm):
    """`parts` are the sections of the term as the scenario keeps them, in order."""

    def __init__(
        self,
        typed: dict[str, str],
        *,
        rule: str,
        before: dict[str, Any],
        parts: list[Mapping[str, Any]],
        offered: TermOffer,
        checks: bool,
    ) -> None:
        # The sources are not asked for: unchanged values keep theirs.
        bare = {name: text for name, text in typed.items() if not name.endswith("-source")}
        super().__init__({**bare, SAME_SOURCE: SOURCE}, rule=rule, before=before, checks=checks)
        self.parts = parts
        self.fields["name"] = line("情景名称", max_length=LONGEST_NAME)
        self.fields["since"] = ReadField(
            label="起日", reader=typing.read_first_day, says=date.isoformat, max_length=40
        )
        self.fields["until"] = ReadField(
            label="止日",
            reader=typing.read_last_day,
            says=date.isoformat,
            required=False,
            max_length=40,
            help_text="最后一天，含；长期有效则留空。",
        )
        sections = [(str(pk), name) for pk, name in offered.sections]
        for number in self.row_numbers("part", least=max(1, len(parts))):
            start = f"part-{number}-"
            self.fields[f"{start}section"] = choice("断面", sections, required=False)
            self.fields[f"{start}upstream"] = choice("上游方", offered.places, required=False)
            self.fields[f"{start}downstream"] = choice("下游方", offered.places, required=False)
            self.fields[f"{start}share"] = ReadField(
                label="份额",
                reader=typing.read_share,
                says=typing.say_share,
                max_length=20,
                required=False,
            )

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        since, until = given.get("since"), given.get("until")
        if since and until and until < since:
            self.wrong("until", "止日早于起日；请改正其中一个。")
        self.kept_parts = self._parts()
        return given

    def _parts(self) -> list[dict[str, Any]]:
        """The rows that are filled in; a cleared row takes its section out of the term."""
        rows = []
        for number in self.rows["part"]:
            if self.is_blank_row("part", number):
                continue
            row = self.cells("part", number, PART)
            for name, word in (
                ("section", "断面"),
                ("upstream", "上游方"),
                ("downstream", "下游方"),
            ):
                if not row[name] and f"part-{number}-{name}" not in self.errors:
                    self.wrong(f"part-{number}-{name}", f"请选{word}；不要这个断面请把整行清空。")
            if row["upstream"] and row["upstream"] == row["downstream"]:
                self.wrong(f"part-{number}-downstream", "上游方和下游方不能相同；请改选一方。")
            stored = self.parts[number] if number < len(self.parts) else {}
            same = str(stored.get("section")) == row["section"]
            rows.append(
                {
                    **(stored if same else BARE),
                    "section": int(row["section"]) if row["section"] else None,
                    "upstream": row["upstream"],
                    "downstream": row["downstream"],
                    "share": str(row["share"] if row["share"] is not None else 1),
                }
            )
        if not rows:
            self.wrong("part-0-section", "至少要有一个断面；不要整个条款期请删除它。")
        return rows

    def changes(self) -> dict[str, Any]:
        """What `change_term` takes."""
        given = self.cleaned_data
        until = given["until"]
        return {
            "rule": self.rule,
            "parameters": self.stored,
            "since": given["since"].isoformat(),
            "until": typing.day_after(until).isoformat() if until else None,
            "sections": self.kept_parts,
        }

    def parts_group(self) -> dict[str, Any]:
        return self.group("part", PART)

    def dates(self) -> list[dict[str, Any]]:
        return [self.shown("since"), self.shown("until")]


def typed_term(name: str, term: Mapping[str, Any]) -> dict[str, str]:
    """A term of a scenario as one would have typed it."""
    until = term["until"]
    last = last_day(date.fromisoformat(until)) if until else None
    typed = {
        "name": name,
        "since": term["since"],
        "until": last.isoformat() if last else "",
        "rule": term["rule"],
        "rule-of": term["rule"],
        **typed_parameters(term["rule"], term["parameters"]),
    }
    typed["part-rows"] = str(len(term["sections"]))
    for number, part in enumerate(term["sections"]):
        typed[f"part-{number}-section"] = str(part["section"])
        typed[f"part-{number}-upstream"] = part["upstream"]
        typed[f"part-{number}-downstream"] = part["downstream"]
        typed[f"part-{number}-share"] = typing.say_share(Decimal(part["share"]))
    return typed


def before_of(term: Mapping[str, Any], rule: str, on: date) -> dict[str, Any]:
    """What the form begins with: the term's own parameters, or another rule's defaults."""
    if rule == term["rule"]:
        return dict(term["parameters"])
    return starting(rule, on)


def rule_choices() -> list[tuple[str, str]]:
    return [(code, family.title) for code, family in rules.RULES.items()]
