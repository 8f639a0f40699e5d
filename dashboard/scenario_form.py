"""The form of one term of a scenario: rule, parameters, dates, sections and shares.

The parameters are those of the agreement's entry form; what is changed here has no clause,
so its source says 情景设定.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from dashboard.entry import values as typing
from dashboard.entry.fields import ReadField, choice, line
from dashboard.entry.parameters import SAME_SOURCE, RuleForm, starting, typed_parameters
from settlements import rules
from settlements.queries.scenarios import TermOffer
from settlements.services.scenarios import LONGEST_NAME

SOURCE = "情景设定"


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
            label="起日", reader=typing.read_day, says=date.isoformat, max_length=40
        )
        self.fields["until"] = ReadField(
            label="止日",
            reader=typing.read_last_day,
            says=date.isoformat,
            required=False,
            max_length=40,
            help_text="最后一天，含；长期有效则留空。",
        )
        self.places = offered.places
        sections = [(str(pk), name) for pk, name in offered.sections]
        for number in range(len(parts)):
            self.fields[f"part-{number}-section"] = choice("断面", sections)
            self.fields[f"part-{number}-share"] = ReadField(
                label="份额", reader=typing.read_share, says=typing.say_share, max_length=20
            )

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        since, until = given.get("since"), given.get("until")
        if since and until and until < since:
            self.wrong("until", "止日早于起日；请改正其中一个。")
        return given

    def changes(self) -> dict[str, Any]:
        """What `change_term` takes."""
        given = self.cleaned_data
        until = given["until"]
        return {
            "rule": self.rule,
            "parameters": self.stored,
            "since": given["since"].isoformat(),
            "until": typing.day_after(until).isoformat() if until else None,
            "sections": [
                {
                    **part,
                    "section": int(given[f"part-{number}-section"]),
                    "share": str(given[f"part-{number}-share"]),
                }
                for number, part in enumerate(self.parts)
            ],
        }

    def part_fields(self) -> list[dict[str, Any]]:
        return [
            {
                "sides": f"{self.places[part['upstream']]} → {self.places[part['downstream']]}",
                "fields": [
                    self.shown(f"part-{number}-section"),
                    self.shown(f"part-{number}-share"),
                ],
            }
            for number, part in enumerate(self.parts)
        ]

    def dates(self) -> list[dict[str, Any]]:
        return [self.shown("since"), self.shown("until")]


def typed_term(name: str, term: Mapping[str, Any]) -> dict[str, str]:
    """A term of a scenario as one would have typed it."""
    until = term["until"]
    last = date.fromordinal(date.fromisoformat(until).toordinal() - 1) if until else None
    typed = {
        "name": name,
        "since": term["since"],
        "until": last.isoformat() if last else "",
        "rule": term["rule"],
        "rule-of": term["rule"],
        **typed_parameters(term["rule"], term["parameters"]),
    }
    for number, part in enumerate(term["sections"]):
        typed[f"part-{number}-section"] = str(part["section"])
        typed[f"part-{number}-share"] = typing.say_share(Decimal(part["share"]))
    return typed


def before_of(term: Mapping[str, Any], rule: str, on: date) -> dict[str, Any]:
    """What the form begins with: the term's own parameters, or another rule's defaults."""
    if rule == term["rule"]:
        return dict(term["parameters"])
    return starting(rule, on)


def rule_choices() -> list[tuple[str, str]]:
    return [(code, module.TITLE) for code, module in rules.RULES.items()]
