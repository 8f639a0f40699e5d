"""Plant each bug of this folder in a copy of the project and see whether its tests notice.

A patch's head says what is wrong, and which tests must fail: `Tests: tests/x.py::test_y …`. A bug
is caught when one of them fails in its own assertions; an error before or beside them (no such
test, a module that cannot be imported, an exception) says nothing about the test and is reported.

    python -m tests.planted.run            every bug
    python -m tests.planted.run 07 21      those whose names begin so
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VAR = Path(os.environ.get("VAR_DIR", ROOT / "var")) / "planted"
COPIES = 2  # a copy of the project and a database each
# What pytest's report of a failed assertion begins with; anything else is an error.
ASSERTIONS = ("assert ", "AssertionError", "Failed:")


@dataclass(frozen=True)
class Planted:
    """A bug: the patch that makes it, what it is in words, the tests that must notice."""

    path: Path
    words: str
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.stem

    @classmethod
    def read(cls, path: Path) -> Planted:
        head = re.split(r"^(?:diff |--- )", path.read_text(), maxsplit=1, flags=re.M)[0]
        words, _, tests = head.partition("Tests:")
        return cls(path, " ".join(words.split()), tuple(tests.split()))


@dataclass(frozen=True)
class Verdict:
    """`caught`, `lived`, or what kept it from being tried."""

    planted: Planted
    word: str
    detail: str = ""


def planted_bugs(folder: Path = HERE) -> list[Planted]:
    return [Planted.read(path) for path in sorted(folder.glob("*.patch"))]


def git(*arguments: str, where: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(("git", *arguments), cwd=where, capture_output=True, text=True)


def problem_of(planted: Planted, where: Path = ROOT) -> str:
    """Why the bug cannot be planted in the tree as it is, or ''."""
    if not planted.words:
        return "its head does not say what is wrong"
    if not planted.tests:
        return "its head names no tests"
    for test in planted.tests:
        file, _, name = test.partition("::")
        bare = name.partition("[")[0]
        if not bare or not (where / file).is_file():
            return f"there is no {test}"
        if not re.search(rf"^def {re.escape(bare)}\(", (where / file).read_text(), re.M):
            return f"there is no {test}"
    tried = git("apply", "--check", str(planted.path), where=where)
    return "" if tried.returncode == 0 else f"it no longer applies: {tried.stderr.strip()}"


# The copies ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Copy:
    """The tracked files as they stand now, with a database of their own that is kept."""

    number: int

    @property
    def tree(self) -> Path:
        return VAR / f"tree-{self.number}"

    @property
    def database(self) -> Path:
        return VAR / f"var-{self.number}"

    def fill(self) -> None:
        shutil.rmtree(self.tree, ignore_errors=True)
        listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout
        for name in filter(None, listed.split("\0")):
            source, target = ROOT / name, self.tree / name
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        (self.tree / ".venv").symlink_to(ROOT / ".venv", target_is_directory=True)
        # A tree of its own to git, so that `git apply` looks here and not into the project.
        git("init", "--quiet", where=self.tree)

    def test(self, tests: Iterable[str], *options: str, template: str = "") -> dict[str, str]:
        """How each failed test failed: 'assertion' or what else; {} where all passed. `template`
        names the tables it is tried on where they are not those of all."""
        report = self.database / "report.xml"
        report.unlink(missing_ok=True)
        ran = subprocess.run(
            (
                sys.executable, "-m", "pytest", *tests, "--quiet", *options,
                f"--junitxml={report}", "-p", "no:cacheprovider",
            ),
            cwd=self.tree,
            env={
                **os.environ,
                "TEST_VAR_DIR": str(self.database),
                "TEST_TEMPLATE": template or os.environ["TEST_TEMPLATE"],
            },
            capture_output=True,
            text=True,
        )  # fmt: skip
        if ran.returncode not in (0, 1) or not report.exists():
            return {"pytest": (ran.stdout + ran.stderr).strip()[-2000:]}
        return dict(failures(report))


def failures(report: Path) -> Iterable[tuple[str, str]]:
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        for failed in case:
            message = failed.get("message", "")
            if failed.tag == "failure":
                yield name, "assertion" if message.startswith(ASSERTIONS) else message
            elif failed.tag in ("error", "skipped"):
                yield name, f"{failed.tag}: {message}"


# The run ---------------------------------------------------------------------------------------


def template_of(planted: Planted) -> str:
    """Tables of its own for a bug in what makes them: a guard, a view, a migration; else ''."""
    touched = re.findall(r"^\+\+\+ b/(\S+)$", planted.path.read_text(), re.M)
    makes = any(name.endswith(".sql") or "/migrations/" in name for name in touched)
    return f"{os.environ['TEST_TEMPLATE']}_{planted.name[:2]}" if makes else ""


def plant(planted: Planted, copy: Copy) -> Verdict:
    """Planted, tested, taken out again."""
    if problem := problem_of(planted, copy.tree):
        return Verdict(planted, "broken", problem)
    git("apply", str(planted.path), where=copy.tree)
    try:
        failed = copy.test(planted.tests, "--exitfirst", template=template_of(planted))
    finally:
        undone = git("apply", "--reverse", str(planted.path), where=copy.tree)
    assert undone.returncode == 0, undone.stderr
    if not failed:
        return Verdict(planted, "lived")
    if others := {name: how for name, how in failed.items() if how != "assertion"}:
        return Verdict(planted, "broken", "; ".join(f"{n}: {how}" for n, how in others.items()))
    return Verdict(planted, "caught")


def run(bugs: list[Planted]) -> list[Verdict]:
    """Every bug on whichever copy is free; what must fail with a bug passes without one."""
    from config.embedded.postgres import use
    from tests import databases

    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled once a copy
    os.environ["EMBEDDED_POSTGRES_UNSAFE"] = "1"
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    # One for all, of this tree: what an earlier one made is not taken. See template_of.
    os.environ["TEST_TEMPLATE"] = databases.digest(*databases.EVERYTHING)
    copies = [Copy(number) for number in range(1, min(COPIES, len(bugs)) + 1)]
    with ExitStack() as servers, ThreadPoolExecutor(len(copies)) as pool:
        for copy in copies:
            copy.fill()
            copy.database.mkdir(parents=True, exist_ok=True)
            servers.enter_context(use(copy.database))
        named = sorted({test for bug in bugs for test in bug.tests})
        shares = [named[at :: len(copies)] for at in range(len(copies))]
        without = {
            name: how
            for found in pool.map(
                lambda copy, tests: copy.test(tests), copies, filter(None, shares)
            )
            for name, how in found.items()
        }
        if without:
            for name, how in without.items():
                print(f"fails without any bug: {name}: {how}")
            raise SystemExit(1)
        free: SimpleQueue[Copy] = SimpleQueue()
        for copy in copies:
            free.put(copy)

        def one(bug: Planted) -> Verdict:
            copy = free.get()
            try:
                verdict = plant(bug, copy)
            finally:
                free.put(copy)
            print(f"{verdict.word:7} {bug.name}  {bug.words}", flush=True)
            if verdict.detail:
                print(f"        {verdict.detail}", flush=True)
            return verdict

        return list(pool.map(one, bugs))


def main(wanted: list[str]) -> int:
    bugs = [b for b in planted_bugs() if not wanted or b.name.startswith(tuple(wanted))]
    if not bugs:
        print("no such bug")
        return 1
    began = time.monotonic()
    verdicts = run(bugs)
    words = [verdict.word for verdict in verdicts]
    counts = ", ".join(f"{words.count(word)} {word}" for word in ("caught", "lived", "broken"))
    print(f"{len(bugs)} planted: {counts} ({time.monotonic() - began:.0f} s)")
    return 0 if words.count("caught") == len(bugs) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
