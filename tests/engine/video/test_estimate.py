"""What a scan would do is told before: how many videos, and about how much disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from studio.engine.errors import StudioError
from studio.engine.files import resource
from studio.engine.project import Project
from studio.engine.video.estimate import estimate, videos_to_make
from studio.engine.video.ingest import scan
from studio.engine.video.library import new_videos


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "clips"
    folder.mkdir()
    for name in ("walk/scene-01.mp4", "jump/scene-03.mp4", "echo-weak/patient-02.avi"):
        shutil.copy(resource("sample", *name.split("/")), folder)
    (folder / "notes.mp4").write_text("no video\n")
    made = Project.create(tmp_path / "P")
    made.add_source(folder)
    return made


def test_the_estimate_is_near_what_the_scan_then_writes(project: Project) -> None:
    told = estimate(project)
    assert told.videos == 4 and told.cache_bytes
    assert told.auto == told.tier == "map" and told.cache_bytes < told.budget_bytes
    assert told.tier_bytes["map"] > told.tier_bytes["jpeg"] > told.tier_bytes["video"]
    list(scan(project, workers=1))
    written = sum(path.stat().st_size for path in project.cache_folder.rglob("*.frames"))
    assert told.cache_bytes == pytest.approx(written, rel=0.05)
    again = estimate(project)
    assert (again.videos, again.source_bytes, again.cache_bytes) == (0, 0, None)


def test_what_is_chosen_by_itself_is_told_whatever_the_person_chose(project: Project) -> None:
    project.settings.tier, project.settings.disk_gigabytes = "map", 1e-6
    told = estimate(project)
    assert (told.tier, told.auto, told.budget_bytes) == ("map", "video", 1000)


def test_a_search_for_what_is_new_rests_at_every_file_and_can_be_ended(project: Project) -> None:
    rests: list[bool] = []
    assert len(videos_to_make(project, [], rest=lambda: rests.append(True))) == len(rests) == 4

    def enough() -> None:
        raise StudioError("a search", "it is not wanted any more", "Look again")

    with pytest.raises(StudioError):
        videos_to_make(project, [], rest=enough)


def test_a_changed_file_is_new_again(project: Project) -> None:
    list(scan(project, workers=1))
    with project.catalogue() as catalogue:
        rows = catalogue.videos()
    assert new_videos(project, rows) == []
    path = project.source_folder("clips") / "scene-01.mp4"
    path.write_bytes(path.read_bytes() + b"\0")
    assert [found.path for found in new_videos(project, rows)] == ["scene-01.mp4"]
