"""Which water a section lies in: assumed from its name with the reason, decided by the bureau."""

from datetime import date

import pytest

from basins.models import AuditRecord, Jurisdiction, River
from monitoring.ingest.services.ingest import import_readings
from monitoring.models import DirtyMonth, Section
from monitoring.sections.queries.listing import sections_called
from monitoring.sections.queries.water_bodies import months_measured, undecided, water_bodies
from monitoring.sections.services.water_bodies import WaterBodyRefused, decide_water_body
from monitoring.standards.gb3838_2002 import WaterBody
from monitoring.standards.water_bodies import assumed_water
from tests.told_once import World, bare, of_told, told_once

DECIDED = {"on": date(2024, 3, 20), "source": "渝环函〔2024〕8号"}


def measured() -> World:
    world = bare()
    world["border"].assessed("2023-04", "IV")
    DirtyMonth.objects.all().delete()
    return world


told = told_once(measured)
border, people = of_told("border"), of_told("people")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("玉滩水库", WaterBody.LAKE),
        ("邛海湖心", WaterBody.LAKE),
        ("玉滩水库出口", WaterBody.RIVER),
        ("玉滩水库坝下", WaterBody.RIVER),
        ("大洪湖水库库尾", WaterBody.RIVER),
        ("湖海场", WaterBody.RIVER),
        ("晒网坝", WaterBody.RIVER),
        ("两河口", WaterBody.RIVER),
    ],
)
def test_a_reservoir_in_the_name_does_not_make_a_lake(name, body):
    assert assumed_water("重庆市", name).body is body


def test_the_reason_is_said_where_the_name_hints_at_standing_water():
    assert assumed_water(None, "玉滩水库出口").why.startswith("名称含“水库”，又含“出口”")
    assert "不足以认作湖库" in assumed_water(None, "湖海场").why
    assert assumed_water(None, "两河口").why == ""
    assert "红枫湖" in assumed_water("贵州省", "花鱼洞").why


def imported(*names: str, province: str = "重庆市"):
    rows = "".join(f"{province},{name},2023-05-04 10:00,0.5\n" for name in names)
    return import_readings(
        raw=f"省份,断面名称,采样时间,氨氮\n{rows}".encode(),
        filename="读数.csv",
        create_sections=True,
    )


@pytest.mark.usefixtures("border")
def test_an_import_says_what_it_assumed_and_the_list_shows_what_waits():
    report = imported("玉滩水库", "玉滩水库出口", "甲断面")
    assert [(each["name"], each["body"]) for each in report.assumed_waters] == [
        ("玉滩水库", "湖库"),
        ("玉滩水库出口", "河流"),
    ]
    assert [s.name for s in water_bodies()] == ["玉滩水库", "玉滩水库出口"]
    assert undecided() == 2
    assert [s.name for s in water_bodies("lake")] == ["玉滩水库"]


@pytest.mark.usefixtures("border")
@pytest.mark.parametrize(
    "again", ["甲断面（左）", "甲断面 (左)", "甲断面【左】", "　甲断面(左) ", "甲断面［左］"]
)
def test_a_section_is_one_under_full_width_brackets_and_blanks(again):
    imported("甲断面(左)")
    report = imported(again)
    assert report.created_sections == []
    assert report.duplicate == 1
    assert imported("甲断面(右)").created_sections == ["甲断面(右)"]
    assert imported("甲断面①").created_sections == ["甲断面①"]  # a mark makes another name


@pytest.mark.usefixtures("border")
def test_a_code_is_one_in_full_width_letters():
    raw = "断面编码,采样时间,氨氮\nＢＯＲＤＥＲ,2023-05-04 10:00,0.5\n".encode()
    assert import_readings(raw=raw, filename="x.csv").readings == 1


@pytest.mark.usefixtures("border")
def test_two_that_differ_in_nothing_people_read_are_asked_for_by_code():
    home = Jurisdiction.objects.get(code="500000")
    Section.objects.create(code="A1", name="乙(左)", province=home)
    Section.objects.create(code="A2", name="乙（左）", province=home)
    report = imported("乙(左)")
    assert "请填断面编码" in report.rejects[0].errors[0].message
    with pytest.raises(Exception, match="已有同名的断面"):
        Section(code="A3", name="乙 (左)", province=home).full_clean()


def test_the_bureau_decides_with_day_and_paper_and_the_months_are_computed_again(border, people):
    section = decide_water_body(
        section=border.section, water_body="lake", by=people.bureau, **DECIDED
    )
    assert (section.water_body, section.water_body_on) == ("lake", date(2024, 3, 20))
    assert DirtyMonth.objects.count() == months_measured(section) == 1
    record = AuditRecord.objects.filter(table="monitoring_section").latest("pk")
    assert "渝环函〔2024〕8号" in str(record.after)
    DirtyMonth.objects.all().delete()
    decide_water_body(section=section, water_body="lake", by=people.bureau, **DECIDED)
    assert not DirtyMonth.objects.exists()
    assert undecided() == 0
    assert [s.code for s in water_bodies("decided")] == ["BORDER"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"source": " "}, "依据"),
        ({"on": date(2999, 1, 1)}, "在今天之后"),
        ({"water_body": "sea"}, "只能是河流或湖库"),
    ],
)
def test_a_decision_without_day_or_paper_is_refused(border, people, changed, words):
    given = {"water_body": "lake", **DECIDED, **changed}
    with pytest.raises(WaterBodyRefused, match=words):
        decide_water_body(section=border.section, by=people.bureau, **given)


@pytest.mark.parametrize("who", ["district", "treasury", "admin", "nobody"])
def test_nobody_but_the_bureau_decides(border, people, who):
    with pytest.raises(WaterBodyRefused, match="不能核定"):
        decide_water_body(
            section=border.section, water_body="lake", by=getattr(people, who), **DECIDED
        )


@pytest.mark.usefixtures("border")
def test_the_search_knows_full_width_letters_brackets_and_initials():
    home = Jurisdiction.objects.get(code="500000")
    made = Section.objects.create(code="LIANGHEKOU", name="两河口（左）", province=home)
    for text in (
        "lhk",
        "LHK",
        "ＬＨＫ",
        "lianghe",
        "ＬＩＡＮＧ",
        "(左)",
        "两河口 (左)",
        "两河口（",
    ):
        assert sections_called(text) == [made.pk], text
    made.river = River.objects.create(code="PENGXI", name="澎溪河", level=2)
    made.upstream = Jurisdiction.objects.get(code="510000")
    made.save()
    for text in ("澎溪", "pxh", "ＰＸＨ", "四川", "scs"):
        assert sections_called(text) == [made.pk], text
    assert sections_called("xyz") == sections_called(" ") == []
