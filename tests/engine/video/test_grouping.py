"""Groups come from names that say so, a pattern or a file, and never from the folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from studio.engine.catalogue import Video
from studio.engine.errors import UsageError
from studio.engine.project import Grouping, Project
from studio.engine.video.grouping import assign_groups, group_anew, put_groups


def videos(*paths: str) -> list[Video]:
    return [Video(source="s", path=path, identity=str(number)) for number, path in enumerate(paths)]


def groups(rows: list[Video], grouping: Grouping, folder: Path = Path()) -> list[str]:
    return [known["group"] for known in assign_groups(rows, grouping, folder=folder)]


def test_a_video_is_its_own_group_and_the_folder_is_none() -> None:
    assert groups(videos("walk/1.mp4", "walk/2.mp4"), Grouping()) == ["s/walk/1.mp4", "s/walk/2.mp4"]


def test_ucf101_names_group_by_class_and_group_together() -> None:
    rows = videos("a/v_Diving_g01_c01.avi", "a/v_Diving_g01_c02.avi", "a/v_Diving_g02_c01.avi",
                  "b/v_Rowing_g01_c01.avi", "v_odd_c01.avi")
    assert groups(rows, Grouping()) == ["Diving_g01", "Diving_g01", "Diving_g02", "Rowing_g01", "s/v_odd_c01.avi"]


def test_one_folder_is_one_group_where_a_person_says_so() -> None:
    rows = videos("p1/1.mp4", "p1/2.mp4", "p2/1.mp4", "p2/late/1.mp4", "1.mp4", "2.mp4", "p3/v_Diving_g01_c01.avi")
    assert groups(rows, Grouping(by="folder")) == ["p1", "p1", "p2", "p2/late", "s", "s", "p3"]


def test_a_pattern_groups_by_its_first_bracket() -> None:
    rows = videos("x/patient7_a.mp4", "y/patient7_b.mp4", "y/other.mp4")
    assert groups(rows, Grouping(by="pattern", pattern=r"(patient\d+)_")) == ["patient7", "patient7", "s/y/other.mp4"]


def test_a_file_gives_group_and_label(tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text("\ufeffPath,Label,Group\nwalk/1.mp4,walk,p1\ns/run/1.mp4,run,p1\nodd.mp4,,\n")
    rows = videos("walk/1.mp4", "run/1.mp4", "deep/odd.mp4")
    known = assign_groups(rows, Grouping(by="csv", csv="g.csv"), folder=tmp_path)
    assert known == [{"group": "p1", "label": "walk"}, {"group": "p1", "label": "run"}, {"group": "s/deep/odd.mp4"}]


def test_copies_of_a_file_share_a_group() -> None:
    rows = [Video(source="s", path=path, identity="same") for path in ("a.mp4", "copy of a.mp4")]
    assert len(set(groups(rows, Grouping()))) == 1


@pytest.mark.parametrize(("grouping", "rule"), [
    (Grouping(by="pattern", pattern="("), "no regular expression"),
    (Grouping(by="pattern", pattern="abc"), "no brackets"),
    (Grouping(by="pattern", pattern="(zzz)"), "fits no video"),
    (Grouping(by="csv", csv="missing.csv"), "cannot be read"),
])
def test_a_grouping_of_no_use_is_said(grouping: Grouping, rule: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rule):
        groups(videos("a.mp4"), grouping, tmp_path)


def test_a_file_without_paths_is_said(tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text("name,group\na.mp4,1\n")
    with pytest.raises(UsageError, match="first line is name,group, not path and group or label"):
        groups(videos("a.mp4"), Grouping(by="csv", csv="g.csv"), tmp_path)


def _read(project: Project) -> tuple[Grouping, list[tuple[str, str]]]:
    with project.catalogue(read_only=True) as catalogue:
        return Project.open(project.root).settings.grouping, [(one.group, one.label) for one in catalogue.videos()]


def test_a_project_is_grouped_anew_and_put_back_all_or_nothing(tmp_path: Path,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    project, rests = Project.create(tmp_path / "study"), list[int]()
    with project.catalogue() as catalogue:
        for one in videos("a1-x.mp4", "a1-y.mp4", "b2-x.mp4", "c.mp4"):
            catalogue.put(replace(one, group=f"s/{one.path}", label="echo"))
    (project.root / "known.csv").write_text("path,group,label\na1-x.mp4,one,\nc.mp4,two,walk\n")
    kept, csv = _read(project), Grouping(by="csv", csv="known.csv")
    before = group_anew(project, csv, rest=lambda: rests.append(1))
    assert _read(project) == (csv, [("one", "echo"), ("s/a1-y.mp4", "echo"), ("s/b2-x.mp4", "echo"), ("two", "walk")])
    assert [group for group, _label, _number in before.rows] == ["s/a1-x.mp4", "s/c.mp4"] and len(rests) > 4
    put_groups(project, before)
    assert _read(project) == kept

    def full(_self: Project) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Project, "save", full)
    with pytest.raises(OSError, match="No space"):
        group_anew(project, csv)
    assert _read(project) == kept and project.settings.grouping == kept[0]
