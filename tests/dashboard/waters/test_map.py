"""The basin map: shapes to paths, where names stand, arrows, and what the colours say."""

import re
from decimal import Decimal
from math import hypot
from random import Random

import pytest

from basins.access import viewer_of
from basins.models import RiverReach
from dashboard.map import build_scene
from dashboard.map.arrows import REACH, WIDE_FROM, arrow, opposite
from dashboard.map.geometry import geometry
from dashboard.map.labels import Box, Labels
from dashboard.map.projection import GRID, WIDTH, Projection, rings
from monitoring.assessment.queries.assessments import month_water
from monitoring.models import Section
from monitoring.sections.queries.rivers import class_of_reach
from settlements.accruals.queries.month import agreements_in_force, money_of_month
from tests.worlds import month

SQUARE = [[106.0, 29.0], [107.0, 29.0], [107.0, 30.0], [106.0, 30.0], [106.0, 29.0]]


def square(west: float, south: float = 29.0) -> dict:
    ring = [[x + west - 106.0, y + south - 29.0] for x, y in SQUARE]
    return {"type": "Polygon", "coordinates": [ring]}


def corners(path: str) -> list[tuple[int, int]]:
    """The corners of a path of M and relative l."""
    numbers = [int(n) for n in re.findall(r"-?\d+", path)]
    found = [(numbers[0], numbers[1])]
    for dx, dy in zip(numbers[2::2], numbers[3::2], strict=True):
        found.append((found[-1][0] + dx, found[-1][1] + dy))
    return found


@pytest.fixture
def drawn(border):
    """The border world with shapes, a course and a place for its section."""
    for place, west in ((border.upstream, 106), (border.downstream, 107), (border.stranger, 108)):
        place.boundary = square(west)
        place.label_lon, place.label_lat = west + Decimal("0.5"), Decimal("29.5")
        place.save()
    for order, place in enumerate((border.upstream, border.downstream)):
        RiverReach.objects.create(
            river=border.river,
            jurisdiction=place,
            order=order + 1,
            from_km=10 * order,
            to_km=10 * order + 10,
            course=[[106.2 + 0.8 * order, 29.4], [107.0 + 0.8 * order, 29.4]],
        )
    Section.objects.filter(pk=border.section.pk).update(lon=Decimal("107"), lat=Decimal("29.4"))
    return border


def scene_of(person, layer="net", when="2026-10"):
    viewer, day = viewer_of(person), month(when)
    return build_scene(
        viewer,
        layer,
        month_water(viewer, day),
        money_of_month(viewer, day),
        agreements_in_force(viewer, day),
    )


def shapes_of(scene) -> dict:
    return {shape.code: shape for shape in scene.shapes}


# Paths ---------------------------------------------------------------------------------


def test_the_frame_holds_every_point_and_keeps_east_right_and_north_up():
    frame = Projection.around([(105.3, 28.2), (110.2, 32.2)])
    assert frame.width == WIDTH
    assert all(frame.inside(frame.point(p)) for p in [(105.3, 28.2), (110.2, 32.2), (107, 30)])
    assert frame.point((108, 30))[0] > frame.point((107, 30))[0]
    assert frame.point((107, 31))[1] < frame.point((107, 30))[1]


def test_a_degree_of_longitude_is_shorter_than_one_of_latitude():
    frame = Projection.around([(106, 29), (109, 31)])
    assert frame.scale_x / frame.scale_y == pytest.approx(0.866, abs=0.001)  # cos 30°


def test_a_path_comes_back_to_the_corners_it_was_made_from():
    frame = Projection.around(SQUARE)
    found = corners(frame.path(SQUARE, close=True))
    assert len(found) == 4  # the fifth, equal to the first, is the closing z
    for (x, y), degrees in zip(found, SQUARE, strict=False):
        wanted = frame.point(degrees)
        assert hypot(x / GRID - wanted[0], y / GRID - wanted[1]) <= 0.71 / GRID


def test_neighbours_keep_their_shared_border():
    frame = Projection.around([(106, 29), (108, 30)])
    west, east = (rings(square(w))[0] for w in (106.0, 107.0))
    shared = set(corners(frame.path(west, close=True))) & set(corners(frame.path(east, close=True)))
    assert len(shared) == 2


def test_a_line_that_is_only_a_dot_gives_no_path():
    frame = Projection.around(SQUARE)
    assert frame.path([(106.5, 29.5), (106.5, 29.5)]) == ""


