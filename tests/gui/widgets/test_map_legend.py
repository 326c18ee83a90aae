"""What the colours of the map mean."""

import numpy as np
from PySide6.QtWidgets import QApplication

from studio.engine.catalogue import Video
from studio.gui.widgets.map_legend import MapLegend, classes_by

VIDEOS = {number: Video(id=number, source="day", path=path, label=label, group=group, seconds=10.0)
          for number, path, label, group in (
              (1, "walk/a.mp4", "walk", "g1"), (2, "walk/b.mp4", "walk", "g2"), (3, "sit/c.mp4", "", "g1"),
              (4, "d.mp4", "sit", ""))}
IDS = [1, 2, 3, 4]
TIMES = [[0.5, 9.5]] * 4


def test_classes_by_folder_label_and_group(qapp: QApplication) -> None:
    for kind, names in (("folder", ["walk", "day", "sit"]), ("label", ["walk", "no label", "sit"]),
                        ("group", ["g1", "g2", "no group"])):
        found = classes_by(kind, IDS, TIMES, VIDEOS)
        assert found.names == names
        assert found.counts == [4, 2, 2] and len(set(found.colours)) == 3
    assert classes_by("folder", IDS, TIMES, VIDEOS).class_N.tolist() == [0, 0, 0, 0, 2, 2, 1, 1]


def test_classes_by_the_part_in_the_run(qapp: QApplication) -> None:
    parts = ["held out", "learned from", "learned from", "not used"]
    found = classes_by("run", IDS, TIMES, VIDEOS, parts=parts, first=1)
    assert found.names == ["learned from", "held out", "not used"] and found.counts == [4, 2, 2]
    assert found.class_N.tolist() == [1, 1, 0, 0, 0, 0, 2, 2]
    assert classes_by("run", IDS, TIMES, VIDEOS).names == ["no longer known"]


def test_classes_by_time_in_the_video(qapp: QApplication) -> None:
    found = classes_by("time", IDS, TIMES, VIDEOS)
    assert found.names[0] == "start" and found.names[-1] == "end"
    assert found.class_N.tolist() == [0, 4] * 4


def test_the_query_s_class_comes_first_and_many_become_others(qapp: QApplication) -> None:
    many = {number: Video(id=number, source="day", path=f"{number}.mp4", group=f"g{number:02}")
            for number in range(1, 21)}
    found = classes_by("group", list(many), [[1.0]] * 20, many, first=20)
    assert found.names == ["g20", "g01", "g02", "g03", "g04", "g05", "g06", "13 others"]
    assert found.counts[-1] == 13 and found.class_N[19] == 0


def test_a_video_that_went_is_named_as_such(qapp: QApplication) -> None:
    assert classes_by("label", [99], [[1.0]], VIDEOS).names == ["no longer in the project"]


def test_choosing_chips_lets_the_others_step_back(qapp: QApplication) -> None:
    legend = MapLegend(name="legend")
    legend.set_value(classes_by("folder", IDS, TIMES, VIDEOS))
    told: list[set[int]] = []
    legend.value_changed.connect(told.append)
    legend.chips[1].click()
    legend.chips[2].click()
    legend.chips[1].click()
    legend.chips[2].click()
    assert told == [{0, 2}, {0}, {0, 1}, set()]
    assert legend.chips[0].accessibleName() == "walk, 4 clips"
    assert np.all([chip.text() for chip in legend.chips])


def test_classes_by_motion_are_fifths_of_the_clips(qapp: QApplication) -> None:
    motion = [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0], [8.0, 9.0]]
    found = classes_by("motion", [1, 2, 3, 4, 5], [[0.5, 9.5]] * 5, VIDEOS, motion=motion)
    assert found.class_N.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4] and found.counts == [2] * 5
    assert found.names[0] == "0.00 to 1.80 pixels a frame"
    still = classes_by("motion", IDS, TIMES, VIDEOS, motion=[[0.0, 0.0]] * 4)
    assert sum(still.counts) == 8


def test_a_class_keeps_its_colour_whatever_is_asked_about(qapp: QApplication) -> None:
    plain, asked = (classes_by("folder", IDS, TIMES, VIDEOS, first=first) for first in (None, 3))
    assert asked.names[0] == "sit" != plain.names[0]
    assert dict(zip(plain.names, plain.colours, strict=True)) == dict(zip(asked.names, asked.colours, strict=True))
