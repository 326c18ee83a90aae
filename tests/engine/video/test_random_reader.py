"""Any frame from random access is byte-equal to that frame of a sequential decode, however the file was made."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from studio.engine.errors import VideoError
from studio.engine.video import random_reader
from studio.engine.video.entries import Index
from studio.engine.video.library import find_videos
from studio.engine.video.random_reader import RandomReader, read_index
from tests.benchmarks.exactness import DATA, FOLDERS, differences, measure, sequential
from tests.clips import draw_frame

FRAMES = 46


def encode(path: Path, *, codec: str = "libx264", options: dict[str, str] | None = None, pix_fmt: str = "yuv420p",
           size: tuple[int, int] = (96, 72), gop: int = 10, first: int = 0, uneven: bool = False,
           interlaced: bool = False, b_frames: int = 2, muxer: str | None = None, frames: int = FRAMES,
           unit: int = 10) -> Path:
    """Write a clip with key frames every `gop` frames; `first` is the stamp of the first, in 1 / (25 unit) seconds."""
    with av.open(str(path), "w", format=muxer) as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.gop_size, stream.max_b_frames = gop, b_frames
        stream.codec_context.time_base = Fraction(1, 25 * unit)
        if interlaced:
            stream.codec_context.flags |= av.codec.context.Flags.interlaced_dct
        stamp = first
        for number in range(frames):
            picture = draw_frame(number, width=size[0], height=size[1])
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = stamp, Fraction(1, 25 * unit)
            stamp += unit + (number * 7 % 5 if uneven else 0)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def x264(**more: str) -> dict[str, str]:
    params = ":".join(f"{name.replace('_', '-')}={value}" for name, value in more.items())
    return {"preset": "veryfast", "x264-params": f"scenecut=0:{params}".rstrip(":")}


def two_sizes(path: Path) -> Path:
    """A transport stream whose size changes in the middle."""
    parts = [encode(path.with_name(f"{width}.ts"), size=(width, 72), options=x264(), first=10000 * width, frames=24)
             for width in (96, 128)]
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def without_index(path: Path) -> Path:
    content = encode(path.with_name("whole.avi"), codec="mpeg4", b_frames=0).read_bytes()
    path.write_bytes(content[:content.rindex(b"idx1")])
    return path


def edit_listed(path: Path) -> Path:
    """An MP4 whose edit list begins in the middle of the first group of pictures."""
    content = bytearray(encode(path.with_name("whole.mp4"), options=x264(), b_frames=2).read_bytes())
    place = content.index(b"elst") + 4
    assert content[place] == 0, "a list of 32-bit numbers"
    media_time = int.from_bytes(content[place + 12:place + 16], "big")
    with av.open(str(path.with_name("whole.mp4"))) as container:
        seven = int(7 * Fraction(1, 25) / container.streams.video[0].time_base)
    content[place + 12:place + 16] = (media_time + seven).to_bytes(4, "big")
    path.write_bytes(content)
    return path


def all_keys(path: Path) -> Path:
    """An MP4 without its list of key frames: every frame counts as one."""
    content = encode(path.with_name("whole.mp4"), codec="mpeg4", b_frames=0).read_bytes()
    path.write_bytes(content.replace(b"stss", b"free"))
    return path


MADE: dict[str, tuple[str, Callable[[Path], Path], bool]] = {
    "closed groups": ("a.mp4", lambda path: encode(path, options=x264()), True),
    "open groups": ("a.mkv", lambda path: encode(path, options=x264(open_gop="1", b_adapt="0", bframes="3")), True),
    "open groups in a stream": ("a.ts", lambda path: encode(path, options=x264(open_gop="1", bframes="3")), True),
    "several references": ("a.mp4", lambda path: encode(path, options=x264(ref="4", b_pyramid="normal"), b_frames=4),
                           True),
    "no key frames, refreshed": ("a.ts", lambda path: encode(path, options=x264(intra_refresh="1")), True),
    "a first stamp below zero": ("a.mkv", lambda path: encode(path, options=x264(), first=-730), True),
    "uneven times": ("a.mp4", lambda path: encode(path, options=x264(), uneven=True), True),
    "an edit list": ("a.mp4", edit_listed, True),
    "odd sizes": ("a.mp4", lambda path: encode(path, options=x264(), pix_fmt="yuv444p", size=(97, 73)), True),
    "ten bits": ("a.mp4", lambda path: encode(path, options=x264(), pix_fmt="yuv420p10le"), True),
    "interlaced": ("a.mpg", lambda path: encode(path, codec="mpeg2video", interlaced=True, unit=1),
                   True),
    "another size in the middle": ("a.ts", two_sizes, True),
    "no index": ("a.avi", without_index, True),
    "frames in the order of decoding": ("a.avi", lambda path: encode(path, codec="mpeg4", b_frames=2),
                                        True),
    "every picture called a key": ("a.mp4", all_keys, False),
    "no time stamps": ("a.h264", lambda path: encode(path, options=x264(), muxer="h264"), False),
    "hevc": ("a.mp4", lambda path: encode(path, codec="libx265", options={"x265-params": "log-level=0:keyint=10",
                                                                         "preset": "ultrafast"}), True),
    "references that are never shown": ("a.webm", lambda path: encode(
        path, codec="libvpx", b_frames=0, options={"auto-alt-ref": "1", "lag-in-frames": "16", "deadline": "good",
                                                   "cpu-used": "5"}), True),
    "vp9": ("a.webm", lambda path: encode(path, codec="libvpx-vp9", b_frames=0, options={
        "deadline": "realtime", "cpu-used": "8"}), True),
    "single pictures": ("a.mov", lambda path: encode(path, codec="mjpeg", pix_fmt="yuvj420p", b_frames=0), True),
}


@pytest.mark.parametrize("kind", MADE)
def test_random_access_gives_the_frames_of_a_sequential_decode(tmp_path: Path, kind: str) -> None:
    name, make, enters = MADE[kind]
    path = make(tmp_path / name)
    wanted = sequential(path)
    assert len(wanted) >= FRAMES - 7
    compared, different, entered = differences(path, wanted)
    assert (different, entered) == (0, enters)
    assert compared >= 2 * len(wanted)


def test_a_reader_that_checks_nothing_gives_wrong_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: it takes what comes after an entry, whatever it is."""
    def unchecked(packets, _index, _first):
        for packet in packets:
            yield from packet.decode()

    monkeypatch.setattr(random_reader, "_follow", unchecked)
    path = all_keys(tmp_path / "a.mp4")
    assert differences(path, sequential(path))[1] > 0


