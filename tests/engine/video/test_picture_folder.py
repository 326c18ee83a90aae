"""A folder of numbered pictures is one video; a folder of photos is none."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from studio.engine.catalogue import Video
from studio.engine.errors import UsageError, VideoError
from studio.engine.events import Warned
from studio.engine.project import Project
from studio.engine.video.cache import CachedVideo, Facts, Form, cache_path
from studio.engine.video.footage import open_footage
from studio.engine.video.ingest import scan
from studio.engine.video.library import find_videos, new_videos
from studio.engine.video.make import Order, make_cached
from studio.engine.video.picture_folder import PictureReader, series_of
from studio.engine.video.random_reader import RandomReader
from tests.benchmarks.exactness import differences, sequential
from tests.clips import draw_frame, number_of, write_clip


def write_pictures(folder: Path, *, count: int = 12, end: str = "png", first: int = 0, step: int = 1,
                   name: str = "frame_{:04d}", size: tuple[int, int] = (96, 72)) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for place in range(count):
        picture = draw_frame(place, width=size[0], height=size[1])
        done, content = cv2.imencode(f".{end}", np.ascontiguousarray(picture[..., ::-1]))
        assert done
        (folder / f"{name.format(first + place * step)}.{end}").write_bytes(content.tobytes())
    return folder


def made(folder: Path, tmp_path: Path, rate: float = 25.0) -> tuple[Facts, CachedVideo | None]:
    facts = make_cached(Order(path=folder, cache_folder=tmp_path / "cache", form=Form(64), frames_per_second=rate))
    path = cache_path(tmp_path / "cache", identity=facts.identity, form=Form(64))
    return facts, CachedVideo(path) if facts.frames else None


def numbered(pattern: str, numbers: range | list[int]) -> list[str]:
    return [pattern.format(number) for number in numbers]


@pytest.mark.parametrize(("names", "expected"), [
    (numbered("frame_{:04d}.png", range(8)), 8),
    (numbered("{}.jpg", range(5, 25)), 20),  # 9 before 10
    (numbered("cam2-{:03d}-left.TIF", range(10, 110, 10)), 10),
    (numbered("img_{:05d}.jpg", range(1, 30)), 29),
    (numbered("f{}.bmp", [*range(20), *range(21, 40)]), 40),  # one is missing
    ([*numbered("f{}.png", range(20)), "cover.png"], 20),
    ([*numbered("f{}.png", range(20)), "notes.txt"], 20),
    (numbered("frame_{:04d}.png", range(7)), None),
    (numbered("IMG_{:04d}.JPG", range(40)), None),
    (numbered("DSC{:05d}.JPG", range(40)), None),
    (numbered("P{:07d}.JPG", range(1010001, 1010040)), None),
    (numbered("frame_{:04d}.png", [1, 2, 3, 50, 51, 99, 100, 101, 150]), None),
    ([*numbered("left{}.png", range(10)), *numbered("right{}.png", range(10))], None),
    ([f"{name}.png" for name in "abcdefghijk"], None),
    ([*numbered("f{}.png", range(10)), *numbered("f0{}.png", range(10))], None),
    ([], None),
])
def test_which_names_are_a_series(names: list[str], expected: int | None) -> None:
    series = series_of(names[::-1])
    assert (series.expected if series else None) == expected
    if series:
        assert list(series.names) == [name for name in names if name in series.names]


@pytest.mark.parametrize("end", ["png", "jpg", "tif", "bmp"])
def test_its_frames_are_the_pictures_in_their_order(tmp_path: Path, end: str) -> None:
    folder = write_pictures(tmp_path / "frames", end=end, count=14, name="f{}", first=3)
    facts, video = made(folder, tmp_path, rate=10)
    assert (facts.verdict, facts.frames, facts.declared_frames) == ("good", 14, 14)
    assert (facts.source_width, facts.source_height, facts.codec) == (96, 72, "pictures, taken as 10 a second")
    assert video is not None
    assert [number_of(y_HW) for y_HW in video.y_NHW] == list(range(14))
    np.testing.assert_allclose(video.times_N, np.arange(14) / 10)
    compared, different, enters = differences(folder, sequential(folder))
    assert (different, enters) == (0, True)
    assert compared > 14


def test_deep_and_grey_pictures_are_shown_from_their_darkest_to_their_brightest(tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    for end in ("png", "tif"):
        for number in range(8):
            picture = np.full((64, 64), 1000 + 100 * number, np.uint16)
            cv2.imwrite(str(folder / f"a{number}.{end}"), picture)
        facts, video = made(folder, tmp_path)
        assert facts.verdict == "good"
        assert video is not None
        assert np.abs(video.y_NHW[:, 32, 32].astype(int) - np.arange(8) * 255 / 7).max() <= 2
        for path in folder.iterdir():
            path.unlink()


def test_a_missing_and_a_damaged_picture_make_it_partial_and_the_times_stay(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "frames", count=20)
    (folder / "frame_0004.png").unlink()
    content = (folder / "frame_0011.png").read_bytes()
    (folder / "frame_0011.png").write_bytes(content[:len(content) // 2])
    facts, video = made(folder, tmp_path, rate=20)
    assert (facts.verdict, facts.frames, facts.reason) == (
        "partial", 18, "18 of 20 frames; 1 missing, 1 damaged (frame_0011.png)")
    assert video is not None
    kept = [number for number in range(20) if number not in (4, 11)]
    assert [number_of(y_HW) for y_HW in video.y_NHW] == kept
    np.testing.assert_allclose(video.times_N, np.array(kept) / 20)
    with RandomReader(folder, frames=18) as reader:
        assert not reader.enters
        assert reader.frames_at([17])[0].width == 96


def test_pictures_of_other_sizes_are_left_out_or_no_video_at_all(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "frames", count=20)
    write_pictures(folder, count=1, first=15, size=(64, 72))
    facts, _ = made(folder, tmp_path)
    assert (facts.verdict, facts.reason) == ("partial", "19 of 20 frames; 1 of another size")
    write_pictures(folder, count=4, size=(64, 72))
    facts, _ = made(folder, tmp_path)
    assert (facts.verdict, facts.reason) == ("unreadable", "its pictures have different sizes, so they are no video")


def test_nothing_but_damaged_pictures(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "frames", count=9)
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:40])
    facts, _ = made(folder, tmp_path)
    assert (facts.verdict, facts.frames) == ("unreadable", 0)
    assert "9 damaged" in facts.reason
    shutil.rmtree(folder)
    folder.mkdir()
    with pytest.raises(VideoError, match="no series of numbered pictures"):
        PictureReader(folder)


# ---------------------------------------------------------------- in a project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    created = Project.create(tmp_path / "study")
    created.settings.short_side_pixels = 64
    created.save()
    return created


def run(project: Project, *folders: Path, **options: object) -> list:
    return list(scan(project, folders, workers=1, with_motion=False, **options))


def rows(project: Project) -> dict[str, Video]:
    with project.catalogue() as catalogue:
        return {video.path: video for video in catalogue.videos()}


def test_folders_of_pictures_are_found_beside_videos(tmp_path: Path, project: Project) -> None:
    root = tmp_path / "videos"
    write_clip(root / "clip.mp4", frames=8)
    write_pictures(root / "walk" / "one")
    write_pictures(root / "photos", name="IMG_{:04d}", end="jpg")
    write_pictures(root / "few", count=5)
    write_clip(root / "both" / "a.mp4", frames=8)
    write_pictures(root / "both", name="thumb{}")
    events = run(project, root)
    assert set(rows(project)) == {"clip.mp4", "walk/one", "both/a.mp4"}
    assert events[-1].result["good"] == 3
    told = [event for event in events if isinstance(event, Warned) and event.code == "pictures"]
    assert "25 a second" in told[0].message
    assert len(open_footage(project).videos) == 3
    assert [one.path for one in find_videos(root, source="s")] == ["clip.mp4", "both/a.mp4"], "no rate, no such folders"


def test_a_folder_that_is_itself_the_series(tmp_path: Path, project: Project) -> None:
    folder = write_pictures(tmp_path / "frames")
    assert run(project, folder)[-1].result["good"] == 1
    assert project.video_file(source="frames", path=next(iter(rows(project)))).samefile(folder)
    assert run(project, folder)[-1].result["unchanged"] == 1


def test_only_what_changed_is_read_again_and_moves_are_followed(tmp_path: Path, project: Project) -> None:
    root = tmp_path / "videos"
    for name in ("a", "b", "c"):
        write_pictures(root / name, first={"a": 0, "b": 100, "c": 200}[name])
    run(project, root)
    before = rows(project)
    with project.catalogue() as catalogue:
        catalogue.change([before["c"].id], excluded=True)
    assert run(project)[-1].result["new"] == 0
    picture = root / "a" / "frame_0003.png"
    state = picture.stat()
    picture.write_bytes((root / "a" / "frame_0004.png").read_bytes())
    os.utime(picture, ns=(state.st_atime_ns, state.st_mtime_ns + 10**9))
    (root / "b").rename(root / "moved")
    with project.catalogue() as catalogue:
        assert [one.path for one in new_videos(project, catalogue.videos())] == ["a", "moved"]
    assert run(project)[-1].result["new"] == 1
    after = rows(project)
    assert after["moved"].id == before["b"].id
    assert after["a"].identity != before["a"].identity
    assert after["c"].excluded
    assert run(project, root / "c")[-1].result["videos"] == 1
    shutil.rmtree(root / "c")
    events = run(project)
    assert "files-gone" in [event.code for event in events if isinstance(event, Warned)]


def test_another_rate_reads_them_anew_and_none_leaves_them_alone(tmp_path: Path, project: Project) -> None:
    root = tmp_path / "videos"
    write_pictures(root / "a")
    write_clip(root / "clip.mp4", frames=8)
    run(project, root)
    assert run(project, root, frames_per_second=10.0)[-1].result["new"] == 1
    row = rows(project)["a"]
    assert (row.frames_per_second, row.seconds) == (pytest.approx(10), pytest.approx(1.2))
    assert Project.open(project.root).settings.frames_per_second == 10
    assert run(project, root)[-1].result["new"] == 0
    cached = next(video for video in open_footage(project).cached if video.name == "a")
    np.testing.assert_allclose(cached.times_N, np.arange(12) / 10)
    (tmp_path / "only").mkdir()
    write_pictures(tmp_path / "only" / "x")
    with pytest.raises(UsageError, match="no video files"):
        run(project, tmp_path / "only", frames_per_second=0.0)


def test_a_name_of_any_letters(tmp_path: Path, project: Project) -> None:
    root = tmp_path / "videos"
    for name in ("日本 🎬", os.fsdecode(b"bad\xff"), "a'b\"c"):
        write_pictures(root / name, name=os.fsdecode(b"f\xff {}"), count=8)
    assert run(project, root)[-1].result["good"] == 3
