"""The documentation of every rule family, written from its own words and a worked example.

docs/rules/examples/<family>.facts.json and .parameters.json are written by hand; the pages
beside them are generated, and a test holds them to the families.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from settlements.rules import RULES, Family
from settlements.rules.facts import FACT_LABELS, Granularity
from settlements.rules.kinds import Spec, specs
from settlements.rules.parameters import describe
from settlements.trying.facts_by_hand import KEYS, PLAIN_KEYS
from settlements.trying.try_rule import RuleTrial, Tried, loads, try_rule

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "rules"
EXAMPLES = FOLDER / "examples"
INDEX = "index.md"

_KINDS = {
    "money": "金额（元，至多两位小数，或“100万元”）",
    "decimal": "数",
    "percent": "百分数（20 为 20 %）",
    "integer": "整数",
    "class": "水质类别",
    "choice": "选项",
    "boolean": "true / false",
    "mapping": "名称 → 数",
    "rows": "行的列表",
}
# Facts that ride along with others and have no label of their own.
_LABELS = FACT_LABELS | {"deciding": "定类指标", "complete": "数据是否完整"}


class NoExample(LookupError):
    """A family without a worked example; names the file to be written."""


@dataclass(frozen=True, slots=True)
class Example:
    """The texts of a family's example, as they stand in docs/rules/examples/."""

    facts: str
    parameters: str


def example(code: str) -> Example:
    """The worked example of a family. Raises NoExample."""
    texts = []
    for kind in ("facts", "parameters"):
        path = EXAMPLES / f"{code}.{kind}.json"
        if not path.is_file():
            raise NoExample(
                f"规则 {code} 没有示例：缺少 docs/rules/examples/{path.name}；请写一份再生成。"
            )
        texts.append(path.read_text(encoding="utf-8"))
    return Example(*texts)


def needs(family: Family[Any]) -> list[tuple[str, str, str]]:
    """What the family may ask for: key in the facts' JSON, label, form; in the order of KEYS."""
    asked = family.every_need
    return [
        (key.name, "、".join(_LABELS.get(f, key.label) for f in filled), key.form)
        for key in KEYS
        if key.name not in PLAIN_KEYS and (filled := [f for f in key.fills if f in asked])
    ]


def bounds(parameter: dict[str, Any]) -> str:
    """What a described parameter may be: kind, bounds, choices, and whether it may be null."""
    parts = [_KINDS[parameter["kind"]]]
    low, high = parameter["minimum"], parameter["maximum"]
    if low is not None and high is not None:
        parts.append(f"{low} 至 {high}")
    elif low is not None:
        parts.append(f"不小于 {low}")
    elif high is not None:
        parts.append(f"不大于 {high}")
    if parameter["choices"]:
        parts.append("、".join(f"{c['value']}（{c['label']}）" for c in parameter["choices"]))
    if parameter["optional"]:
        parts.append("可为 null")
    return "；".join(parts)


def default_words(spec: Spec, value: Any) -> str:
    """A default in words, as JSON would write it; a choice with its label."""
    if spec.choices and isinstance(value, str):
        return f"{value}（{spec.choices.get(value, value)}）"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def applies_words(known: Mapping[str, Spec], condition: dict[str, Any] | None) -> str:
    """ "只在 未达标核算方式 为 每级超标倍数 时起作用"; empty without a condition."""
    if condition is None:
        return ""
    spec = known[condition["name"]]
    values = "、".join(spec.choices.get(value, str(value)) for value in condition["values"])
    return f"只在“{spec.label}”为“{values}”时起作用。"


def pages() -> dict[str, str]:
    """Every generated page: file name → text. Raises NoExample; RefusedTrial for a bad one."""
    texts = {INDEX: _index()}
    for code, family in RULES.items():
        texts[f"{code}.md"] = _page(family)
    return texts


