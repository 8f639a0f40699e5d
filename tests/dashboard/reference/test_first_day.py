"""The first day: the opening with its code, the steps, the city's name, the map of a file."""

import json
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from basins.city import home, prefix_of, set_city
from basins.models import City, Jurisdiction, PersonAct, River, Role, User
from basins.opening_code import opening_code
from basins.reference.kind import Asked
from basins.reference.planning import carry_out
from basins.reference.reading import read_file
from basins.reference.workbook import as_csv
from basins.refusals import Refused
from basins.services.map_file import MOST_POINTS, cut, read_map
from dashboard.map.geometry import geometry
from monitoring.models import Section
from settlements.reference.kinds import KINDS
from settlements.work.queries.first_day import StepState, first_day
from tests.worlds import People
from written.text import FileError

PASSWORDS = ("morgen-Nebel-2026", "abend-Wolken-2026")


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path


def opened(code, **other):
    given = {"code": code}
    for at, name in enumerate(("eins", "zwei")):
        given |= {
            f"username-{at}": name, f"display_name-{at}": f"管理员{at}",
            f"unit-{at}": "市协议办", f"password-{at}": PASSWORDS[at],
        }  # fmt: skip
    return Client().post("/start/", given | other)


def with_examples(*kinds):
    for kind in kinds:
        rows = read_file(KINDS[kind], as_csv(KINDS[kind], KINDS[kind].examples).encode()).rows
        carry_out(KINDS[kind], rows, Asked(None, date(2026, 1, 1)))


def states():
    return {step.code: step.state for step in first_day()}


# The opening --------------------------------------------------------------------------------


def test_with_the_code_both_administrators_are_made_and_the_code_is_gone(db, tmp_path):
    answer = opened(opening_code())
    assert answer["Location"] == "/sign-in/?next=/start/"
    assert [(r.user.username, r.role) for r in Role.objects.order_by("pk")] == [
        ("eins", "admin"), ("zwei", "admin"),
    ]  # fmt: skip
    assert all(u.must_change_password for u in User.objects.all())
    assert PersonAct.objects.filter(on_machine=True, why="以开通码建立").count() == 2
    assert not (tmp_path / "opening-code").exists()
    assert Client().get("/start/")["Location"] == "/sign-in/?next=/start/"


@pytest.mark.parametrize("code", ["AAAA-AAAA-AAAA-AAAA", " ", "0"])
def test_without_the_code_nobody_is_made(db, code):
    opening_code()
    answer = opened(code)
    assert answer.status_code == 422
    assert not User.objects.exists()


def test_a_code_is_good_only_where_one_was_made(db):
    assert opened("").status_code == 422
    assert opened("AAAA-AAAA-AAAA-AAAA").status_code == 422
    assert not User.objects.exists()


def test_the_code_is_typed_as_people_type_it_and_read_by_its_owner_alone(db, tmp_path):
    code = opening_code()
    assert (tmp_path / "opening-code").stat().st_mode & 0o777 == 0o600
    assert opened(f" {code.lower().replace('-', ' ')} ").status_code == 302


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"username-1": "EINS"}, "须是两个不同的用户名"),
        ({"username-0": "a b"}, "用户名"),
        ({"password-1": "kurz"}, "密码"),
        ({"display_name-0": ""}, "请填写姓名。"),
    ],
)
def test_one_wrong_field_makes_neither(db, other, words):
    answer = opened(opening_code(), **other)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not User.objects.exists()


def test_the_command_tells_the_code_only_while_it_is_needed(db, capsys):
    call_command("opening_code")
    assert capsys.readouterr().out.strip() == opening_code()
    opened(opening_code())
    with pytest.raises(CommandError, match="不再需要开通码"):
        call_command("opening_code")


def test_the_sign_in_names_only_people_who_are_there(db):
    page = Client().get("/sign-in/").content.decode()
    assert "演示账号" not in page
    assert 'href="/start/"' in page


# The steps ------------------------------------------------------------------------------------


def test_an_empty_installation_has_everything_before_it(db):
    """But the calendar, of which some years come with it."""
    found = states()
    del found["calendar"]
    assert [code for code, state in found.items() if state is StepState.OPEN] == [
        "administrators", "place", "districts", "rivers", "sections", "people", "history",
        "agreement", "month",
    ]  # fmt: skip


