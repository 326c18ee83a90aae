"""The walk through a folder ends, finds what is a video, and says what it could not read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from studio.engine.video.library import Walk, find_videos, natural_key

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX names and links")


def names(root: Path, **options: object) -> list[str]:
    return [found.path for found in find_videos(root, source="s", **options)]


def touch(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")


def test_names_are_in_the_order_in_which_people_read_them(tmp_path: Path) -> None:
    touch(tmp_path, "clip10.mp4", "clip9.mp4", "Clip1.mp4", "b/2.avi", "b/10.avi", "a.mov", "notes.txt")
    assert names(tmp_path) == ["a.mov", "Clip1.mp4", "clip9.mp4", "clip10.mp4", "b/2.avi", "b/10.avi"]
    assert sorted(["x²", "x1", "10", "9", "٣"], key=natural_key)


def test_only_videos_and_files_that_begin_like_dicom(tmp_path: Path) -> None:
    touch(tmp_path, "a.MP4", "b.gif", "c.dcm", "d.csv", "e", "._f.mp4", ".hidden/g.mp4")
    (tmp_path / "1.2.840").write_bytes(bytes(128) + b"DICM....")
    walk = Walk()
    assert names(tmp_path, walk=walk) == ["1.2.840", "a.MP4", "b.gif", "c.dcm"]
    assert walk.others == 3


@POSIX
def test_links_in_a_circle_end_and_a_linked_folder_is_seen_once(tmp_path: Path) -> None:
    touch(tmp_path, "root/a.mp4", "other/b.mp4")
    (tmp_path / "root" / "up").symlink_to(tmp_path / "root")
    (tmp_path / "root" / "one").symlink_to(tmp_path / "other")
    (tmp_path / "root" / "two").symlink_to(tmp_path / "other")
    assert names(tmp_path / "root") == ["a.mp4", "one/b.mp4"]


@POSIX
def test_pipes_and_broken_links_are_named_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "nowhere.mp4")
    found = {one.path: one.problem for one in find_videos(tmp_path, source="s")}
    assert found == {"pipe.mp4": "it is a pipe or a device, not a file",
                     "link.mp4": "it is a link to a file that is gone"}


@POSIX
def test_names_that_are_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.mp4")
    touch(tmp_path, name)
    found = list(find_videos(tmp_path, source="s"))
    assert [one.path for one in found] == [name]
    assert found[0].file.read_bytes() == b"x"


def test_a_folder_that_cannot_be_read_is_told_and_the_rest_is_found(tmp_path: Path,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "a.mp4", "secret/b.mp4", "z/c.mp4")
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "secret":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    walk = Walk()
    assert [found.path for found in find_videos(tmp_path, source="s", walk=walk)] == ["a.mp4", "z/c.mp4"]
    assert walk.unreadable == [(str(tmp_path / "secret"), "Permission denied")]


def test_left_out_folders_and_a_part_of_a_source(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.mp4", "b/2.mp4", "b/c/3.mp4")
    assert names(tmp_path, leave_out=[tmp_path / "b" / "c"]) == ["a/1.mp4", "b/2.mp4"]
    assert names(tmp_path, below=tmp_path / "b") == ["b/2.mp4", "b/c/3.mp4"]
