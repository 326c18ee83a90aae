"""Tuples delivered a second, beside other ways: `python -m tests.benchmarks.data [FOLDER...] [--rounds N] [--keep]`.

Tuples are those of the recipe clip-order: 3 clips of 16 frames of 112 x 112. The studio delivers them as its training
step takes them: uint8 planes in memory (`planes`), and coloured to float on the processor (`coloured`, single thread).
All sides run in turn in this process, one thread that loads, the same videos, frames and crops; medians of the rounds.
Rates are by the clock, and (`processor`) by the time that the processor spent: other programs do not count in those.
Cold: the pages of the files that a side reads are dropped from the system's cache before each round
(`posix_fadvise`); `disk_bytes` is what it then read. `repays_in_epochs` counts the start of the child process on these
few videos; `…_of_many` is what each further video adds, as in a project of the size of UCF101. Without folders: those
for development.
"""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import torch

from studio.engine.device import choose_device, threads_used
from studio.engine.events import Finished
from studio.engine.project import Project
from studio.engine.recipe import Recipe, load_recipe
from studio.engine.training.loader import Loader
from studio.engine.training.network import build_network
from studio.engine.training.objective import Objective
from studio.engine.training.pixels import network_input
from studio.engine.training.plan import Plan, deal_batch, make_plan
from studio.engine.training.precision import choose_precision, prepared
from studio.engine.training.step import Stepper
from studio.engine.video.cache import MOST_MAPPED, CachedVideo, Maps
from studio.engine.video.footage import Footage, open_footage
from studio.engine.video.ingest import scan
from tests.benchmarks.result import options, tell
from tests.benchmarks.rivals import Ask, JpegFolder, seeking, vcop_style, write_jpegs

DATA = Path(__file__).parents[3] / "shared" / "data"
REACH = {"warm": 300, "cold": 20, "against_seeking": 50, "repays_in_epochs": 1, "scan_megabytes": 500}
RIVAL_TUPLES = 24
WAIT_STEPS = 12
LONG_FRAMES = 20_000
UCF101_FRAMES = 2.48e6
COPIED_VIDEOS = 200
_ENDINGS = {".avi": b"JUNK\x04\0\0\0", ".mp4": b"\0\0\0\x0cfree"}


def made(project: Project, folders: Sequence[Path], **options: Any) -> dict[str, float]:
    """Scan folders with one child process: seconds on the clock, and of the processor in it and its child."""
    before, start = _all_processor_seconds(), time.perf_counter()
    *_, last = scan(project, folders, workers=1, **options)
    assert isinstance(last, Finished)
    return {"seconds": time.perf_counter() - start, "processor_seconds": _all_processor_seconds() - before,
            "videos": last.result["videos"]}


def _all_processor_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def copied(folder: Path, target: Path, *, times: int) -> Path:
    """Copies of the videos of a folder, each with a few bytes at its end that no player reads: other files."""
    for number in range(times):
        for path in sorted(folder.rglob("*")):
            if path.suffix in _ENDINGS:
                copy = target / path.relative_to(folder).with_name(f"{path.stem}-{number}{path.suffix}")
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes() + _ENDINGS[path.suffix] + number.to_bytes(4, "little"))
    return target


def drop(paths: Sequence[Path]) -> None:
    """Take the pages of files out of the system's cache."""
    gc.collect()
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def disk_bytes() -> int:
    """Bytes that this process made the disk read; -1 where the system does not tell."""
    try:
        return int(psutil.Process().io_counters().read_bytes)
    except (psutil.Error, AttributeError):
        return -1