def test_each_table_filled_in_is_a_step_done(db):
    with_examples("districts", "rivers", "sections")
    found = {step.code: step for step in first_day()}
    assert found["districts"].state is StepState.DONE
    assert found["districts"].has == "区县 3 个，乡镇 1 个，市级财政 1 个"
    assert found["rivers"].state is StepState.DONE
    assert found["sections"].state is StepState.DONE
    Section.objects.get(code="NH-02").targets.all().delete()
    found = {step.code: step for step in first_day()}
    assert found["sections"].lacks == "1 个交界断面今天没有目标。"
    assert found["sections"].state is StepState.BEGUN


def test_a_river_without_reaches_and_a_lonely_office_are_said(db):
    River.objects.create(code="X", name="东河")
    People.make()
    found = {step.code: step for step in first_day()}
    assert found["rivers"].lacks == "1 条没有写流经的行政区。"
    assert "角色" not in found["people"].lacks or "只有" in found["people"].lacks


def test_the_page_leads_to_the_next_step(db):
    people = People.make()
    client = Client()
    client.force_login(people.admin)
    page = client.get("/start/").content.decode()
    assert "开始使用：下一步是" in page
    assert 'href="/reference/districts/import/"' in page
    client.force_login(people.bureau)
    page = client.get("/start/").content.decode()
    assert 'href="/reference/districts/import/"' not in page


# Which city -----------------------------------------------------------------------------------


def test_the_city_that_was_set_stands_in_the_masthead_and_is_the_home_of_its_sections(db):
    people = People.make()
    client = Client()
    client.force_login(people.admin)
    sichuan = Jurisdiction.objects.get(code="510000")
    given = {"name": "示例市", "province": str(sichuan.pk)}
    checked = client.post("/start/place/", given | {"action": "check"})
    assert "示例市" in checked.content.decode()
    assert not City.objects.exists()
    client.post("/start/place/", given | {"action": "do"})
    assert "<small>示例市</small>" in client.get("/about/").content.decode()
    with_examples("districts")
    assert Jurisdiction.objects.get(code="990101").parent == sichuan
    rows = read_file(KINDS["sections"], "断面编码,断面名称\nX-1,新桥\n".encode()).rows
    carry_out(KINDS["sections"], rows, Asked(None, date(2026, 1, 1)))
    assert Section.objects.get(code="X-1").province == sichuan


@pytest.mark.parametrize(
    ("code", "digits"),
    [("500000", "50"), ("510100-T", "5101"), ("990100", "9901"), ("510000", "51")],
)
def test_the_places_of_a_city_are_told_by_the_digits_they_share(code, digits):
    assert prefix_of(code) == digits


def test_what_is_no_city_is_refused(db):
    people = People.make()
    sichuan = Jurisdiction.objects.get(code="510000")
    with pytest.raises(Refused, match="请填写本市的名称"):
        set_city(name=" ", province=sichuan, by=people.admin)
    set_city(name=" 示例 市", province=sichuan, by=people.admin)
    assert home().name == "示例 市"


# The map ----------------------------------------------------------------------------------------


def feature(kind, coordinates, **properties):
    return {"type": "Feature", "properties": properties,
            "geometry": {"type": kind, "coordinates": coordinates}}  # fmt: skip


def geojson(*features):
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


SQUARE = [[[106.0, 29.0], [106.5, 29.0], [106.5, 29.5], [106.0, 29.5], [106.0, 29.0]]]
LINE = [[106.0, 29.2], [106.4, 29.2], [106.8, 29.2]]


def test_a_map_file_tells_what_fits_and_why_the_rest_does_not(db):
    with_examples("districts", "rivers")
    River.objects.create(code="X", name="东河")
    file = read_map(
        geojson(
            feature("Polygon", SQUARE, name="甲县"),
            feature("Polygon", SQUARE, name="丁县"),
            feature("LineString", LINE, code="nanhe"),
            feature("LineString", LINE, name="东河"),
            feature("Point", [106, 29], name="甲县"),
        )
    )
    assert [(f.name, f.code, f.why.partition("；")[0]) for f in file.features] == [
        ("甲县", "990101", ""),
        ("丁县", "", "没有这个行政区"),
        ("第 3 个要素", "NANHE", ""),
        ("东河", "", "还没有写流经的行政区和千米数"),
    ]
    assert file.others == 1