def outdated() -> list[str]:
    """What `write` would change: a line for each page that is missing, other, or superfluous."""
    wanted = pages()
    found = {path.name: path for path in FOLDER.glob("*.md")}
    lines = []
    for name, text in wanted.items():
        if name not in found:
            lines.append(f"docs/rules/{name}：缺少")
        elif found[name].read_text(encoding="utf-8") != text:
            lines.append(f"docs/rules/{name}：与规则模块不一致")
    lines += [f"docs/rules/{name}：没有这个规则" for name in sorted(found.keys() - wanted.keys())]
    return lines


def write() -> list[str]:
    """Write every page that is not current and take out those of no rule; the names changed."""
    wanted = pages()
    changed = []
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in wanted.items():
        path = FOLDER / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    for path in sorted(FOLDER.glob("*.md")):
        if path.name not in wanted:
            path.unlink()
            changed.append(path.name)
    return changed


def try_example(code: str) -> RuleTrial:
    """The family's example, computed."""
    given = example(code)
    return try_rule(family=code, facts=loads(given.facts), parameters=loads(given.parameters))


def _page(family: Family[Any]) -> str:
    code = family.code
    given, trial = example(code), try_example(code)
    yearly = trial.tried[0].facts.granularity is Granularity.YEAR
    lines = [
        _generated(),
        f"# {family.title} (`{code}`)",
        "",
        f"- In English: {family.title_en}",
        f"- Legal basis (依据): {family.legal_basis}",
        f"- Revision (修订): {family.revision}",
        f"- The example settles by the {'year (按年)' if yearly else 'month (按月)'}",
        "",
        "## What it does",
        "",
        family.about.strip(),
        "",
        "What it finds for one section and period:",
        "",
        *_quoted(family.evaluate.__doc__ or ""),
        "",
        "## Parameters (参数)",
        "",
        *_parameter_tables(family.parameters),
        "## Facts (事实)",
        "",
        "Beside `section`, `period`, the names of the parties, `share`, and `state` with its "
        "`reason`; what a case does not need may be left out. All keys: [index](index.md#facts).",
        "",
        *_table(
            ("Key", "含义", "写法"), ((f"`{k}`", label, form) for k, label, form in needs(family))
        ),
        "",
        "## Worked example (算例)",
        "",
        "```sh",
        f"python manage.py evaluate_rule {code} --facts docs/rules/examples/{code}.facts.json "
        f"--parameters docs/rules/examples/{code}.parameters.json --json",
        "```",
        "",
        f"Facts ([{code}.facts.json](examples/{code}.facts.json)):",
        "",
        *_code("json", given.facts),
        f"Parameters ([{code}.parameters.json](examples/{code}.parameters.json)); the rest take "
        "their defaults:",
        "",
        *_code("json", given.parameters),
    ]
    for tried in trial.tried:
        lines += _worked(tried)
    lines += ["### Net (各方合计)", ""]
    lines += _table(
        ("Party", "元"), ((name, f"{amount:,.2f}") for name, amount in trial.net.items())
    )
    lines += ["", "### Answer as JSON", ""]
    lines += _code("json", _laid_out(trial.to_json()))
    return "\n".join(lines).rstrip() + "\n"


def _worked(tried: Tried) -> Iterator[str]:
    facts, outcome = tried.facts, tried.outcome
    yield f"### {facts.section} {facts.period_label}：{outcome.state.label}"
    yield ""
    for number, step in enumerate(outcome.steps, 1):
        result = " ".join(part for part in (step.result, step.result_note) if part)
        yield f"{number}. **{step.title}** {step.text}" + (f" → {result}" if result else "")
        if step.formula:
            yield f"   - {step.formula}"
        if step.hint:
            yield f"   - 临界提示：{step.hint}"
        if step.clause:
            yield f"   - 依据：{step.clause}"
    yield ""


