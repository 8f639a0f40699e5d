"""`settlement`, as scripts call it."""

import json
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from settlements import pipeline


def output(capsys, *arguments) -> dict:
    call_command(*arguments)
    return json.loads(capsys.readouterr().out)


def test_settlement_gives_net_twelve_months_and_steps(border, capsys):
    border.assessed("2023-03", "II")
    border.assessed("2023-04", "IV")
    border.assessed("2023-05", "I")
    found = output(capsys, "settlement", "TEST", "2023", "--json")
    assert (found["agreement"], found["year"], found["state"]) == ("TEST", 2023, "open")
    assert found["net"] == {"上游区": "1000000.00", "下游区": "-1000000.00"}
    assert [m["month"] for m in found["months"]] == border.months("2023-01", "2023-12")
    april = found["months"][3]
    assert april["state"] == "not_met"
    (transfer,) = april["transfers"]
    assert transfer == {
        "section": "交界", "payer": "上游区", "payee": "下游区", "yuan": "1000000.00",
        "reason": transfer["reason"],
    }  # fmt: skip
    assert april["steps"][-1]["key"] == "result"
    assert {s["section"] for s in april["steps"]} == {"交界"}
    assert found["months"][0]["state"] == "no_data"
    assert found["yearly"] is None


def test_a_yearly_rule_stands_apart_and_in_the_net(border, capsys):
    border.agreement.terms.get(rule="baseline").delete()
    border.term("fixed_annual", date(2023, 1, 1), amount="3500000", from_year=2023, to_year=2030)
    pipeline.recompute()
    found = output(capsys, "settlement", "TEST", "2023", "--json")
    assert found["net"] == {"上游区": "3500000.00", "下游区": "-3500000.00"}
    assert [t["yuan"] for t in found["yearly"]["transfers"]] == ["3500000.00"]
    assert all(m["state"] is None and not m["transfers"] for m in found["months"])


def test_settlement_in_words_names_each_payment(border, capsys):
    border.assessed("2023-04", "IV")
    call_command("settlement", "TEST", "2023")
    assert "2023-04 未达标 上游区 → 下游区 100.00(交界)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "year", "message"),
    [("NOBODY", "2023", "现有协议:TEST"), ("TEST", "1999", "已有年度:2018、2019")],
)
def test_an_unknown_agreement_or_year_is_one_line_that_names_those_there_are(
    border, code, year, message
):
    pipeline.recompute()
    with pytest.raises(CommandError, match=message) as error:
        call_command("settlement", code, year, "--json")
    assert "\n" not in str(error.value)