def test_two_shapes_of_one_district_are_none(db):
    with_examples("districts")
    file = read_map(geojson(*[feature("Polygon", SQUARE, name="甲县")] * 2))
    assert file.fitting == []
    assert "请合并成一个" in file.features[0].why


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"\xff\xfe", "不是 GeoJSON"),
        (b"[]", "没有要素"),
        (geojson(feature("Point", [106, 29])), "没有面"),
        (geojson(feature("LineString", [[29.2, 106.0], [29.3, 106.0]])), "先经度后纬度"),
        (geojson(feature("LineString", [["a", 1], [106.0, 29.0]])), "坐标不是数字"),
        (geojson(feature("Polygon", [[[106, 29], [107, 29]]])), "坐标不完整"),
        (geojson(feature("LineString", [[106.0, 29.0]] * (MOST_POINTS + 1))), "请先化简"),
    ],
)
def test_what_is_no_map_is_refused_with_the_remedy(db, raw, words):
    with pytest.raises(FileError, match=words):
        read_map(raw)


def test_a_map_is_kept_only_when_it_was_looked_at_and_rivers_are_cut_into_their_reaches(db):
    with_examples("districts", "rivers")
    people = People.make()
    client = Client()
    client.force_login(people.admin)
    raw = geojson(feature("Polygon", SQUARE, name="乙区"), feature("LineString", LINE, name="南河"))
    sent = SimpleUploadedFile("a.geojson", raw)
    page = client.post("/start/map/", {"file": sent, "source": "测绘院", "action": "check"})
    text = page.content.decode()
    assert "核对地图：2 个要素，2 个对得上" in text
    assert Jurisdiction.objects.get(code="990102").boundary is None
    kept = text.partition('name="map" hidden>')[2].partition("</textarea>")[0]
    given = {"map": kept.replace("&quot;", '"'), "source": "测绘院", "action": "do"}
    client.post("/start/map/", given)
    client.post("/start/map/", given)  # again: nothing is drawn twice
    place = Jurisdiction.objects.get(code="990102")
    assert place.boundary["type"] == "Polygon"
    assert (float(place.label_lon), float(place.label_lat)) == (106.25, 29.25)
    south = River.objects.get(code="NANHE")
    first, second, third = (reach.course for reach in south.reaches.order_by("order"))
    assert first[0] == [106.0, 29.2]
    assert first[-1] == second[0]
    assert first[-1][0] == pytest.approx(106.0 + 0.8 * 95 / 210, abs=1e-3)
    assert second[-1] == third[0]
    assert third[-1] == [106.8, 29.2]
    assert not south.schematic


def test_a_line_is_cut_by_its_length():
    assert cut([(106.0, 29.0), (106.0, 29.2), (106.0, 30.0)], 0.1, 0.5) == [
        (106.0, 29.1), (106.0, 29.2), (106.0, 29.5),
    ]  # fmt: skip


def test_without_any_shape_a_river_runs_through_its_sections_and_districts_stand_beside_theirs(db):
    with_examples("districts", "rivers", "sections")
    second = Section.objects.get(code="NH-02")
    Section.objects.filter(pk=second.pk).update(lon="106.6", lat="29.8")
    Section.objects.create(
        code="NH-01", name="南河源", province=second.province, river=second.river, km=10,
        lon="106.2", lat="29.4", upstream=second.upstream,
    )  # fmt: skip
    drawn = geometry()
    assert drawn.projection is not None
    assert {reach.river_code for reach in drawn.reaches} == {"NANHE"}
    assert [reach.place for reach in drawn.reaches] == ["990101", "990102"]
    assert all(reach.schematic and reach.path for reach in drawn.reaches)
    assert {place.code: place.path for place in drawn.places} == {
        "990101": "", "990102": "", "990103": "",
    }  # fmt: skip
