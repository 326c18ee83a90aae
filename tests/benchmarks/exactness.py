"""Random access against a sequential decode: `python -m tests.benchmarks.exactness [FOLDER...]` prints JSON.

For every readable file of the folders (usually those for development): the frames of a sequential decode, each as a
fingerprint of its pixels, size, format and turn; then the same frames asked for at random, as clips and backwards.
`different` counts frames that are not byte-equal, `entered` the files that are entered in the middle (the others are
decoded from their beginning each time), `cache` the cached frames that are not those of the sequential decode.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

import av
import numpy as np

from studio.engine.errors import VideoError
from studio.engine.video.cache import CachedVideo, Form, Record, cache_path
from studio.engine.video.library import find_videos
from studio.engine.video.make import Order, Shrinker, make_cached
from studio.engine.video.opening import open_reader
from studio.engine.video.random_reader import RandomReader
from studio.engine.video.reader import orientation
from tests.benchmarks.result import options, tell

DATA = Path(__file__).parents[3] / "shared" / "data"
FOLDERS = ("awkward", "dicom", "echo", "ucf101")
FORM = Form(64)
_MOST_ASKED = 240
"""Frames asked of one file at most; a longer file is asked for that many of its frames, at random."""


@dataclass
class Count:
    """What was compared in a folder."""

    files: int = 0
    unreadable: int = 0
    entered: int = 0
    frames: int = 0
    compared: int = 0
    different: int = 0
    cache_compared: int = 0
    cache_different: int = 0


def fingerprint(frame: av.VideoFrame) -> str:
    """A hash of what is to be seen of a frame, without what pads its lines."""
    digest = blake2b(f"{frame.format.name} {frame.width}x{frame.height} {orientation(frame)}".encode(), digest_size=16)
    for plane in frame.planes:
        lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, abs(plane.line_size))
        used = plane.width * _bytes_of_a_pixel(frame, plane)
        digest.update(np.ascontiguousarray(lines[:plane.height, :used]))
    return digest.hexdigest()


def _bytes_of_a_pixel(frame: av.VideoFrame, plane: av.video.plane.VideoPlane) -> int:
    """Bytes a pixel of a plane takes; rounded up for packed formats of several components."""
    format_ = frame.format
    deep = max((component.bits for component in format_.components), default=8) > 8
    packed = len(frame.planes) == 1 and len(format_.components) > 1
    return (len(format_.components) if packed else 2 if format_.name.startswith(("nv", "p0")) else 1) * (1 + deep)


def sequential(path: Path) -> list[str]:
    """The fingerprints of all frames, decoded one after the other."""
    reader = open_reader(path)
    try:
        return [fingerprint(picture.frame) for picture in reader.pictures()]
    finally:
        reader.close()


def asked(frames: int, rng: np.random.Generator, *, most: int = _MOST_ASKED) -> list[list[int]]:
    """Which frames are asked for: pieces of 16 in a random order, frames one by one backwards, a few at random."""
    starts = rng.permutation(np.arange(0, frames, 16))[:max(1, most // 32)]
    clips = [list(range(start, min(start + 16, frames))) for start in starts.tolist()]
    backwards = np.unique(np.linspace(0, frames - 1, min(frames, most // 4)).astype(int))[::-1]
    far = [rng.integers(0, frames, 5).tolist() for _ in range(max(1, most // 20))]
    return [*clips, *([number] for number in backwards.tolist()), *far]


def differences(path: Path, wanted: Sequence[str], *, seed: int = 0, most: int = _MOST_ASKED) -> tuple[int, int, bool]:
    """Ask for frames at random: how many were compared, how many differ, and whether the file was entered."""
    compared = different = 0
    with RandomReader(path, frames=len(wanted)) as reader:
        for numbers in asked(len(wanted), np.random.default_rng(seed), most=most):
            found = [fingerprint(frame) for frame in reader.frames_at(numbers)]
            compared += len(found)
            different += sum(one != wanted[number] for one, number in zip(found, numbers, strict=True))
        return compared, different, reader.enters


def cache_differences(path: Path, folder: Path) -> tuple[int, int]:
    """Compare each cached frame with the one made of a sequential decode: how many, and how many differ."""
    facts = make_cached(Order(path=path, cache_folder=folder, form=FORM, with_motion=False))
    if not facts.frames:
        return 0, 0
    cached = CachedVideo(cache_path(folder, identity=facts.identity, form=FORM))
    reader, different, shrinker = open_reader(path), 0, None
    record = Record.empty(facts.height, facts.width)
    try:
        for number, picture in enumerate(reader.pictures()):
            shrinker = shrinker or Shrinker(picture.frame, pixel_aspect=reader.source.pixel_aspect,
                                            short_side_pixels=FORM.short_side_pixels)
            shrinker.fill(record, picture.frame)
            same = (np.array_equal(record.y_HW, cached.y_NHW[number]) and
                    np.array_equal(record.u_HW, cached.u_NHW[number]) and
                    np.array_equal(record.v_HW, cached.v_NHW[number]))
            different += not same
    finally:
        reader.close()
    return facts.frames, different


def measure(paths: Sequence[Path], *, most: int = _MOST_ASKED) -> tuple[Count, list[str]]:
    """Compare every file; the names of those with a difference come along."""
    count, wrong = Count(), []
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            try:
                wanted = sequential(path)
            except VideoError:
                wanted = []
            if not wanted:
                count.unreadable += 1
                continue
            compared, different, entered = differences(path, wanted, most=most)
            of_cache, cache_wrong = cache_differences(path, Path(folder))
            count.files += 1
            count.frames += len(wanted)
            count.entered += entered
            count.compared += compared
            count.different += different
            count.cache_compared += of_cache
            count.cache_different += cache_wrong
            if different or cache_wrong:
                wrong.append(path.name)
    return count, wrong


def main() -> None:
    """Compare the files of each folder and print the counts."""
    parser = options(__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    arguments, found = parser.parse_args(), {}
    for folder in arguments.folders or [DATA / name for name in FOLDERS]:
        if folder.is_dir():
            count, wrong = measure([one.file for one in find_videos(folder, source="s") if not one.problem])
            found[folder.name] = {**asdict(count), "wrong": wrong}
    tell({"folders": found}, name="exactness", keep=arguments.keep)


if __name__ == "__main__":
    main()
