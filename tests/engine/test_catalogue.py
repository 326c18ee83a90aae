"""The catalogue keeps one row a video, whatever its name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from studio.engine.catalogue import Catalogue, Video, display_path
from studio.engine.errors import ProjectError, UsageError

NAMES = ["plain.mp4", "with space.mp4", "日本.mp4", "it's \"quoted\".mp4", "שלום.mp4", "🎬.mp4",
         os.fsdecode(b"bad\xff\xfe.mp4"), "x" * 300 + ".mp4", "a/b/c.mp4", "50%_*?.mp4"]


def test_rows_come_back_equal_whatever_the_name(tmp_path: Path) -> None:
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        for name in NAMES:
            catalogue.put(Video(source="s", path=name, verdict="good", frames=7, seconds=0.5, excluded=True))
    with Catalogue(tmp_path / "c.sqlite", read_only=True) as catalogue:
        videos = catalogue.videos()
        assert {video.path for video in videos} == set(NAMES)
        assert all(video.frames == 7 and video.excluded is True for video in videos)
        for video in videos:
            assert catalogue.find(video.path).id == video.id
            assert catalogue.video(video.id) == video


def test_a_second_put_replaces_and_keeps_the_number(tmp_path: Path) -> None:
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        first = catalogue.put(Video(source="s", path="a.mp4", verdict="unreadable"))
        assert catalogue.put(Video(source="s", path="a.mp4", verdict="good")) == first
        assert [video.verdict for video in catalogue.videos()] == ["good"]
        catalogue.change([first], excluded=True, group="p1")
        assert catalogue.videos(usable_only=True) == []
        assert catalogue.video(first).group == "p1"
        catalogue.forget([first])
        assert catalogue.videos() == []


def test_an_error_inside_the_block_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), Catalogue(tmp_path / "c.sqlite") as catalogue:
        catalogue.put(Video(source="s", path="a.mp4"))
        raise RuntimeError
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        assert catalogue.videos() == []


def test_names_that_fit_none_or_several_are_refused(tmp_path: Path) -> None:
    with Catalogue(tmp_path / "c.sqlite") as catalogue:
        for path in ("a/x.mp4", "b/x.mp4"):
            catalogue.put(Video(source="s", path=path))
        assert catalogue.find("s/a/x.mp4").path == "a/x.mp4"
        assert catalogue.find("/elsewhere/s/b/x.mp4").path == "b/x.mp4"
        with pytest.raises(UsageError, match="2 videos end like that"):
            catalogue.find("x.mp4")
        with pytest.raises(UsageError, match="no such video"):
            catalogue.find("y.mp4")
        with pytest.raises(UsageError, match="no such video"):
            catalogue.video(99)


def test_a_file_that_is_no_catalogue_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(ProjectError, match="cannot be read"):
        Catalogue(tmp_path / "c.sqlite")


def test_a_newer_catalogue_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    database = sqlite3.connect(tmp_path / "c.sqlite")
    database.execute("PRAGMA user_version=99")
    database.close()
    with pytest.raises(ProjectError, match="newer studio"):
        Catalogue(tmp_path / "c.sqlite")


def test_names_are_shown_as_text() -> None:
    assert display_path(os.fsdecode(b"bad\xff.mp4")) == "bad\ufffd.mp4"
    assert display_path("日本.mp4") == "日本.mp4"
