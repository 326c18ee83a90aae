"""The leak probe on echocardiograms with an overlay, before and after it is masked, and with shuffled labels.

`python -m tests.benchmarks.leak [--recipe NAME] [--case NAME]` prints JSON. Cases: `drawn`, the sample's clips with a
clock and an ECG trace; `real`, the real clips for development as they are (only one examination of ten has a trace);
`traced`, the same with the pixels of that trace copied under each. The real clips are left out where they are absent.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np

from studio.engine.files import resource
from studio.engine.inspection.leak_probe import TUPLES, deal_questions, tried
from studio.engine.masks import Mask, Rectangle
from studio.engine.project import Grouping, Project
from studio.engine.recipe import Recipe, load_recipe
from studio.engine.video.footage import open_footage
from studio.engine.video.ingest import scan
from tests.clips import write_clip

REAL = Path(__file__).parents[3] / "shared" / "data" / "echo"
TRACED = REAL / "Example1.mp4"
GROUPS = r"(patient-\d+|0X\w+|[Ee]xample)"
TRACE_HEIGHT = 0.12
"""Share of the frame's height under which the real trace lies; the copied strip is as high."""

DRAWN_MASKS = (Rectangle(x=0, y=0, width=1, height=0.085), Rectangle(x=0, y=0.83, width=1, height=0.17))
REAL_MASKS = (Rectangle(x=0, y=0, width=1, height=0.07),
              Rectangle(x=0, y=1 - TRACE_HEIGHT, width=1, height=TRACE_HEIGHT),
              Rectangle(x=0, y=0, width=0.07, height=1), Rectangle(x=0.93, y=0, width=0.07, height=1))


def main() -> None:
    """Measure and print."""
    cases = {"drawn": (_drawn, DRAWN_MASKS), "real": (_real, REAL_MASKS), "traced": (_traced, REAL_MASKS)}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", default="quick")
    parser.add_argument("--case", choices=cases, action="append")
    parser.add_argument("--tuples", type=int, default=TUPLES)
    arguments = parser.parse_args()
    recipe, result = load_recipe(arguments.recipe), dict[str, Any]()
    for name in arguments.case or cases:
        fill, shapes = cases[name]
        result[name] = measure(fill, shapes, recipe, tuples=arguments.tuples) if name == "drawn" or REAL.is_dir() else \
            "left out: the real clips are not here"
    print(json.dumps({"recipe": recipe.name, "task": recipe.task, **result}, indent=2))


def measure(fill: Callable[[Path], None], shapes: tuple[Rectangle, ...], recipe: Recipe, *,
            tuples: int) -> dict[str, Any]:
    """Probe a folder of videos, with shuffled labels too, then mask and probe again."""
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder) / "v")
        project = Project.create(Path(folder) / "P")
        for _ in scan(project, [Path(folder) / "v"], grouping=Grouping(by="pattern", pattern=GROUPS), workers=1):
            pass
        result: dict[str, Any] = {"before": _probed(project, recipe, tuples=tuples),
                                  "before_with_shuffled_labels": _probed(project, recipe, tuples=tuples, shuffled=True)}
        project.settings.masks = [Mask(name="overlay", shapes=shapes)]
        project.save()
        for _ in scan(project, workers=1):
            pass
        result["masked"] = _probed(project, recipe, tuples=tuples)
    return result


def _probed(project: Project, recipe: Recipe, *, tuples: int, shuffled: bool = False) -> dict[str, Any]:
    footage, task, start = open_footage(project), recipe.make_task(), time.process_time()
    questions = deal_questions(footage, recipe, task, tuples=tuples)
    if shuffled:
        order = np.random.default_rng(9).permutation(len(questions))
        questions = dataclasses.replace(questions, label_B=questions.label_B[order],
                                        order_BE=questions.order_BE[order])
    found: list[dict[str, Any]] = []
    for _ in tried(footage, questions, task, found, seed=recipe.training.seed):
        pass
    return {"videos": len(footage.videos), "questions": len(questions),
            "cpu_seconds": round(time.process_time() - start, 1),
            "leaks": [entry["name"] for entry in found if entry["leak"]], "chance": found[0]["chance"],
            **{entry["name"]: [entry["accuracy"], *entry["interval"]] for entry in found}}


def _drawn(folder: Path) -> None:
    for clip in resource("sample").glob("echo-*/*"):
        (folder / clip.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(clip, folder / clip.parent.name)


def _real(folder: Path) -> None:
    folder.mkdir(parents=True)
    for clip in sorted(REAL.glob("*.mp4")):
        shutil.copy(clip, folder)


def _traced(folder: Path) -> None:
    """Every clip with the bottom of the traced one under it, frame by frame, round and round."""
    strips = [picture[round((1 - TRACE_HEIGHT) * len(picture)):, :len(picture[0]) // 2]
              for picture in _pictures(TRACED)]
    for clip in sorted(REAL.glob("0X*.mp4")):
        pictures = _pictures(clip)
        height, width = pictures[0].shape[:2]
        write_clip(folder / clip.name, frames=len(pictures), width=width, height=height, fps=50,
                   draw=lambda number, pictures=pictures, **_: _with_strip(pictures[number],
                                                                           strips[number % len(strips)]))


def _with_strip(picture: np.ndarray, strip: np.ndarray) -> np.ndarray:
    """The strip at the left of the bottom; every fourth or so pixel of it, by its brightest neighbour."""
    height, width = picture.shape[:2]
    rows, columns = round(TRACE_HEIGHT * height), width // 2
    down, across = -(-len(strip) // rows), -(-len(strip[0]) // columns)
    padded = np.zeros((rows * down, columns * across, 3), np.uint8)
    padded[:len(strip), :len(strip[0])] = strip
    changed = picture.copy()
    changed[-rows:, :columns] = padded.reshape(rows, down, columns, across, 3).max(axis=(1, 3))
    return changed


def _pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


if __name__ == "__main__":
    main()