def test_every_part_of_a_multipolygon_is_drawn():
    parts = {"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}
    assert len(rings(parts)) == 2
    with pytest.raises(ValueError, match="Polygon"):
        rings({"type": "Point", "coordinates": [106, 29]})


# Names and arrows ----------------------------------------------------------------------


def test_two_names_for_one_place_do_not_cover_each_other():
    labels = Labels(Box(0, 0, 400, 400))
    first = labels.place([(200, 200)], ["万州", "+100"], must=True)
    second = labels.place([(200, 200)], ["云阳", "−150"], must=True)
    assert first == (200, 200)
    assert labels.taken[0].overlap(labels.taken[1]) == 0
    assert second != first


def test_a_quiet_name_is_left_out_where_there_is_no_room():
    labels = Labels(Box(0, 0, 400, 400))
    labels.block([Box(0, 0, 400, 400)])
    assert labels.place([(200, 200)], ["渝中"], must=False) is None
    assert labels.place([(200, 200)], ["万州"], must=True) is not None


def test_a_name_stays_inside_the_frame():
    labels = Labels(Box(0, 0, 400, 400))
    x, _ = labels.place([(2, 200)], ["城口"], must=True)
    assert x >= 13


def test_names_stand_where_looking_at_every_place_taken_would_put_them():
    class ByAll(Labels):
        def _covered(self, box):
            return sum(box.overlap(each) for each in self.taken)

    chance = Random(17)
    by_grid, by_all = Labels(Box(0, 0, 400, 300)), ByAll(Box(0, 0, 400, 300))
    for _ in range(60):
        point = chance.uniform(-20, 420), chance.uniform(-20, 320)
        lines, must = chance.choice([["万州"], ["酉阳", "+12.34"]]), chance.random() < 0.6
        assert by_grid.place([point], lines, must=must) == by_all.place([point], lines, must=must)
    assert by_grid.taken == by_all.taken


def test_an_arrow_starts_with_the_payer_and_ends_at_the_receiver():
    made = arrow((0, 100), (100, 100), (200, 100), WIDE_FROM)
    assert made.start[0] < 100 < made.end[0]
    assert made.wide
    assert not arrow((0, 100), (100, 100), (200, 100), WIDE_FROM - 1).wide


def test_two_arrows_at_one_section_bend_apart():
    one, two = (arrow((0, 100), (100, 100), (200, 100), WIDE_FROM, n) for n in (0, 1))
    assert hypot(one.middle[0] - two.middle[0], one.middle[1] - two.middle[1]) > 10


def test_a_party_without_a_place_stands_across_the_section():
    assert opposite((100, 100), (200, 100)) == (100 - REACH, 100)


# The scene -----------------------------------------------------------------------------


def test_without_shapes_there_is_no_map(border, people):
    border.assessed("2026-10", "III")
    assert scene_of(people.bureau) is None


def test_the_payer_is_hatched_and_the_receiver_is_not(drawn, people):
    drawn.assessed("2026-10", "IV")  # below the target of III: upstream pays 100 万元
    shapes = shapes_of(scene_of(people.bureau))
    payer, receiver = shapes[drawn.upstream.code], shapes[drawn.downstream.code]
    assert (payer.css, payer.hatched) == ("pays-2", True)
    assert (receiver.css, receiver.hatched) == ("receives-2", False)
    assert payer.words == "上游区：净应付 100.00 万元"
    assert shapes[drawn.stranger.code].words == "外人区：本月无补偿"


def test_a_section_below_its_target_is_a_diamond_with_its_numeral(drawn, people):
    drawn.assessed("2026-10", "IV")
    (site,) = scene_of(people.bureau).sites
    assert (site.worse, site.numeral, site.css) == (True, "Ⅳ", "site-4")
    drawn.assessed("2026-10", "II")
    (site,) = scene_of(people.bureau).sites
    assert (site.worse, site.numeral) == (False, "Ⅱ")


def test_a_reach_has_the_class_of_the_section_at_its_end(drawn, people):
    drawn.assessed("2026-10", "IV")
    by_key = {course.key: course.css for course in scene_of(people.bureau).courses}
    assert "river-4" in by_key["TESTHE-1"]  # ends at the section, km 10
    assert "river-4" in by_key["TESTHE-2"]  # the mouth: nothing below, the section above it


def test_a_reach_far_from_any_section_has_no_class():
    assert class_of_reach(Decimal(30), Decimal(40), []) is None


def test_who_sees_no_money_gets_no_arrow_and_is_not_told_there_is_none(drawn, people):
    drawn.assessed("2026-10", "IV")
    assert len(scene_of(people.bureau).flows) == 1
    scene = scene_of(people.stranger)
    assert scene.flows == ()
    assert "没有可见的补偿" in shapes_of(scene)[drawn.upstream.code].words


def test_the_agreement_layer_shows_who_is_covered(drawn, people):
    drawn.assessed("2026-10", "III")
    scene = scene_of(people.bureau, "agreements")
    shapes = shapes_of(scene)
    assert shapes[drawn.upstream.code].css == "covered"
    assert shapes[drawn.stranger.code].css == "uncovered"
    assert {each.name: each.count for each in scene.coverage}["测试河"] == 1
    assert not any(each.words for each in scene.coverage)


def test_paths_are_built_once_for_the_stored_shapes_and_anew_when_they_change(
    drawn, django_assert_num_queries
):
    before = geometry()
    with django_assert_num_queries(3):
        assert geometry() is before
    drawn.upstream.boundary = square(105.0)
    drawn.upstream.boundary["coordinates"][0].insert(1, [105.123, 28.9])
    drawn.upstream.save()
    assert geometry() is not before
