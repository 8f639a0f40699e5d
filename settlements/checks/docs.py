"""docs/checks.md from the registry."""

from pathlib import Path

from django.conf import settings

from settlements.checks.registry import CHECKS

PAGE = Path(settings.BASE_DIR) / "docs" / "checks.md"
HEAD = """# The named checks

    manage.py check_books [--json]

counts the promises of the books below again, straight from the tables, and says of each whether it holds and
what breaks it. Its exit code is 1 if any fails. With `--json` the output is one object:
`{"checks": [{"name": …, "ok": true, "found": []}, …]}`, in the order below. `found` names the entry, the
agreement and month, the payment or the thing; after twenty the rest is counted. Bureau, treasury and auditor
run the same as a job on `/ledger/checks/`, which keeps the last result. Stored content that cannot be read
(a term's parameters, an accrual's inputs, a notice) is a finding that names the row; the others go on.

The checks read what was committed at one moment (a transaction REPEATABLE READ, READ ONLY) and lock nothing:
what is recomputed, decided or booked meanwhile goes on and is not seen. Months that wait for their
recomputation are left out of `mean_recomputes`. The last two read kept files and papers afterwards. Names are
stable; `tests/settlements/checks/` breaks each check alone.

| name | check | what holds |
|---|---|---|
"""
TAIL = """
What is broken past one guard often shows in several checks: an amount changed in a posting breaks the sum of
the entry, the trial balance, the month net and the hash. Each names what it finds.

- `terms_and_targets_fit`: a hole between two terms of a strand is explained by a clause of the later one under
  the key `gap`; one between two targets of a section by there being no mean in it.
- `notice_figures_hold`: a concentration that differs from today's is not counted where readings of the
  section's month came or were corrected after the notice was prepared.
- `statements_agree_or_noted`: what was booked in the very moment of a statement is not compared.

This page is written by `manage.py check_books --docs`; a test holds it to the registry.
"""


def page() -> str:
    return HEAD + "".join(f"| `{c.name}` | {c.title} | {c.sentence} |\n" for c in CHECKS) + TAIL
