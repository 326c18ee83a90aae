"""Labels from folders and CSV files."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.engine.catalogue import Video
from studio.engine.errors import UsageError
from studio.engine.evaluation.labels import GALLERY, QUERY, read_labels


def _video(number: int, path: str, *, group: str = "") -> Video:
    return Video(id=number, source="clips", path=path, group=group)


VIDEOS = [_video(1, "jump/a.mp4", group="p1"), _video(2, "jump/b.mp4"), _video(3, "sit/deep/c.mp4"),
          _video(4, "d.mp4", group="p1")]


def test_folder_that_a_video_lies_in() -> None:
    found = read_labels(VIDEOS, "folders")
    assert found.label_V == ["jump", "jump", "deep", "clips"]
    assert found.names == ["clips", "deep", "jump"]
    assert found.label_numbers.tolist() == [2, 2, 1, 0]
    assert found.group_numbers[0] == found.group_numbers[3] != found.group_numbers[1] != found.group_numbers[2]
    assert found.role(QUERY).tolist() == found.role(GALLERY).tolist() == [0, 1, 2, 3]


def test_csv_with_groups_and_split(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("\ufeffPath, label ,group,split\njump/a.mp4,up,g1,query\n./jump\\b.mp4,up,g2,gallery\n"
                    "deep/c.mp4,down,,gallery\n", encoding="utf-8")
    found = read_labels(VIDEOS, str(path))
    assert found.label_V == ["up", "up", "down", ""]
    assert found.group_V == ["g1", "g2", "video 3", "p1"]
    assert found.known.tolist() == [0, 1, 2]
    assert found.label_numbers.tolist() == [1, 1, 0, -1]
    assert found.role(QUERY).tolist() == [0] and found.role(GALLERY).tolist() == [1, 2]


@pytest.mark.parametrize(("content", "said"), [
    (None, "cannot be read"), ("video,class\na,b\n", "not path and label"),
    ("path,label\nelsewhere.mp4,x\n", "no line"),
    ("path,label\njump/a.mp4,x\njump/b.mp4,x\n", "two or more"), ("", "not path and label"),
    ("path,label,split\njump/a.mp4,x,train\njump/b.mp4,y,query\n", "query or gallery")])
def test_labels_that_do_not_fit_say_so(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "labels.csv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        read_labels(VIDEOS, str(path))


def test_one_folder_is_no_label() -> None:
    with pytest.raises(UsageError, match="one folder a class"):
        read_labels(VIDEOS[:2], "folders")
