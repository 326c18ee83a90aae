"""Ingest against plain decoding, per core: `python -m tests.benchmarks.ingest [FOLDER]` prints JSON.

Both sides run in this process, one thread, the same files, turn by turn; the best of three is kept. `ratio` is the
speed of ingest (decode, shrink, motion, write) as a share of the speed of a PyAV loop that only decodes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import av

from studio.engine import files
from studio.engine.errors import VideoError
from studio.engine.video import vision
from studio.engine.video.cache import Form
from studio.engine.video.library import find_videos
from studio.engine.video.make import Order, make_cached
from studio.engine.video.reader import VideoReader
from tests.benchmarks.result import options, tell

REPEATS = 3
REACH = {"ratio": 0.35, "without_motion": 0.6}


def decode(paths: Sequence[Path]) -> int:
    """Decode every frame and drop it."""
    frames = 0
    for path in paths:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "NONE"
            stream.codec_context.thread_count = 1
            frames += sum(1 for _ in container.decode(stream))
    return frames


def ingest(paths: Sequence[Path], *, with_motion: bool) -> int:
    """Make the cached frames of every file in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        return sum(make_cached(Order(path=path, cache_folder=Path(folder), form=Form(128),
                                     with_motion=with_motion)).frames for path in paths)


def readable(paths: Sequence[Path]) -> list[Path]:
    """The files that FFmpeg opens and decodes to the end."""
    kept = []
    for path in paths:
        try:
            reader = VideoReader(path)
        except VideoError:
            continue
        if any(True for _ in reader.pictures()) and not reader.fault:
            kept.append(path)
        reader.close()
    return kept


def timed(work: Callable[[], int]) -> tuple[int, float]:
    """Frames and processor seconds of this process: other programs on the machine do not count."""
    start = time.process_time()
    return work(), time.process_time() - start


def main() -> None:
    """Measure and print."""
    parser = options(__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=files.resource("sample"))
    arguments = parser.parse_args()
    vision.one_thread()
    paths = readable([found.file for found in find_videos(arguments.folder, source="") if found.file.suffix != ".dcm"])
    best: dict[str, float] = {}
    frames = 0
    for _ in range(REPEATS):
        for name, work in (("decode", lambda: decode(paths)), ("ingest", lambda: ingest(paths, with_motion=True)),
                           ("without", lambda: ingest(paths, with_motion=False))):
            frames, seconds = timed(work)
            best[name] = min(seconds, best.get(name, seconds))
    tell({
        "files": len(paths), "frames": frames, "decode_seconds": round(best["decode"], 3),
        "ingest_seconds": round(best["ingest"], 3), "without_motion_seconds": round(best["without"], 3),
        "ratio": round(best["decode"] / best["ingest"], 3),
        "without_motion_ratio": round(best["decode"] / best["without"], 3), "reach": REACH},
        name="ingest", keep=arguments.keep)


if __name__ == "__main__":
    main()
