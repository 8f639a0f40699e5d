"""A code that results name stays: terms, accruals, notices, files and old links say it."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from basins.models import Jurisdiction, River
from monitoring.models import Section
from settlements.agreements.services.drafts import discard_draft, start_draft
from tests.drafting import content, fill, person
from tests.told_once import World, of_told, told_once
from tests.worlds import Border, People


def without_agreement() -> World:
    return {"world": Border.make(with_agreement=False), "people": People.make()}


told = told_once(without_agreement)
world, people = of_told("world"), of_told("people")


@pytest.fixture
def border(world) -> Border:
    world.sign()
    return world


def recode(model, pk, code):
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute(f"UPDATE {model._meta.db_table} SET code = %s WHERE id = %s", [code, pk])


def test_the_code_of_a_party_stays_and_its_name_may_change(border):
    with pytest.raises(IntegrityError, match=r"上游区的代码 500901 已写在.*另建新的行政区"):
        recode(Jurisdiction, border.upstream.pk, "500955")
    Jurisdiction.objects.filter(pk=border.upstream.pk).update(name="上游新区")
    border.upstream.refresh_from_db()
    assert (border.upstream.code, border.upstream.name) == ("500901", "上游新区")


def test_the_code_of_a_section_with_readings_or_terms_stays(border):
    with pytest.raises(IntegrityError, match="断面交界的编码 BORDER 已有监测数据或核算结果"):
        recode(Section, border.section.pk, "OTHER")
    border.section.refresh_from_db()
    assert border.section.code == "BORDER"


def test_the_code_of_a_river_with_an_agreement_stays(border):
    with pytest.raises(IntegrityError, match="测试河的代码 TESTHE 已写在协议里"):
        recode(River, border.river.pk, "OTHER")


def test_a_code_nothing_names_yet_may_be_put_right(border):
    recode(Jurisdiction, border.stranger.pk, "500955")
    border.stranger.refresh_from_db()
    assert border.stranger.code == "500955"


def test_readings_alone_keep_a_sections_code(world):
    recode(Section, world.section.pk, "FIRST")
    world.measured("2023-05", "II")
    with pytest.raises(IntegrityError, match="断面交界的编码 FIRST"):
        recode(Section, world.section.pk, "SECOND")


def test_a_draft_keeps_the_codes_it_names_until_it_is_discarded(world):
    by = person("录入")
    draft = fill(start_draft(by=by), content(world), by)
    for model, thing in (
        (Jurisdiction, world.upstream),
        (River, world.river),
        (Section, world.section),
    ):
        with pytest.raises(IntegrityError, match="不能修改"):
            recode(model, thing.pk, "NEW")
    discard_draft(draft=draft, by=by)
    recode(Jurisdiction, world.upstream.pk, "500955")


def test_the_reference_page_shows_a_code_and_takes_none(border, people, client):
    client.force_login(people.admin)
    page = reverse("admin:basins_jurisdiction_change", args=[border.stranger.pk])
    shown = client.get(page).content.decode()
    assert 'name="name"' in shown
    assert 'name="code"' not in shown
    assert 'name="code"' in client.get(reverse("admin:basins_jurisdiction_add")).content.decode()
