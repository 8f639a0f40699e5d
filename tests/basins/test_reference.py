"""Loading the map: whole, twice the same, and refusing files that do not fit together."""

import json
import shutil
from itertools import pairwise

import pytest

from basins.models import Jurisdiction, River, RiverReach
from basins.services.reference import DATA, BadReference, load_reference

FILES = ("jurisdictions.json", "districts.geojson", "rivers.json")


@pytest.fixture
def folder(tmp_path):
    for name in FILES:
        shutil.copy(DATA / name, tmp_path / name)
    return tmp_path


def everything():
    return [
        list(model.objects.order_by("pk").values()) for model in (Jurisdiction, River, RiverReach)
    ]


@pytest.mark.django_db
def test_the_city_has_38_districts_each_with_a_boundary_and_a_label():
    load_reference()
    districts = Jurisdiction.objects.filter(parent__code="500000", level="district")
    assert districts.count() == 38
    assert not districts.filter(boundary__isnull=True).exists()
    assert not districts.filter(label_lon__isnull=True).exists()


@pytest.mark.django_db
def test_the_municipal_treasury_can_be_a_party():
    load_reference()
    assert Jurisdiction.objects.get(code="500000-T").level == Jurisdiction.Level.TREASURY


@pytest.mark.django_db
def test_longxi_runs_through_liangping_dianjiang_and_changshou_in_that_order():
    load_reference()
    reaches = River.objects.get(code="LONGXI").reaches.order_by("order")
    assert [r.jurisdiction.name for r in reaches] == ["梁平区", "垫江县", "长寿区"]
    for above, below in pairwise(reaches):
        assert above.to_km == below.from_km


@pytest.mark.django_db
def test_loading_twice_changes_nothing():
    first = load_reference()
    before = everything()
    second = load_reference()
    assert everything() == before
    assert first.created > 0
    assert (second.created, second.changed, second.removed) == (0, 0, 0)


@pytest.mark.django_db
def test_a_province_keeps_its_name_and_gets_its_boundary():
    before = Jurisdiction.objects.get(code="510000")
    load_reference()
    after = Jurisdiction.objects.get(code="510000")
    assert before.boundary is None
    assert after.boundary is not None
    assert (after.pk, after.name, after.sort_key) == (before.pk, before.name, before.sort_key)


@pytest.mark.django_db
def test_a_reach_that_the_file_no_longer_names_goes(folder):
    load_reference(folder=folder)
    rivers = json.loads((folder / "rivers.json").read_text())
    longxi = next(r for r in rivers if r["code"] == "LONGXI")
    longxi["reaches"] = longxi["reaches"][:2]
    (folder / "rivers.json").write_text(json.dumps(rivers))
    assert load_reference(folder=folder).removed == 1
    assert River.objects.get(code="LONGXI").reaches.count() == 2


@pytest.mark.django_db
def test_a_reach_in_an_unknown_jurisdiction_is_refused_by_name_and_nothing_is_kept(folder):
    rivers = json.loads((folder / "rivers.json").read_text())
    rivers[0]["reaches"][0]["jurisdiction"] = "999999"
    (folder / "rivers.json").write_text(json.dumps(rivers))
    with pytest.raises(BadReference, match="999999"):
        load_reference(folder=folder)
    assert not River.objects.exists()


@pytest.mark.django_db
def test_a_missing_file_is_named(folder):
    (folder / "rivers.json").unlink()
    with pytest.raises(BadReference, match=r"rivers\.json"):
        load_reference(folder=folder)