def studio_round(project: Project, recipe: Recipe, *, tuples: int, cold: bool) -> dict[str, float]:
    """One pass of the studio's loader from opened footage on."""
    plan = make_plan(open_footage(project), recipe)
    if cold:
        drop([video.path for video in plan.train.cached])
    batches, read = max(2, tuples // recipe.training.batch_size), disk_bytes()
    coloured = 0.0
    with Loader(plan, device=torch.device("cpu")) as loader:
        start, spent = time.perf_counter(), time.process_time()
        for _ in range(batches):
            batch = loader.take()
        seconds, spent = time.perf_counter() - start, time.process_time() - spent
        start = time.perf_counter()
        network_input(batch.planes, batch.tuples, recipe.augmentation, "cpu")
        coloured = time.perf_counter() - start
    count = batches * recipe.training.batch_size
    coloured /= recipe.training.batch_size
    return {"planes": count / seconds, "processor": count / spent, "coloured": 1 / (seconds / count + coloured),
            "disk_bytes": disk_bytes() - read}


def rival_round(load: Callable[[Ask], object], asks: Sequence[Ask], paths: Sequence[Path], *,
                cold: bool) -> tuple[float, float]:
    """Tuples a second of another way, one after the other: by the clock, and of the processor's time."""
    if cold:
        drop([paths[video] for video in {ask[0] for ask in asks}])
    start, spent = time.perf_counter(), time.process_time()
    for ask in asks:
        load(ask)
    return len(asks) / (time.perf_counter() - start), len(asks) / (time.process_time() - spent)


def jpeg_round(folder: Path, asks: Sequence[Ask], *, cold: bool) -> float:
    """Tuples a second of a DataLoader on a folder of JPEGs, without processes of its own."""
    if cold:
        drop([path for video in {ask[0] for ask in asks} for path in (folder / str(video)).iterdir()])
    start = time.perf_counter()
    count = sum(len(batch) for batch in torch.utils.data.DataLoader(JpegFolder(folder, asks), batch_size=8))
    return count / (time.perf_counter() - start)


def asked(plan: Plan, *, count: int) -> list[Ask]:
    """The first tuples of the plan, as numbers."""
    found: list[Ask] = []
    for step in range(-(-count // plan.recipe.training.batch_size)):
        tuples = deal_batch(plan, step=step)
        found += [(int(tuples.video_B[b]), tuples.frames_BEF[b], tuples.crop_BE2[b]) for b in range(len(tuples))]
    return found[:count]


def delivery(project: Project, scratch: Path, *, rounds: int) -> dict[str, Any]:
    """Tuples a second of every way, in turn, warm and cold."""
    recipe = load_recipe("clip-order", ["training.device=cpu"])
    plan = make_plan(open_footage(project), recipe)
    paths = [project.video_file(source=video.source, path=video.path) for video in plan.train.videos]
    asks, epoch = asked(plan, count=RIVAL_TUPLES), 8 * max(6, len(paths) // 8)
    write_jpegs(paths, scratch / "jpegs")
    vcop, seek = vcop_style(paths), seeking(paths)
    found: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        found.setdefault(name, []).append(value)

    for number in range(rounds + 1):
        for cold in (False, True):
            way = "cold" if cold else "warm"
            seen = studio_round(project, recipe, tuples=epoch, cold=cold)
            (vcop_rate, vcop_spent), (seek_rate, seek_spent) = (rival_round(load, asks, paths, cold=cold)
                                                                for load in (vcop, seek))
            jpeg_rate = jpeg_round(scratch / "jpegs", asks, cold=cold)
            if not number:  # the first round warms up
                continue
            for name, value in {**{f"studio_{key}_{way}": value for key, value in seen.items()},
                                f"vcop_style_{way}": vcop_rate, f"seeking_{way}": seek_rate,
                                f"jpeg_folder_{way}": jpeg_rate, f"vcop_style_processor_{way}": vcop_spent,
                                f"ratio_processor_{way}": seen["processor"] / vcop_spent,
                                f"ratio_seeking_processor_{way}": seen["processor"] / seek_spent,
                                f"ratio_{way}": seen["planes"] / vcop_rate,
                                f"ratio_coloured_{way}": seen["coloured"] / vcop_rate,
                                f"ratio_seeking_{way}": seen["planes"] / seek_rate,
                                f"ratio_jpeg_folder_{way}": seen["planes"] / jpeg_rate}.items():
                note(name, value)
    return {"train_videos": len(paths), "rounds": rounds, "tuples_a_round": epoch,
            **{name: round(statistics.median(values), 3) for name, values in found.items()}}


def waiting(project: Project, name: str) -> dict[str, Any]:
    """Share of the time that training steps wait for their data, and what the step itself takes."""
    recipe = load_recipe(name)
    plan, device = make_plan(open_footage(project), recipe), choose_device("auto").device
    steps, waited, total = WAIT_STEPS, 0.0, 0.0
    with threads_used(0):
        precision = choose_precision(recipe, device)
        stepper = Stepper(prepared(build_network(recipe).to(device), precision), Objective.of(recipe),
                          recipe.training, device=device, precision=precision)
        with Loader(plan, device=device) as loader:
            for step in range(steps + 2):
                if step == 2:
                    waited, total = loader.waited_seconds, time.perf_counter()
                batch = loader.take()
                stepper.step(loader.clips(batch), batch.tuples, learning_rate=0.0)
            total, waited = time.perf_counter() - total, loader.waited_seconds - waited
    return {"recipe": name, "step_seconds": round(total / steps, 4), "wait_share": round(waited / total, 5)}


def tiers(project: Project, scratch: Path, folders: Sequence[Path]) -> dict[str, Any]:
    """Bytes and tuples a second (warm) of each tier, on the same folders."""
    recipe, found = load_recipe("clip-order", ["training.device=cpu"]), {}
    for tier in ("map", "jpeg", "video"):
        other = project if tier == "map" else Project.create(scratch / tier)
        spent = {} if tier == "map" else made(other, folders, tier=tier)
        rates = [studio_round(other, recipe, tuples=64, cold=False)["planes"] for _ in range(3)]
        frames = sum(video.frames for video in open_footage(other).cached)
        size = sum(path.stat().st_size for path in other.cache_folder.glob("*/*-*.*"))
        found[tier] = {"bytes_a_frame": round(size / frames, 1),
                       "ucf101_gigabytes": round(size / frames * UCF101_FRAMES / 1e9, 2),
                       "tuples_a_second": round(statistics.median(rates), 1),
                       **{key: round(value, 2) for key, value in spent.items() if key != "videos"}}
    return found


def memory_of_many(footage: Footage, scratch: Path) -> dict[str, Any]:
    """Memory after dealing and cutting from few videos and from many (links to their files), and what a batch cost."""
    recipe = load_recipe("clip-order", ["training.device=cpu"])
    found: dict[str, Any] = {"mapped_at_most": MOST_MAPPED}
    for times in (1, 20):
        maps, videos, cached = Maps(), [], []
        for number in range(times):
            for video, one in zip(footage.videos, footage.cached, strict=True):
                path = scratch / f"{number}-{one.path.name}"
                os.link(one.path, path)
                videos.append(video)
                cached.append(CachedVideo(path, maps=maps))
        plan = make_plan(Footage(videos, cached), recipe)
        spent = time.process_time()
        with Loader(plan, device=torch.device("cpu")) as loader:
            for _ in range(plan.steps_per_epoch):
                loader.take()
        spent = (time.process_time() - spent) / plan.steps_per_epoch
        gc.collect()
        status = Path("/proc/self/status").read_text() if sys.platform == "linux" else ""
        found[f"videos_{len(cached)}"] = {
            line.split(":")[0]: f"{int(line.split()[1]) >> 10} MB" for line in status.splitlines()
            if line.startswith(("RssAnon", "RssFile"))} | {"milliseconds_a_batch": round(1000 * spent, 3)}
        for path in scratch.glob("*.frames"):
            path.unlink()
    return found


def scan_of_a_long_video(scratch: Path) -> dict[str, Any]:
    """The most memory that a process of a scan had, on a video of many frames in each tier."""
    folder = scratch / "long"
    _write_long(folder / "long.mp4")
    found: dict[str, Any] = {"frames": LONG_FRAMES}
    for tier in ("map", "jpeg", "video"):
        arguments = [sys.executable, "-m", "studio", "scan", str(scratch / f"of-{tier}"), str(folder), "--tier", tier,
                     "--workers", "1", "--json"]
        most = 0
        with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            parent = psutil.Process(child.pid)
            while child.poll() is None:
                for one in [parent, *_children(parent)]:
                    try:
                        most = max(most, one.memory_info().rss)
                    except psutil.Error:
                        continue
                time.sleep(0.05)
        found[f"megabytes_{tier}"] = most >> 20
        found[f"code_{tier}"] = child.returncode
    return found


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _write_long(path: Path) -> None:
    path.parent.mkdir(parents=True)
    rng = np.random.default_rng(0)
    noise = rng.integers(60, 190, (480, 640), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "30"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(LONG_FRAMES):
            top, left = number % 240, number * 3 % 320
            picture = np.ascontiguousarray(noise[top:top + 240, left:left + 320])
            frame = av.VideoFrame.from_ndarray(picture, "gray8").reformat(format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def measure(folder: Path, scratch: Path, *, rounds: int) -> dict[str, Any]:
    """All figures of one folder of videos."""
    project = Project.create(scratch / "study")
    ingest = made(project, [folder])
    many = made(Project.create(scratch / "many"), [
        copied(folder, scratch / "copies", times=max(1, round(COPIED_VIDEOS / ingest["videos"])))])
    found = delivery(project, scratch, rounds=rounds)
    epoch_seconds = ingest["videos"] / found["vcop_style_warm"]
    more = many["videos"] - ingest["videos"]
    found |= {"ingest": {key: round(value, 2) for key, value in ingest.items()},
              "repays_in_epochs": round(ingest["seconds"] / epoch_seconds, 3),
              "repays_in_epochs_of_processor_time": round(
                  ingest["processor_seconds"] * found["vcop_style_processor_warm"] / ingest["videos"], 3),
              "ingest_of_copies": {key: round(value, 2) for key, value in many.items()},
              "repays_in_epochs_of_many": round(
                  (many["seconds"] - ingest["seconds"]) / more * found["vcop_style_warm"], 3),
              "repays_in_epochs_of_many_of_processor_time": round(
                  (many["processor_seconds"] - ingest["processor_seconds"]) / more
                  * found["vcop_style_processor_warm"], 3),
              "tiers": tiers(project, scratch, [folder]), "waiting": waiting(project, "quick")}
    step, tuples = found["waiting"]["step_seconds"], load_recipe("quick").training.batch_size
    load = tuples / found["vcop_style_warm"]
    found["waiting"]["vcop_style_wait_share_of_one_process"] = round(max(0.0, 1 - step / load), 4)
    (scratch / "links").mkdir()
    return found | {"memory": memory_of_many(open_footage(project), scratch / "links")}


def main() -> None:
    """Measure and print."""
    parser = options(__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    found: dict[str, Any] = {"reach": REACH, "folders": {}}
    for folder in arguments.folders or [DATA / "actions", DATA / "ucf101"]:
        with tempfile.TemporaryDirectory() as scratch:
            found["folders"][folder.name] = measure(folder, Path(scratch), rounds=arguments.rounds)
    with tempfile.TemporaryDirectory() as scratch:
        found["scan_of_a_long_video"] = scan_of_a_long_video(Path(scratch))
    tell(found, name="data", keep=arguments.keep)


if __name__ == "__main__":
    main()
