"""Motion scoring against Farneback at 320 x 240: `python -m tests.benchmarks.motion [--keep]` prints JSON.

Scenes with known motion are drawn: a textured ground that pans and zooms, two textured discs that move over it, grain
and flicker, 320 x 240, each frame at another speed. Truth is the mean length of what the ground and the discs moved by.
`rank_correlation` is Spearman's between truth and score over the frames of a scene (which frames move most is what
sampling asks), the mean over the scenes; `milliseconds` is processor time a pair of frames in one thread, the median
of turns taken side by side: of the studio with its shrinking, of the other on frames that are small already.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.engine.video import vision
from studio.engine.video.motion import MotionMeter
from tests.benchmarks.result import options, tell

REACH = {"times_faster": 40}
HEIGHT, WIDTH, FRAMES, SCENES, TURNS = 240, 320, 40, 12, 3
CACHED_HEIGHT, CACHED_WIDTH = 128, 170
DISCS = 2

Grey = NDArray[np.uint8]
Score = Callable[[Sequence[Grey]], list[float]]


def texture(rng: np.random.Generator, *, side: int) -> NDArray[np.float32]:
    """A square of smooth noise of three grain sizes, mean 128."""
    made = np.zeros((side, side), np.float32)
    for grain in (4, 16, 48):
        rough = rng.normal(0, 1, (side // grain + 2, side // grain + 2)).astype(np.float32)
        made += cv2.resize(rough, (side, side), interpolation=cv2.INTER_CUBIC)
    return 128 + 30 * made


def scene(seed: int) -> tuple[list[Grey], list[float]]:
    """Frames, and how far their pixels moved in the mean since the frame before (0 for the first)."""
    rng = np.random.default_rng(seed)
    ground, coats = texture(rng, side=1024), [texture(rng, side=200) for _ in range(DISCS)]
    places = rng.uniform(60, 180, (DISCS, 2))
    radii, fastest = rng.uniform(18, 50, DISCS), rng.uniform(1, 9)
    grain, flicker = rng.uniform(0, 6), rng.uniform(0, 6)
    frames: list[Grey] = []
    truth: list[float] = []
    pan, zoom = np.zeros(2), 1.0
    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    for _ in range(FRAMES):
        moved = rng.normal(0, 0.4, 2) * (rng.random() < 0.5)
        grown = 1 + rng.normal(0, 0.004) * (rng.random() < 0.5)
        steps = rng.normal(0, 1, (DISCS, 2))
        steps *= (rng.uniform(0, fastest, DISCS) / np.linalg.norm(steps, axis=1))[:, None]
        pan, zoom = pan + moved, zoom * grown
        places = np.clip(places + steps, 10, (WIDTH - 10, HEIGHT - 10))
        middle_x, middle_y = xs - WIDTH / 2, ys - HEIGHT / 2
        picture = cv2.remap(ground, (512 + pan[0] + middle_x / zoom).astype(np.float32),
                            (512 + pan[1] + middle_y / zoom).astype(np.float32), cv2.INTER_LINEAR)
        length = np.hypot(moved[0] * zoom - middle_x * (grown - 1), moved[1] * zoom - middle_y * (grown - 1))
        for coat, place, radius, step in zip(coats, places, radii, steps, strict=True):
            inside = np.hypot(xs - place[0], ys - place[1]) < radius
            own = cv2.remap(coat, (xs - np.float32(place[0] - 100)), (ys - np.float32(place[1] - 100)),
                            cv2.INTER_LINEAR)
            picture, length = np.where(inside, own, picture), np.where(inside, np.hypot(*step), length)
        seen = picture + rng.normal(0, grain, picture.shape) + rng.normal(0, flicker)
        frames.append(np.clip(np.rint(seen), 0, 255).astype(np.uint8))
        truth.append(float(length.mean()))
    return frames, truth


def ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """Places in order; there are no ties in what is measured here."""
    return np.argsort(np.argsort(np.asarray(values))).astype(np.float64)


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's."""
    return float(np.corrcoef(ranks(one), ranks(other))[0, 1])


def ours(method: str) -> Score:
    """The studio's meter on planes as they lie in the cache."""
    def score(frames: Sequence[Grey]) -> list[float]:
        meter = MotionMeter(method)
        return [meter.next(frame)[0] for frame in frames]
    return score


def farneback(frames: Sequence[Grey]) -> list[float]:
    """As in Shuffle and Learn: Farneback on frames of 320 x 240."""
    flow = vision.Farneback()
    return [0.0, *(float(flow.magnitude(*pair).mean()) for pair in pairwise(frames))]


def measure() -> dict[str, dict[str, float]]:
    """Each way on the same scenes in turn."""
    small = {"farneback at 320 x 240": False, "studio": True, "studio, farneback": True}
    ways: dict[str, Score] = {"farneback at 320 x 240": farneback, "studio": ours("dis"),
                              "studio, farneback": ours("farneback")}
    right: dict[str, list[float]] = {name: [] for name in ways}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for seed in range(SCENES):
        frames, truth = scene(seed)
        cached = [vision.resize(frame, width=CACHED_WIDTH, height=CACHED_HEIGHT) for frame in frames]
        for turn in range(TURNS):
            for name, score in ways.items():
                start = time.process_time()
                scores = score(cached if small[name] else frames)
                spent[name].append((time.process_time() - start) / (FRAMES - 1) * 1000)
                if not turn:
                    right[name].append(rank_correlation(scores[1:], truth[1:]))
    return {name: {"rank_correlation": round(statistics.mean(right[name]), 4),
                   "lowest": round(min(right[name]), 4),
                   "milliseconds": round(statistics.median(spent[name]), 4)} for name in ways}


def main() -> None:
    """Measure and print."""
    arguments = options(__doc__).parse_args()
    vision.one_thread()
    found = measure()
    times = found["farneback at 320 x 240"]["milliseconds"] / found["studio"]["milliseconds"]
    tell({"scenes": SCENES, "frames_a_scene": FRAMES, "reach": REACH, "ways": found, "times_faster": round(times, 1)},
         name="motion", keep=arguments.keep)


if __name__ == "__main__":
    main()
