"""`manage.py evaluate_rule FAMILY --facts FILE --parameters FILE`: a rule tried on given facts.

No database is needed. docs/rules/ shows what the JSON of facts and parameters looks like.
"""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from settlements.money import format_yuan
from settlements.rules import RULES, UnknownRule
from settlements.rules.base import Step
from settlements.trying.facts_by_hand import Fault
from settlements.trying.try_rule import (
    RefusedTrial,
    RuleTrial,
    Tried,
    UnreadableJson,
    loads,
    try_rule,
)

STANDARD_INPUT = "-"


class Command(BaseCommand):
    help = (
        "用手工给出的事实和参数试算一条规则，不用数据库；写法与示例见 docs/rules/。"
        f"规则：{'、'.join(f'{code}（{rule.title}）' for code, rule in RULES.items())}。"
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("family", metavar="FAMILY", help=f"规则代码，如 {next(iter(RULES))}")
        parser.add_argument(
            "--facts", required=True, metavar="FILE", help="事实的 JSON 文件；- 为标准输入"
        )
        parser.add_argument(
            "--parameters", metavar="FILE", help="参数的 JSON 文件；- 为标准输入；不给则全取默认值"
        )
        parser.add_argument(
            "--on", metavar="DATE", help="默认值取自哪一天；不给为最早的月的第一天（年的最后一天）"
        )
        parser.add_argument("--strict", action="store_true", help="参数须全部写出，不取默认值")
        parser.add_argument("--json", action="store_true", help="标准输出只有一个 JSON 对象")

    def handle(self, *args, family, facts, parameters, on, strict, **options):
        try:
            trial = try_rule(family=family, **_inputs(facts, parameters, on), strict=strict)
        except UnknownRule as unknown:
            self._refuse([str(unknown)])
        except RefusedTrial as refused:
            self._refuse([str(fault) for fault in refused.faults])
        if options["json"]:
            self.stdout.write(json.dumps(trial.to_json(), ensure_ascii=False))
        else:
            self.stdout.write("\n".join(in_words(trial)))

    def _refuse(self, lines: list[str]) -> None:
        for line in lines:
            self.stderr.write(line.replace("\n", " "))
        sys.exit(1)


def _inputs(facts: str, parameters: str | None, on: str | None) -> dict[str, Any]:
    """The call's data. Raises RefusedTrial naming every file that cannot be read."""
    faults: list[Fault] = []
    read: dict[str, Any] = {"parameters": {}, "on": None}
    if facts == parameters == STANDARD_INPUT:
        message = "与 --facts 都从标准输入读；请把其中一个写成文件。"
        raise RefusedTrial([Fault("", "--parameters", message)])
    for name, path in (("facts", facts), ("parameters", parameters)):
        if path is None:
            continue
        try:
            read[name] = loads(_text(path))
        except (OSError, UnicodeDecodeError, UnreadableJson) as wrong:
            faults.append(Fault("", f"--{name} {path}", _why(wrong)))
    if on is not None:
        try:
            read["on"] = date.fromisoformat(on)
        except ValueError:
            faults.append(Fault("", "--on", f"“{on}”不是日期；请写 2023-01-01 这样的日期。"))
    if faults:
        raise RefusedTrial(faults)
    return read


def _text(path: str) -> str:
    if path == STANDARD_INPUT:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    return Path(path).read_text(encoding="utf-8-sig")


def _why(wrong: OSError | UnicodeDecodeError | UnreadableJson) -> str:
    if isinstance(wrong, FileNotFoundError):
        return "没有这个文件；请核对路径。"
    if isinstance(wrong, IsADirectoryError):
        return "是一个文件夹；请给出其中的 JSON 文件。"
    if isinstance(wrong, PermissionError):
        return "没有读取权限；请换成可读的文件。"
    if isinstance(wrong, OSError):
        return f"无法读取（{wrong.strerror}）；请核对路径。"
    if isinstance(wrong, UnicodeDecodeError):
        return "不是 UTF-8 文字；请另存为 UTF-8 编码。"
    return str(wrong)


def in_words(trial: RuleTrial) -> list[str]:
    """The worked example of every fact, then the net of each party; a line for each statement."""
    lines = [f"{trial.family.title}（{trial.family.code}，修订 {trial.family.revision}）"]
    for tried in trial.tried:
        lines += ["", _heading(tried)]
        for number, step in enumerate(tried.outcome.steps, 1):
            lines += _step_lines(number, step)
    lines += ["", "各方合计（元；正为应收，负为应付）："]
    lines += [f"  {name} {format_yuan(amount)}" for name, amount in trial.net.items()]
    defaults = [name for name, entry in trial.parameters.items() if entry["is_default"]]
    if defaults:
        lines.append(f"取默认值的参数：{'、'.join(defaults)}")
    return lines


def _heading(tried: Tried) -> str:
    payments = "；".join(
        f"{tried.facts.name_of(t.payer)} → {tried.facts.name_of(t.payee)} {format_yuan(t.yuan)} 元"
        for t in tried.outcome.transfers
    )
    where = f"{tried.facts.section} {tried.facts.period_label}"
    return f"{where}：{tried.outcome.state.label}，{payments or '无人付款'}"


def _step_lines(number: int, step: Step) -> list[str]:
    result = " ".join(part for part in (step.result, step.result_note) if part)
    lines = [f"  {number}. {step.title}：{step.text}" + (f" 【{result}】" if result else "")]
    if step.formula:
        lines.append(f"     {step.formula}")
    if step.hint:
        lines.append(f"     临界提示：{step.hint}")
    if step.clause:
        lines.append(f"     依据：{step.clause}")
    return lines
