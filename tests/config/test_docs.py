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
    assert documented - read == {"PORT", "DEMO_SEED"}  # read by the demo command
    assert read - documented == set()


def test_no_lock_line_names_an_index():
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "--hash=sha256:" in lock
    assert "://" not in lock
    assert "index-url" not in lock