def test_a_lying_index_is_noticed_and_the_frames_stay_right(tmp_path: Path) -> None:
    """Every picture named an entry, and stamps that are not there: the check by time stamps sends it to the start."""
    path = encode(tmp_path / "a.mp4", options=x264())
    wanted = sequential(path)
    index = read_index(path)
    assert index is not None
    assert index.entries_K.tolist() == [0, 10, 20, 30, 40]
    for lie in (Index(index.stamps_N, index.places_N, np.arange(FRAMES)),
                Index(index.stamps_N + 1, index.places_N, index.entries_K)):
        with RandomReader(path, frames=FRAMES, index=lie) as reader:
            found = [frame.pts for frame in reader.frames_at([25, 3, 44])]
            assert not reader.enters
        assert found == [index.stamps_N[number] for number in (25, 3, 44)]
    assert len(wanted) == FRAMES


def test_only_so_much_is_kept_and_only_what_is_there_is_given(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", options=x264())
    with RandomReader(path, frames=FRAMES, held_bytes=50_000) as reader:
        assert len(reader.frames_at([9, 9, 0])) == 3
        assert reader._held._bytes <= 50_000
        for number in (-1, FRAMES):
            with pytest.raises(VideoError, match="is not there"):
                reader.frames_at([number])
    with RandomReader(path, frames=FRAMES + 5) as reader:
        assert not reader.enters
        with pytest.raises(VideoError, match=f"frame {FRAMES} is not there"):
            reader.frames_at([FRAMES])


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("folder", FOLDERS)
def test_the_files_for_development_are_exact(folder: str) -> None:
    if not (DATA / folder).is_dir():
        pytest.skip("the videos for development are not here")
    paths = [one.file for one in find_videos(DATA / folder, source="s") if not one.problem]
    count, wrong = measure([path for path in paths if path.parent.name != "very_long"])
    assert wrong == []
    assert count.compared >= count.frames > 0
    assert (count.different, count.cache_different) == (0, 0)
