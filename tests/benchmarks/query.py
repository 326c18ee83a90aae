"""One question about neighbours among 100 000 features of 512 numbers, beside one pass over the same bytes.

`python -m tests.benchmarks.query [--clips N] [--dim D] [--keep]` prints JSON. The pass is the sum of all numbers, which
reads every byte once and computes next to nothing. The question is what the window asks: the cosine with every clip,
the best clip of each video, the query's group left out, the ten nearest in order. The lengths of the features are
computed once, before.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from studio.engine.inspection.gallery import Gallery, nearest_clips
from tests.benchmarks.result import options, tell

CLIPS, DIM, CLIPS_PER_VIDEO, K = 100_000, 512, 10, 10
REACH = {"times_a_pass": 3.0, "milliseconds": 50.0}
_REPEATS = 31


def measure(*, clips: int = CLIPS, dim: int = DIM) -> dict[str, Any]:
    """Time both in turn, so that a busy machine harms both; medians."""
    rng = np.random.default_rng(0)
    features_VCD = rng.standard_normal((clips // CLIPS_PER_VIDEO, CLIPS_PER_VIDEO, dim), np.float32)
    gallery = Gallery(features_VCD, np.arange(len(features_VCD)) // 4)
    flat = torch.from_numpy(features_VCD).view(-1)
    queries = rng.standard_normal((_REPEATS, dim)).astype(np.float32)
    gallery.inverse_lengths_VC.sum()  # the first question works them out
    passes, questions = list[float](), list[float]()
    for query_D in queries:
        passes.append(_seconds(lambda: float(flat.sum())))
        questions.append(_seconds(lambda query_D=query_D: nearest_clips(  # type: ignore[misc]
            query_D, gallery, left_out=[7], k=K)))
    read, asked = statistics.median(passes), statistics.median(questions)
    ratio = asked / read
    return {"clips": clips, "dim": dim, "megabytes": round(features_VCD.nbytes / 1e6, 1),
            "threads": torch.get_num_threads(), "load": round(os.getloadavg()[0], 2),
            "pass_milliseconds": round(1000 * read, 2),
            "gigabytes_a_second": round(features_VCD.nbytes / read / 1e9, 2),
            "query_milliseconds": round(1000 * asked, 2), "best_query_milliseconds": round(1000 * min(questions), 2),
            "times_a_pass": round(ratio, 2), "reach": REACH,
            "met": ratio <= REACH["times_a_pass"] and 1000 * asked <= REACH["milliseconds"]}


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = options(__doc__)
    parser.add_argument("--clips", type=int, default=CLIPS)
    parser.add_argument("--dim", type=int, default=DIM)
    arguments = parser.parse_args()
    result = measure(clips=arguments.clips, dim=arguments.dim)
    tell(result, name="query", keep=arguments.keep)


if __name__ == "__main__":
    main()
