"""Draw the sample clips into a folder: video files, labels.csv. The same seed gives the same pictures.

    python packaging/draw_sample.py [FOLDER] [--seed N]

Two kinds of recording session: a person who performs each of four actions once, and a patient whose heart is recorded
once strong and once weak. A session is a group: its look says nothing about the class.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from sample_echo import ECHO_STRENGTHS, FRAMES_PER_SECOND, Patient, Recording, draw_echo_frames
from sample_figure import FIGURE_ACTIONS, Session, Staging, draw_figure_frames
from sample_paint import HEIGHT, WIDTH

SEED = 7
SESSIONS = 12
PATIENTS = 12
FOLDER = Path(__file__).resolve().parent.parent / "resources" / "sample"
_CODECS = {
    ".mp4": ("libx264", {"crf": "22", "preset": "veryslow", "threads": "1"}),
    ".avi": ("mpeg4", {"flags": "+qscale", "global_quality": str(6 * 118), "threads": "1"}),
}


@dataclass(frozen=True)
class ClipPlan:
    """One clip to draw: where it goes, what it shows, and the seed of everything in it."""

    path: str
    label: str
    group: str
    frames: int
    hue_degrees: float
    session_seed: tuple[int, ...]
    clip_seed: tuple[int, ...]


def plan_clips(seed: int = SEED) -> list[ClipPlan]:
    """Return the plans of all sample clips, sorted by path; every session holds each of its classes once."""
    plans: list[ClipPlan] = []
    kinds = (("scene", SESSIONS, FIGURE_ACTIONS), ("patient", PATIENTS, tuple(ECHO_STRENGTHS)))
    for kind, (word, sessions, labels) in enumerate(kinds):
        for session in range(sessions):
            rng = np.random.default_rng((seed, kind, session))
            hue = (360 * session / sessions + float(rng.uniform(-10, 10))) % 360
            group = f"{word}-{session + 1:02d}"
            ending = ".avi" if session % 3 == 1 else ".mp4"
            for number, label in enumerate(labels):
                frames = int(rng.integers(78, 91))
                seeds = (seed, kind, session), (seed, kind, session, number + 1)
                plans.append(ClipPlan(f"{label}/{group}{ending}", label, group, frames, hue, *seeds))
    return sorted(plans, key=lambda plan: plan.path)


def draw_frames(plan: ClipPlan) -> Iterator[NDArray[np.uint8]]:
    """Yield a clip's pictures, HWC uint8 RGB; the same plan gives the same pictures."""
    session_rng, rng = np.random.default_rng(plan.session_seed), np.random.default_rng(plan.clip_seed)
    if plan.label in ECHO_STRENGTHS:
        patient, recording = Patient.draw(session_rng), Recording.draw(rng, label=plan.label)
        yield from draw_echo_frames(rng, patient, recording, frames=plan.frames)
        return
    session = Session.draw(session_rng, hue_degrees=plan.hue_degrees)
    staging = Staging.draw(rng, action=plan.label, horizon_px=session.horizon_px)
    yield from draw_figure_frames(rng, session, staging, action=plan.label, frames=plan.frames)


def write_clip(plan: ClipPlan, folder: Path) -> int:
    """Draw and encode one clip below `folder`; return the size of the file in bytes."""
    target = folder / plan.path
    target.parent.mkdir(parents=True, exist_ok=True)
    codec, options = _CODECS[target.suffix]
    with av.open(str(target), "w") as container:
        stream = container.add_stream(codec, rate=FRAMES_PER_SECOND, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, FRAMES_PER_SECOND)
        stream.codec_context.gop_size = 25
        for frame in draw_frames(plan):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return target.stat().st_size


def write_labels(plans: list[ClipPlan], folder: Path) -> Path:
    """Write labels.csv (path, label, group) beside the clips and return its path."""
    target = folder / "labels.csv"
    with target.open("w", encoding="utf-8", newline="") as handle:
        rows = csv.writer(handle, lineterminator="\n")
        rows.writerow(("path", "label", "group"))
        rows.writerows((plan.path, plan.label, plan.group) for plan in plans)
    return target


def main() -> None:
    """Draw every clip, print the total size."""
    parser = argparse.ArgumentParser(description="Draw the sample clips.")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    plans = plan_clips(options.seed)
    with ProcessPoolExecutor(max_workers=2) as pool:
        sizes = list(pool.map(write_clip, plans, [options.folder] * len(plans)))
    write_labels(plans, options.folder)
    print(f"{len(plans)} clips, {sum(sizes) / 1e6:.2f} MB in {options.folder}")


if __name__ == "__main__":
    main()
