import xml.etree.ElementTree as ET
from dataclasses import replace

from exemplar.retrieval.screening.bounds import Target
from exemplar.retrieval.screening.chart import chart_points, left_svg
from exemplar.retrieval.screening.left import how_much_is_left
from exemplar.retrieval.screening.record import Record
from tests.retrieval.screening.test_left import checked_review, record


def test_points_have_what_is_found_and_what_may_be() -> None:
    points = chart_points(record("+-?-", 4), Target())
    assert points == [
        {"read": 0, "found": 0, "most": 4},
        {"read": 1, "found": 1, "most": 4},
        {"read": 2, "found": 1, "most": 3},
        {"read": 3, "found": 1, "most": 3},
        {"read": 4, "found": 1, "most": 2},
    ]
    assert len(chart_points(record("+" + "-" * 500, 900), Target())) == 101


def test_a_check_bounds_from_its_draw_on() -> None:
    points = {point["read"]: point for point in chart_points(checked_review(220), Target())}
    assert points[280]["most"] < points[0]["most"] == 300
    assert max(points) == 280


def test_the_last_point_is_what_is_known_now_though_a_mark_was_taken_back() -> None:
    checked = checked_review(220)
    taken_back = replace(checked, reads=checked.reads[:1] + checked.reads[2:])
    now = how_much_is_left(taken_back)
    assert chart_points(taken_back, Target())[-1]["most"] == now.n_relevant + now.high


def test_the_plot_is_a_picture() -> None:
    for drawn in (checked_review(220), Record((), (), 10)):
        root = ET.fromstring(left_svg(drawn, Target()).decode())  # noqa: S314
        words = " ".join(root.itertext())
        assert "records read" in words
        assert "relevant found" in words
