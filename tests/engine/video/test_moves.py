"""What moved keeps its row, whatever its name, folder or time; a folder is linked anew only when its bytes agree."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from studio.engine.catalogue import Video
from studio.engine.errors import ProjectError, UsageError
from studio.engine.events import Finished, Warned
from studio.engine.project import Project
from studio.engine.video.footage import open_footage
from studio.engine.video.ingest import scan
from studio.engine.video.moves import relink
from tests.clips import write_clip


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    for number in range(5):
        write_clip(tmp_path / "videos" / f"ward{number % 2}" / f"clip{number}.mp4", frames=8, seed=number)
    return tmp_path / "videos"


@pytest.fixture
def project(tmp_path: Path, videos: Path) -> Project:
    created = Project.create(tmp_path / "study")
    created.settings.short_side_pixels = 64
    created.save()
    run(created, videos)
    with created.catalogue() as catalogue:
        for row in catalogue.videos():
            catalogue.change([row.id], label=f"label of {row.path}", excluded=row.path.endswith("clip4.mp4"))
    return created


def run(project: Project, *folders: Path) -> list:
    return list(scan(project, folders, workers=1, with_motion=False))


def rows(project: Project) -> dict[str, Video]:
    with project.catalogue() as catalogue:
        return {video.path: video for video in catalogue.videos()}


def touch(path: Path) -> None:
    state = path.stat()
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 5 * 10**9))


def test_a_file_that_was_renamed_and_copied_with_a_new_time_keeps_its_row(project: Project, videos: Path) -> None:
    before = rows(project)
    (videos / "ward0" / "clip0.mp4").rename(videos / "renamed.mp4")
    touch(videos / "renamed.mp4")
    assert run(project)[-1].result["new"] == 0
    after = rows(project)
    assert after["renamed.mp4"].id == before["ward0/clip0.mp4"].id
    assert after["renamed.mp4"].label == "label of ward0/clip0.mp4"
    assert len(after) == 5
    assert run(project)[-1].result["unchanged"] == 5


def test_a_file_that_moved_to_another_source_keeps_its_row(project: Project, videos: Path, tmp_path: Path) -> None:
    before = rows(project)
    other = tmp_path / "other"
    other.mkdir()
    shutil.move(videos / "ward1" / "clip1.mp4", other / "x.mp4")
    touch(other / "x.mp4")
    run(project, other)  # the first source is not looked at
    after = rows(project)
    assert (after["x.mp4"].id, after["x.mp4"].source) == (before["ward1/clip1.mp4"].id, "other")
    assert len(after) == 5


def test_a_copy_is_a_row_of_its_own_and_so_is_another_content_of_one_size(project: Project, videos: Path) -> None:
    shutil.copy(videos / "ward0" / "clip0.mp4", videos / "copy.mp4")
    content = bytearray((videos / "ward0" / "clip2.mp4").read_bytes())
    content[-20] ^= 1
    (videos / "ward0" / "clip2.mp4").unlink()
    (videos / "like2.mp4").write_bytes(content)
    run(project)
    after = rows(project)
    assert set(after) == {"copy.mp4", "like2.mp4", *(f"ward{n % 2}/clip{n}.mp4" for n in range(5))}
    assert (after["copy.mp4"].label, after["like2.mp4"].label) == ("", "")


def test_two_copies_that_both_move_keep_their_own_rows(project: Project, videos: Path) -> None:
    shutil.copy(videos / "ward0" / "clip0.mp4", videos / "copy.mp4")
    run(project)
    before = rows(project)
    (videos / "new").mkdir()
    (videos / "copy.mp4").rename(videos / "new" / "copy.mp4")
    (videos / "ward0" / "clip0.mp4").rename(videos / "new" / "clip0.mp4")
    assert run(project)[-1].result["new"] == 0
    after = rows(project)
    assert after["new/copy.mp4"].id == before["copy.mp4"].id
    assert after["new/clip0.mp4"].id == before["ward0/clip0.mp4"].id


# ---------------------------------------------------------------- relink


def relinked(project: Project, old: str, folder: Path) -> dict:
    *_, last = relink(project, old, folder)
    assert isinstance(last, Finished)
    return last.result


def test_a_moved_folder_is_linked_anew_by_name_or_by_its_old_place(project: Project, videos: Path,
                                                                  tmp_path: Path) -> None:
    before = rows(project)
    videos.rename(tmp_path / "disk")
    result = relinked(project, "videos", tmp_path / "disk")
    assert result == {"source": "videos", "folder": "disk", "videos": 5, "there": 5, "checked": 5, "fit": 5,
                      "missing": 0, "missing_paths": []}
    assert rows(project) == before
    assert run(Project.open(project.root))[-1].result["unchanged"] == 5
    (tmp_path / "disk").rename(tmp_path / "again")
    (tmp_path / "again" / "ward0" / "clip0.mp4").unlink()
    touch(tmp_path / "again" / "ward1" / "clip1.mp4")
    opened = Project.open(project.root)
    assert relinked(opened, str(tmp_path / "disk"), tmp_path / "again")["missing"] == 1
    assert opened.video_file(source="videos", path="ward1/clip1.mp4").is_file()
    events = run(Project.open(project.root))
    assert "files-gone" in [event.code for event in events if isinstance(event, Warned)]
    assert {row.id for row in rows(project).values()} == {row.id for row in before.values()}
    assert len(open_footage(project).videos) == 4


def test_the_folder_above_will_do_and_what_is_not_there_is_named(project: Project, videos: Path,
                                                                tmp_path: Path) -> None:
    (tmp_path / "disk" / "empty").mkdir(parents=True)
    (tmp_path / "disk" / "backup").mkdir()
    videos.rename(tmp_path / "disk" / "backup" / "of ward")
    (tmp_path / "disk" / "backup" / "of ward" / "ward1" / "clip3.mp4").unlink()
    result = relinked(project, "videos", tmp_path / "disk")
    assert (result["folder"], result["there"], result["missing_paths"]) == ("of ward", 4, ["ward1/clip3.mp4"])
    assert project.source_folder("videos") == tmp_path / "disk" / "backup" / "of ward"


def test_a_folder_with_other_files_is_refused_and_nothing_changes(project: Project, videos: Path,
                                                                 tmp_path: Path) -> None:
    settings = (project.root / "project.toml").read_bytes()
    for path in rows(project):
        (tmp_path / "fake" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "fake" / path).write_bytes(bytes((videos / path).stat().st_size))
    (tmp_path / "empty").mkdir()
    for folder, words in ((tmp_path / "fake", "none has their content"), (tmp_path / "empty", "none of the 5 videos"),
                          (tmp_path / "nowhere", "no such folder")):
        with pytest.raises(UsageError, match=words):
            relinked(project, "videos", folder)
    with pytest.raises(UsageError, match="no such source"):
        relinked(project, "pictures", videos)
    assert (project.root / "project.toml").read_bytes() == settings


def test_the_folder_of_another_source_and_a_source_without_videos_are_refused(project: Project,
                                                                             tmp_path: Path) -> None:
    write_clip(tmp_path / "other" / "a.mp4", frames=8, seed=9)
    run(project, tmp_path / "other")
    with pytest.raises(UsageError, match="folder of another source"):
        relinked(project, "videos", tmp_path / "other")
    with project.catalogue() as catalogue:
        catalogue.forget([row.id for row in catalogue.videos() if row.source == "other"])
    (tmp_path / "third").mkdir()
    with pytest.raises(ProjectError, match="no videos that could be compared"):
        relinked(project, "other", tmp_path / "third")


def test_the_command_says_what_it_found(project: Project, videos: Path, tmp_path: Path,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    from studio.__main__ import main

    videos.rename(tmp_path / "disk")
    assert main(["relink", str(project.root), "videos", str(tmp_path / "disk")]) == 0
    assert "videos lies in disk now: 5 of 5 files that were read are the same" in capsys.readouterr().out
    assert main(["relink", str(project.root), "videos", str(project.root)]) == 2
