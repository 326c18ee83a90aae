"""A large catalogue: `python -m tests.benchmarks.catalogue [VIDEOS]` prints JSON (usually 100 000 videos).

Rows are made up; each time is the best of five, in milliseconds. `scan` adds ten videos to a tenth of that: files and
cached frames of the others are there (sparse), so that what is measured is what a scan costs of itself.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from zlib import crc32

from studio.engine.catalogue import Catalogue, Video
from studio.engine.events import Finished
from studio.engine.project import Project
from studio.engine.video.cache import HEADER_BYTES, Facts, cache_path, pack_header
from studio.engine.video.footage import form_of
from studio.engine.video.ingest import scan
from tests.benchmarks.result import options, tell

REPEATS = 5
REACH = {"open": 1000, "filter": 100}


def video(number: int, **values: Any) -> Video:
    """One made-up row: wards, patients, clips; three in four are readable."""
    return Video(**{
        "source": f"clinic-{number % 3}", "path": f"ward {number % 97}/patient-{number // 7:05d}/clip{number}.mp4",
        "size": 1000, "identity": sha256(str(number).encode()).hexdigest(), "frames": 120, "seconds": 4.8,
        "verdict": ("good", "good", "partial", "unreadable")[number % 4], "frames_per_second": 25.0, "width": 320,
        "reason": "its pictures are damaged" if number % 4 > 1 else "", "height": 240, "codec": "h264",
        "group": f"clinic/patient-{number // 7:05d}", "motion": 1.5, "findings": (), **values})


def fill(catalogue: Catalogue, videos: int) -> None:
    """Put made-up rows."""
    for number in range(videos):
        catalogue.put(video(number))


def best(work: Callable[[], object]) -> float:
    """The shortest of some tries, in milliseconds."""
    spent = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        spent.append(time.perf_counter() - started)
    return round(1000 * min(spent), 2)


def queries(path: Path, videos: int) -> dict[str, float]:
    """Milliseconds of what pages and commands ask of a catalogue."""
    def opened() -> None:
        with Catalogue(path) as catalogue:
            catalogue.videos()

    found = {"open": best(opened)}
    with Catalogue(path) as catalogue:
        middle = video(videos // 2)

        def change() -> None:
            catalogue.change([videos // 2], excluded=True)
            catalogue.commit()

        found |= {
            "usable": best(lambda: catalogue.videos(usable_only=True)), "counts": best(catalogue.counts),
            "find_path": best(lambda: catalogue.find(middle.path)),
            "find_end": best(lambda: catalogue.find(Path(middle.path).name)),
            "search_few": best(lambda: catalogue.search(f"clip{videos // 2}.")),
            "search_many": best(lambda: catalogue.search("patient")),
            "search_verdict": best(lambda: catalogue.search(verdict="partial")),
            "change_one": best(change), "two_columns": best(lambda: catalogue.rows("id", "verdict"))}
    return found


def table(path: Path) -> dict[str, float]:
    """Milliseconds of the window's table of videos."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from studio.gui.shelf import Shelf
    from studio.gui.widgets.video_model import PROBLEMS, VideoModel

    application = QApplication.instance() or QApplication([])
    with Catalogue(path) as catalogue:
        shelf = Shelf(catalogue.videos())
    model = VideoModel(lambda _video: None)
    letters = iter("clip" * REPEATS)
    found = {"take_over": best(lambda: model.set_videos(shelf)),
             "filter_few": best(lambda: model.set_filter(f"{next(letters)}lip50000.")),
             "filter_many": best(lambda: model.set_filter(next(letters))),
             "filter_problems": best(lambda: (model.set_filter(next(letters)), model.set_filter("", PROBLEMS))),
             "sort": best(lambda: model.sort(1))}
    del application
    return found


def made_up_project(root: Path, videos: int) -> Project:
    """A project whose videos are all there and unchanged: empty files, rows, and sparse cached frames."""
    folder = root / "videos"
    project = Project.create(root / "study")
    source = project.add_source(_folder(folder)).name
    with project.catalogue() as catalogue:
        for number in range(videos):
            row = video(number, source=source, path=f"{number % 100}/clip{number}.mp4", verdict="good", reason="")
            file = _folder(folder / str(number % 100)) / f"clip{number}.mp4"
            file.write_bytes(b"x")
            status = file.stat()
            catalogue.put(video(number, source=source, path=row.path, verdict="good", reason="", frames=2,
                                size=status.st_size, modified_ns=status.st_mtime_ns))
            facts = Facts(identity=row.identity, frames=2, height=64, width=86, verdict="good", reason="",
                          declared_frames=2, seconds=0.08, frames_per_second=25.0, source_width=320, source_height=240,
                          codec="h264", motion=1.0, tables_crc=crc32(b""))
            target = cache_path(project.cache_folder, identity=row.identity, form=form_of(project, row))
            _folder(target.parent)
            with target.open("wb") as stream:
                stream.write(pack_header(facts))
                stream.truncate(HEADER_BYTES + 2 * (facts.record_bytes + 12))
    return project


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def scanned(project: Project) -> dict[str, Any]:
    """Scan again: what it says, and how long it took."""
    started = time.perf_counter()
    *_, last = scan(project, workers=1, with_motion=False)
    assert isinstance(last, Finished)
    return {"new": last.result["new"], "unchanged": last.result["unchanged"],
            "seconds": round(time.perf_counter() - started, 3)}


def scans(root: Path, videos: int) -> dict[str, Any]:
    """A scan that finds nothing new, and one that finds ten new files."""
    project = made_up_project(root, videos)
    found = {"first": scanned(project), "again": scanned(project)}
    for number in range(10):
        (root / "videos" / f"new{number}.mp4").write_bytes(b"no video %d" % number)
    return {**found, "ten_new": scanned(project)}


def main() -> None:
    """Measure and print."""
    parser = options(__doc__)
    parser.add_argument("videos", nargs="?", type=int, default=100_000)
    arguments = parser.parse_args()
    videos = arguments.videos
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalogue.sqlite"
        with Catalogue(path) as catalogue:
            fill(catalogue, videos)
        tell({"videos": videos, "reach": REACH, "catalogue": queries(path, videos), "table": table(path),
              "scan": {"videos": videos // 10, **scans(Path(folder), videos // 10)}}, name="catalogue",
             keep=arguments.keep)


if __name__ == "__main__":
    main()
