"""Docs that list something list all of it."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def test_every_setting_read_from_the_environment_is_documented():
    source = (ROOT / "config" / "settings.py").read_text("utf-8")
    read = set(re.findall(r'env(?:_choice|_list|_number)?\(\s*"([A-Z_]+)"', source))
    documented = set(
        re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "settings.md").read_text("utf-8"), re.M)
    )
    assert read >= {"VAR_DIR", "DATABASE_URL"}
    assert documented - read == {"PORT", "GATEWAY_PORT", "DEMO_SEED"}  # read by the demo command
    assert read - documented == set()


def test_no_lock_line_names_an_index():
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "--hash=sha256:" in lock
    assert "://" not in lock
    assert "index-url" not in lock


def test_every_folder_of_the_domain_apps_stands_in_the_architecture():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    folders = {
        f.name
        for app in ("settlements", "monitoring")
        for f in (ROOT / app).iterdir()
        if (f / "__init__.py").exists()
    } - {"models", "migrations", "management"}
    assert {"ledger", "screening"} <= folders
    assert {
        name for name in folders if f"`{name}/`" not in page and f"`{name}`" not in page
    } == set()


def test_every_target_of_make_and_every_test_that_contributing_names_is_there():
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert set(re.findall(r"\bmake ([a-z]+)\b", page)) <= targets
    named = re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", page)
    assert len(named) > 4
    for path, test in named:
        assert (ROOT / path).exists(), path
        assert f"def {test}" in (ROOT / path).read_text("utf-8"), test
