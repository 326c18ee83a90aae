"""A map of features that keeps neighbours together: t-SNE, drawn again and again while it settles.

Source: van der Maaten and Hinton, JMLR 2008, by the library openTSNE (Policar et al., 2019) with interpolated forces
(Linderman et al., 2019), of which the cost grows in proportion to the clips.
Legend: N clips, D feature, A principal axes.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.engine.errors import MachineError, UsageError
from studio.engine.events import Event, Progress, TimeLeft
from studio.engine.inspection.projection import principal_axes
from studio.engine.shapes import Floats

PERPLEXITY = 30.0
EARLY, LATE, AT_ONCE = 250, 500, 25
"""Iterations with and without early exaggeration, and how many pass between two looks."""
FEWEST = 8
_AXES = 50
_QUICK_FROM = 1000


def tsne_map(features_ND: Floats, *, seed: int = 0, threads: int = 2, stop: Callable[[], bool] = lambda: False,
             drawn: Callable[[NDArray[np.float32]], None] = lambda _xy: None,
             ) -> Generator[Event, None, NDArray[np.float32] | None]:
    """Settle a map; the generator's return value is xy_N2, -1 to 1, or None when stopped.

    `drawn` gets the map on its way with each event. Features are compared by cosine. The same features, seed and
    number of threads give the same map. Raises `MachineError` without openTSNE, `UsageError` for too few clips.
    """
    if importlib.util.find_spec("openTSNE") is None:
        raise MachineError("openTSNE", "is not installed, and maps that keep neighbours together need it",
                           'Install it with: pip install "unshuffle-studio[map]"; the map of the two largest '
                           "directions works without")
    if len(features_ND) < FEWEST:
        raise UsageError(f"{len(features_ND)} clips", f"a map that keeps neighbours together needs {FEWEST} or more",
                         "Add videos, or look at the map of the two largest directions")
    yield Progress(phase="map", done=0, total=EARLY + LATE, unit="iterations", detail="looking for neighbours")
    if stop():
        return None
    embedding = _begun(features_ND, seed=seed, threads=threads)
    left, done = TimeLeft(EARLY + LATE), 0
    while done < EARLY + LATE:
        if stop():
            return None
        early = done < EARLY
        embedding.optimize(AT_ONCE, exaggeration=12 if early else 1, momentum=0.5 if early else 0.8, inplace=True,
                           n_jobs=threads, learning_rate="auto")
        done += AT_ONCE
        drawn(_scaled(np.asarray(embedding)))
        yield Progress(phase="map", done=done, total=EARLY + LATE, unit="iterations", seconds_left=left(done))
    return _scaled(np.asarray(embedding))


def _begun(features_ND: Floats, *, seed: int, threads: int) -> Any:
    """Neighbours by cosine in the space of the largest directions, and points that begin at the two largest."""
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN

    axes_NA, _ = principal_axes(features_ND, count=min(_AXES, *features_ND.shape))
    begin_N2 = np.zeros((len(axes_NA), 2))
    begin_N2[:, :axes_NA.shape[1]] = axes_NA[:, :2]
    begin_N2 *= 1e-4 / max(float(begin_N2[:, 0].std()), 1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        affinities = PerplexityBasedNN(np.asarray(axes_NA, np.float32), n_jobs=threads, random_state=seed,
                                       perplexity=min(PERPLEXITY, (len(axes_NA) - 1) / 3))
    return TSNEEmbedding(begin_N2, affinities, random_state=seed, n_jobs=threads,
                         negative_gradient_method="fft" if len(axes_NA) >= _QUICK_FROM else "bh")


def _scaled(xy_N2: NDArray[np.float64]) -> NDArray[np.float32]:
    """Centred, the farthest point at 1."""
    centred_N2 = xy_N2 - xy_N2.mean(axis=0)
    return (centred_N2 / max(float(np.abs(centred_N2).max()), 1e-12)).astype(np.float32)
