"""Frame i of the cache is frame i of a sequential decode, and a cache file that is not whole is refused and remade."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace, Interpolation

from studio.engine.errors import MachineError, VideoError
from studio.engine.video.cache import HEADER_BYTES, CachedVideo, Facts, Form, Maps, cache_path
from studio.engine.video.make import LONGEST_ASPECT, Order, cached_size, make_cached
from studio.engine.video.motion import MotionMeter
from tests.clips import number_of, write_clip

ROOT = Path(__file__).parents[3]


def made(path: Path, cache: Path, *, short_side_pixels: int = 64) -> tuple[Facts, CachedVideo]:
    facts = make_cached(Order(path=path, cache_folder=cache, form=Form(short_side_pixels)))
    return facts, CachedVideo(cache_path(cache, identity=facts.identity, form=Form(short_side_pixels)))


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("b.avi", "mpeg4"), ("c.mkv", "libx264")])
def test_every_frame_is_there_once_and_in_order(tmp_path: Path, name: str, codec: str) -> None:
    facts, video = made(write_clip(tmp_path / name, frames=50, codec=codec), tmp_path / "cache")
    assert (facts.verdict, facts.frames, facts.reason) == ("good", 50, "")
    assert [number_of(y_HW) for y_HW in video.y_NHW] == list(range(50))
    assert np.allclose(video.times_N, np.arange(50) / 25)
    assert facts.seconds == pytest.approx(2.0)
    assert (video.height, video.width) == (64, 86)


def test_planes_equal_those_of_a_plain_decode_byte_for_byte(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", frames=12)
    _, video = made(path, tmp_path / "cache")
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            small = frame.reformat(video.width, video.height, "yuv420p", interpolation=Interpolation.AREA,
                                   dst_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.JPEG)
            for plane, cached_NHW in zip(small.planes, (video.y_NHW, video.u_NHW, video.v_NHW), strict=True):
                lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
                assert np.array_equal(lines[:plane.height, :plane.width], cached_NHW[number])


def test_times_follow_the_stamps_where_they_are_uneven(tmp_path: Path) -> None:
    stamps = [10 * n + (7 if n % 3 == 1 else 0) for n in range(20)]
    _, video = made(write_clip(tmp_path / "a.mkv", frames=20, stamps=stamps), tmp_path / "cache")
    assert np.allclose(video.times_N, np.array(stamps) / 250, atol=1e-3)
    assert [video.frame_at(time) for time in video.times_N] == list(range(20))
    assert (video.frame_at(-5), video.frame_at(1e9), video.frame_at(float(video.times_N[3]) - 0.002)) == (0, 19, 2)


def test_the_first_frame_repeats_the_motion_of_the_second(tmp_path: Path) -> None:
    facts, video = made(write_clip(tmp_path / "a.mp4", frames=20), tmp_path / "cache")
    meter = MotionMeter()
    expected = [meter.next(np.asarray(y_HW)) for y_HW in video.y_NHW]
    assert video.motion_N[0] == video.motion_N[1] > 0
    assert np.allclose(video.motion_N[1:], [mean for mean, _ in expected[1:]])
    assert np.array_equal(video.motion_grid_NYX[0], video.motion_grid_NYX[1])
    assert np.array_equal(video.motion_grid_NYX[1:], [cells_YX for _, cells_YX in expected[1:]])
    assert facts.motion == pytest.approx(float(video.motion_N.mean()))
    _, single = made(write_clip(tmp_path / "b.mp4", frames=1), tmp_path / "cache")
    assert list(single.motion_N) == [0]


def test_colours_come_back_as_training_makes_them(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from studio.engine.training.pixels import to_rgb

    _, video = made(write_clip(tmp_path / "a.mp4", frames=3), tmp_path / "cache")
    y, u, v = (torch.from_numpy(plane[:].copy()).float() for plane in (video.y_NHW, video.u_NHW, video.v_NHW))
    u, v = (plane.repeat_interleave(2, 1).repeat_interleave(2, 2) for plane in (u, v))
    expected = to_rgb(torch.stack([y, u, v])[None])[0].movedim(0, -1).round().to(torch.uint8)
    shown = video.rgb([0, 1, 2])
    assert shown.shape == (3, 64, 86, 3)
    assert np.abs(shown.astype(int) - expected.numpy()).max() <= 1
    assert np.array_equal(video.rgb([2, 0])[1], shown[0])
    square = shown[0][64 // 4 + 4:64 // 4 + 12, :, 0].max()
    assert square > 190, "the square is red"


def test_one_pixel_value_survives_the_range(tmp_path: Path) -> None:
    _, video = made(write_clip(tmp_path / "a.mp4", frames=2), tmp_path / "cache")
    strip = video.rgb([1])[0][-4:]
    assert strip[:, -6:].min() > 220
    assert strip[:, :6].max() < 35


@pytest.mark.parametrize(("width", "height", "aspect", "expected"), [
    (320, 240, 1.0, (170, 128)), (240, 320, 1.0, (128, 170)), (720, 576, 16 / 15, (170, 128)), (2, 2, 1.0, (128, 128)),
    (4000, 2, 1.0, (128 * LONGEST_ASPECT, 128)), (1920, 1080, 1.0, (228, 128)),
])
def test_the_cached_size_is_even_and_of_the_shape_as_shown(width: int, height: int, aspect: float,
                                                           expected: tuple[int, int]) -> None:
    assert cached_size(width, height, pixel_aspect=aspect, short_side_pixels=128) == expected


def test_a_file_made_once_is_not_decoded_again(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4")
    first, video = made(path, tmp_path / "cache")
    stamp = video.path.stat().st_mtime_ns
    assert made(path, tmp_path / "cache")[0] == first
    assert video.path.stat().st_mtime_ns == stamp


def damages(content: bytes) -> dict[str, bytes]:
    header = bytearray(content)
    header[60] ^= 1
    return {"short": content[:-1], "cut": content[:len(content) // 2], "header only": content[:HEADER_BYTES],
            "empty": b"", "longer": content + b"x", "flipped": bytes(header), "foreign": b"\0" * len(content)}


@pytest.mark.parametrize("damage", damages(bytes(HEADER_BYTES)))
def test_a_damaged_cache_is_refused_and_made_again(tmp_path: Path, damage: str) -> None:
    path = write_clip(tmp_path / "a.mp4")
    facts, video = made(path, tmp_path / "cache")
    whole = video.path.read_bytes()
    video.path.write_bytes(damages(whole)[damage])
    with pytest.raises(VideoError, match=r"cached frames"):
        CachedVideo(video.path)
    assert made(path, tmp_path / "cache")[0] == facts
    assert video.path.read_bytes() == whole


def test_a_damaged_table_is_refused(tmp_path: Path) -> None:
    _, video = made(write_clip(tmp_path / "a.mp4"), tmp_path / "cache")
    content = bytearray(video.path.read_bytes())
    content[-5] ^= 4
    video.path.write_bytes(content)
    with pytest.raises(VideoError, match="table of times is damaged"):
        _ = CachedVideo(video.path).motion_N


def test_maps_are_few_and_what_is_in_use_stays(tmp_path: Path) -> None:
    maps = Maps(2)
    paths = [tmp_path / str(number) for number in range(5)]
    for number, path in enumerate(paths):
        path.write_bytes(bytes([number]) * 10)
    views = [np.frombuffer(maps.get(path), np.uint8) for path in paths]
    assert [int(view[3]) for view in views] == [0, 1, 2, 3, 4]
    assert len(maps._maps) == 2
    assert maps.get(paths[4]) is maps.get(paths[4])


def test_a_file_that_grows_while_it_is_read_is_not_kept(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4")

    def told(frames: int) -> None:
        if frames == 5:
            with path.open("ab") as stream:
                stream.write(b"more")

    facts = make_cached(Order(path=path, cache_folder=tmp_path / "cache", form=Form(64)), told)
    assert (facts.verdict, facts.reason) == ("unreadable", "the file changed or went away while it was read")
    assert not list((tmp_path / "cache").rglob("*.*"))


_CHILD = """
import resource, signal, sys
from pathlib import Path
from studio.engine.video.cache import Form
from studio.engine.video.make import Order, make_cached
limit, kills = int(sys.argv[3]), sys.argv[4] == "kill"
if kills:
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
make_cached(Order(path=Path(sys.argv[1]), cache_folder=Path(sys.argv[2]), form=Form(64)))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file-size limits are POSIX")
def test_death_in_the_middle_of_a_write_leaves_the_old_or_the_new_state(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4")
    facts, video = made(path, tmp_path / "whole")
    whole = video.path.read_bytes()
    for number, limit in enumerate([0, 1, HEADER_BYTES, HEADER_BYTES + 9, len(whole) // 2, len(whole) - 1, len(whole)]):
        cache = tmp_path / f"cache{number}"
        target = cache_path(cache, identity=facts.identity, form=Form(64))
        done = subprocess.run([sys.executable, "-c", _CHILD, str(path), str(cache), str(limit), "kill"], cwd=ROOT,
                              capture_output=True, check=False)
        if limit == len(whole):
            assert done.returncode == 0
            assert target.read_bytes() == whole
        else:
            assert done.returncode == -signal.SIGXFSZ
            assert not target.exists()
        assert made(path, cache)[0] == facts, "what a dead process left does not disturb"
        assert target.read_bytes() == whole


def test_a_writer_that_writes_in_place_would_leave_half_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: without the temporary file the test above finds a file that is neither old nor new."""
    from contextlib import contextmanager

    from studio.engine import files

    @contextmanager
    def in_place(target: Path):
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as stream:
            yield stream

    monkeypatch.setattr(files, "atomic_file", in_place)
    path = write_clip(tmp_path / "a.mp4")
    with pytest.raises(KeyboardInterrupt):
        make_cached(Order(path=path, cache_folder=tmp_path / "cache", form=Form(64)), _interrupt)
    left = list((tmp_path / "cache").rglob("*.frames"))
    assert left
    with pytest.raises(VideoError):
        CachedVideo(left[0])


def _interrupt(frames: int) -> None:
    if frames == 7:
        raise KeyboardInterrupt


@pytest.mark.skipif(sys.platform == "win32", reason="file-size limits are POSIX")
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    kept = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(MachineError, match="the disk is full"):
            make_cached(Order(path=path, cache_folder=tmp_path / "cache", form=Form(64)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, kept)
    assert not [name for _, _, names in os.walk(tmp_path / "cache") for name in names]