def _parameter_tables(parameters: type) -> Iterator[str]:
    known, described = specs(parameters), describe(parameters)
    yield from _table(
        ("Name", "参数", "单位", "可填", "说明"),
        (
            (
                f"`{p['name']}`",
                f"{p['label']} / {p['label_en']}",
                p["unit"].strip() or "-",
                bounds(p),
                f"{p['help']}{applies_words(known, p['applies_if'])} {p['help_en']}",
            )
            for p in described
        ),
    )
    yield ""
    for p in described:
        if p["columns"]:
            yield f"Columns of `{p['name']}` ({p['label']}):"
            yield ""
            yield from _table(
                ("Name", "列", "单位", "可填", "说明"),
                (
                    (
                        f"`{c['name']}`",
                        f"{c['label']} / {c['label_en']}",
                        c["unit"].strip() or "-",
                        bounds(c),
                        f"{c['help']} {c['help_en']}",
                    )
                    for c in p["columns"]
                ),
            )
            yield ""
    yield "Defaults (默认值), used at entry alone; a stored term holds every value:"
    yield ""
    yield from _table(
        ("Name", "自", "值", "出处"),
        (
            (f"`{p['name']}`", d["since"], default_words(known[p["name"]], d["value"]), d["source"])
            for p in described
            for d in p["defaults"] or [{"since": "-", "value": "必填", "source": "-"}]
        ),
    )
    yield ""


def _index() -> str:
    lines = [
        _generated(),
        "# Rule families (补偿规则)",
        "",
        "One module of `settlements/rules/` each. A rule is pure: facts and parameters in, month "
        "state, transfers and steps out; `manage.py evaluate_rule` tries one on facts by hand, "
        "without a database, and administrators have the same as a page, `/rules/`.",
        "",
        *_table(
            ("Family", "规则", "In English", "修订", "依据"),
            (
                (f"[`{code}`]({code}.md)", m.title, m.title_en, str(m.revision), m.legal_basis)
                for code, m in RULES.items()
            ),
        ),
        "",
        "## Facts",
        "",
        'One object, a list of objects, or `{"facts": [...], …}` whose other keys hold for every '
        "fact. One call may hold many sections and months; a section and period once. A class "
        "computed from concentrations follows GB 3838-2002 and 环办〔2011〕22号. `null` is as "
        "good as left out. A month written without class and concentrations takes those of the "
        "call's other months of its border where `missing_month` or `sampling` lets it. An unknown "
        "key, or one a rule needs and does not find, is named and refused.",
        "",
        *_table(
            ("Key", "Also", "含义", "写法"),
            (
                (f"`{k.name}`", "、".join(f"`{a}`" for a in k.also) or "-", k.label, k.form)
                for k in KEYS
            ),
        ),
        "",
        "## Parameters",
        "",
        "`{name: value}`, or with its source `{name: {value, source}}`; the stored form with "
        "`is_default` is taken as well. What is left out takes the default of `--on` (the first "
        "month's first day, or the first year's last); `--strict` names it instead. Money is "
        "yuan, as text or number of at most two decimals.",
        "",
        "## Answer",
        "",
        "| Key | What |",
        "|---|---|",
        "| `family`, `title`, `revision` | the rule that answered |",
        "| `outcomes` | one a fact, in their order: `section`, `period`, `state`, `state_label`, "
        "`transfers` (`payer` and `payee` as role or party code, `payer_name`, `payee_name`, "
        "`yuan` as text, `reason`), `steps`, `net` (name → yuan) |",
        "| `net` | name → yuan over all facts; positive receives, the sum is zero |",
        "| `parameters` | the complete stored form that was used |",
        "",
        "A `yearly_cap` is held over the periods of the call, section by section and year by "
        "year. Where something is wrong, the command prints one line for each fault on standard "
        "error and returns 1.",
        "",
    ]
    return "\n".join(lines)


def _generated() -> str:
    return "<!-- Written by `manage.py rule_docs` from settlements/rules/; change it there. -->\n"


def _quoted(docstring: str) -> list[str]:
    return ["> " + line.strip() if line.strip() else ">" for line in docstring.strip().splitlines()]


def _code(language: str, text: str) -> list[str]:
    return [f"```{language}", text.strip(), "```", ""]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    columns = list(head)
    return [
        "| " + " | ".join(columns) + " |",
        "|" + "---|" * len(columns),
        *("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows),
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _laid_out(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1)
