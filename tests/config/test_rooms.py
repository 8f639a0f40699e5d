"""The picture of the rooms is drawn from the imports and stays theirs."""

import pytest

from config.rooms import PICTURE, Walls, bearing, floors, picture, room_of, walls


@pytest.fixture(scope="module")
def house() -> Walls:
    return walls()


def test_the_picture_in_the_documentation_is_that_of_the_code(house):
    assert PICTURE.read_text(encoding="utf-8") == picture(house), "run manage.py rooms"


def test_subjects_are_rooms_and_wiring_is_none():
    assert room_of("settlements.ledger.services.payments") == "settlements.ledger"
    assert room_of("monitoring.standards.cwqi") == "monitoring.standards"
    assert room_of("dashboard.ledger.views") == "dashboard"
    assert room_of("settlements.migrations.0001_initial") is None
    assert room_of("django.db.models") is None


def test_what_a_package_hands_out_is_followed_into_its_room(tmp_path):
    (tmp_path / "settlements" / "ledger").mkdir(parents=True)
    (tmp_path / "settlements" / "ledger" / "posting.py").write_text(
        "from settlements import rules\nimport basins.models\n"
    )
    assert walls(tmp_path) == {"settlements.ledger": {"settlements.rules", "basins"}}


def test_a_room_stands_above_all_it_imports():
    three = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert floors(three) == {"c": 0, "b": 1, "a": 2}


def test_an_arrow_that_others_imply_is_not_drawn():
    assert bearing({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == [("a", "b"), ("b", "c")]


def test_rooms_that_lean_on_each_other_are_named():
    with pytest.raises(ValueError, match="a → b → a"):
        floors({"a": {"b"}, "b": {"a"}})


def test_nothing_below_money_leans_on_the_pages(house):
    assert not any("dashboard" in below for room, below in house.items() if room != "config")
    assert house["settlements.rules"] <= {"settlements.money", "monitoring.standards", "written"}
