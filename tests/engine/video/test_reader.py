"""Every file gets a verdict with a reason in words; a short decode is counted, not believed."""

from __future__ import annotations

import json
import math
from pathlib import Path

import av
import numpy as np
import pytest

from studio.engine.video.cache import CachedVideo, Facts, Form, cache_path
from studio.engine.video.make import Order, make_cached
from studio.engine.video.probe import verdict_of
from studio.engine.video.reader import frame_times, orientation
from tests.clips import number_of, write_clip, write_sound
from tests.engine.video.test_random_reader import edit_listed

AWKWARD = Path(__file__).parents[4] / "shared" / "data" / "awkward"


def verdict(path: Path, tmp_path: Path) -> Facts:
    return make_cached(Order(path=path, cache_folder=tmp_path / "cache", form=Form(64)))


def test_a_text_named_as_a_video(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("These are notes, not a film.\n" * 400)
    facts = verdict(path, tmp_path)
    assert (facts.verdict, facts.reason) == ("unreadable", "it holds text, not a video")


@pytest.mark.parametrize(("content", "reason"), [
    (b"", "the file is empty"), (b"\0" * 9000, "it holds nothing but zeros"),
    (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n", "it holds text, not a video"),
    (b"ffconcat version 1.0\nfile a.mp4\n", "it holds text, not a video"),
    (bytes(range(256)) * 40, "it is no video, or its beginning is damaged"),
])
def test_what_is_no_video(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    facts = verdict(path, tmp_path)
    assert (facts.verdict, facts.frames) == ("unreadable", 0)
    assert facts.reason == reason


def test_sound_alone_and_a_missing_file(tmp_path: Path) -> None:
    assert verdict(write_sound(tmp_path / "sound.mp4"), tmp_path).reason == "it holds only sound"
    assert "cannot be read (No such file" in verdict(tmp_path / "gone.mp4", tmp_path).reason


def test_a_file_cut_off_at_its_end_is_partial_and_its_frames_are_the_first(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "a.avi", frames=60, codec="mpeg4")
    content = whole.read_bytes()
    cut = tmp_path / "cut.avi"
    cut.write_bytes(content[:len(content) * 8 // 10])
    facts = verdict(cut, tmp_path)
    assert facts.verdict == "partial"
    assert 5 < facts.frames < 60
    assert f"{facts.frames} of 60 frames" in facts.reason
    video = CachedVideo(cache_path(tmp_path / "cache", identity=facts.identity, form=Form(64)))
    assert [number_of(y_HW) for y_HW in video.y_NHW][:facts.frames - 1] == list(range(facts.frames - 1))


def test_a_header_that_names_more_than_there_is_and_a_file_that_was_cut(tmp_path: Path) -> None:
    """An AVI keeps its number of frames in two headers and again, truly, in its index at the end."""
    content = bytearray(write_clip(tmp_path / "a.avi", frames=20, codec="mpeg4").read_bytes())
    for box, offset in ((b"avih", 8 + 16), (b"strh", 8 + 32)):
        place = content.index(box) + offset
        assert int.from_bytes(content[place:place + 4], "little") == 20
        content[place:place + 4] = (444).to_bytes(4, "little")
    (tmp_path / "lies.avi").write_bytes(content)
    (tmp_path / "cut.avi").write_bytes(content[:len(content) * 7 // 10])
    facts = verdict(tmp_path / "lies.avi", tmp_path)
    assert (facts.verdict, facts.frames, facts.reason) == ("good", 20, "its header names 444 frames, but it holds 20")
    cut = verdict(tmp_path / "cut.avi", tmp_path)
    assert (cut.verdict, cut.frames < 20) == ("partial", True)
    assert f"{cut.frames} of 444 frames" in cut.reason


def test_a_recording_without_its_index(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "a.mp4", frames=60).read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[:len(whole) * 2 // 3])
    assert verdict(cut, tmp_path).reason == "its index is missing: the recording or the copy was cut off"


def test_mutated_files_all_get_a_verdict(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    originals = [write_clip(tmp_path / "a.mp4", frames=12).read_bytes(),
                 write_clip(tmp_path / "b.avi", frames=12, codec="mpeg4").read_bytes()]
    path = tmp_path / "m.mp4"
    for number in range(40):
        content = bytearray(originals[number % 2])
        for place in rng.integers(0, len(content), 1 + number):
            content[place] = int(rng.integers(256))
        path.write_bytes(content[:rng.integers(1, len(content))] if number % 5 == 0 else content)
        facts = verdict(path, tmp_path)
        assert facts.verdict == "good" or facts.reason
        assert (facts.frames > 0) == (facts.verdict != "unreadable")


@pytest.mark.parametrize(("values", "expected"), [
    ({"frames": 10, "declared_frames": 10, "fault": ""}, ("good", "")),
    ({"frames": 12, "declared_frames": 10, "fault": ""}, ("good", "")),
    ({"frames": 28, "declared_frames": 50, "fault": "its pictures are damaged"},
     ("partial", "28 of 50 frames; its pictures are damaged")),
    ({"frames": 9, "declared_frames": 10, "fault": "", "left_out": 1},
     ("good", "1 more is cut out by its edit list")),
    ({"frames": 6, "declared_frames": 10, "fault": "", "left_out": 1}, ("partial", "6 of 10 frames")),
    ({"frames": 6, "declared_frames": 10, "fault": "x", "left_out": 4}, ("partial", "6 of 10 frames; x")),
    ({"frames": 68, "declared_frames": 444, "fault": "", "held": 68},
     ("good", "its header names 444 frames, but it holds 68")),
    ({"frames": 60, "declared_frames": 444, "fault": "", "held": 68}, ("partial", "60 of 444 frames")),
    ({"frames": 68, "declared_frames": 444, "fault": "its pictures are damaged", "held": 68},
     ("partial", "68 of 444 frames; its pictures are damaged")),
    ({"frames": 0, "declared_frames": 5, "fault": ""}, ("unreadable", "its header names 5 frames, but none is there")),
    ({"frames": 0, "declared_frames": None, "fault": "x"}, ("unreadable", "x")),
    ({"frames": 30, "declared_frames": None, "fault": "", "seconds": 1.2, "declared_seconds": 9.0},
     ("partial", "30 frames: 1.2 of 9.0 seconds")),
    ({"frames": 30, "declared_frames": None, "fault": "", "seconds": 8.5, "declared_seconds": 9.0}, ("good", "")),
])
def test_verdicts(values: dict, expected: tuple[str, str]) -> None:
    assert verdict_of(**values) == expected


@pytest.mark.parametrize("stamps", [[0.0, None, 0.2], [0.0, 0.2, 0.1], [0.1, 0.1, 0.2], [0.0, math.inf, 0.2]])
def test_stamps_that_are_missing_or_do_not_increase_are_not_believed(stamps: list[float | None]) -> None:
    assert np.allclose(frame_times(stamps, frames_per_second=10), [0, 0.1, 0.2])


def test_times_start_at_the_first_frame() -> None:
    assert np.allclose(frame_times([5.0, 5.5, 7.0], frames_per_second=10), [0, 0.5, 2.0])


def test_a_picture_is_turned_as_its_file_says(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", frames=6)
    content = path.read_bytes()
    matrix = content.index(b"tkhd") + 4 + 40
    one = (1 << 16).to_bytes(4, "big")
    minus = ((1 << 32) - (1 << 16)).to_bytes(4, "big")
    turned = bytearray(content)
    turned[matrix:matrix + 20] = bytes(4) + one + bytes(4) + minus + bytes(4)  # shown a quarter turn clockwise
    (tmp_path / "b.mp4").write_bytes(turned)
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert orientation(next(container.decode(video=0))) == (3, False)
    upright, side = (verdict(tmp_path / name, tmp_path) for name in ("a.mp4", "b.mp4"))
    assert (side.width, side.height) == (upright.height, upright.width)
    assert (side.source_width, side.source_height) == (72, 96)
    planes = [CachedVideo(cache_path(tmp_path / "cache", identity=facts.identity, form=Form(64))).y_NHW[3]
              for facts in (upright, side)]
    assert np.array_equal(np.rot90(planes[0], -1), planes[1])


@pytest.mark.skipif(not AWKWARD.is_dir(), reason="the odd files for development are not here")
def test_odd_files_give_the_frames_that_their_list_says(tmp_path: Path) -> None:
    wanted = {entry["file"]: entry["decoded_frames"] or 0 for entry in
              json.loads((AWKWARD / "manifest.json").read_text()) if "very_long" not in entry["file"]}
    for name, frames in wanted.items():
        facts = verdict(AWKWARD / name, tmp_path)
        assert facts.frames == frames, name
        assert facts.verdict == "good" or facts.reason, name


def test_frames_that_an_edit_list_cuts_out_are_not_missing(tmp_path: Path) -> None:
    facts = verdict(edit_listed(tmp_path / "a.mp4"), tmp_path)
    assert (facts.verdict, facts.frames) == ("good", (facts.declared_frames or 0) - 7)
    assert facts.reason == "7 more are cut out by its edit list"


@pytest.mark.skipif(not AWKWARD.is_dir(), reason="the odd files for development are not here")
@pytest.mark.parametrize(("name", "reason"), [
    ("header_lies_frame_count/tree.avi", "its header names 444 frames, but it holds 68"),
    ("header_lies_frame_count/xvid.avi", "its header names 39 frames, but it holds 30"),
    ("header_lies_frame_count/box.mp4", "1 more is cut out by its edit list"),
])
def test_headers_that_lie_are_told_from_videos_that_are_cut(tmp_path: Path, name: str, reason: str) -> None:
    facts = verdict(AWKWARD / name, tmp_path)
    assert (facts.verdict, facts.reason) == ("good", reason)
