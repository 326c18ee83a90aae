"""Hubs: clips that are everybody's neighbour, which neighbours then say little about.

Source: Radovanovic, Nanopoulos, Ivanovic, Hubs in Space, JMLR 2010 (k-occurrence and its skewness).
Legend: V videos, D feature, k neighbours.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from studio.engine.shapes import Floats, Ints

K, MOST_ASKED = 10, 4096
_CHUNK = 1024
_HUB_TIMES = 5
"""A video that is a neighbour this many times as often as the mean is a hub."""
_SKEWED = 2.0


class Hubness(NamedTuple):
    """How often each video is among the k nearest of the `asked` others (`times_V`), and how lopsided that is."""

    times_V: Ints
    k: int
    skewness: float
    asked: int

    @property
    def hubs(self) -> list[int]:
        """Positions of the hubs, the greatest first."""
        order = np.argsort(-self.times_V, kind="stable")
        return [int(video) for video in order if self.times_V[video] >= _HUB_TIMES * max(1.0, self.times_V.mean())]

    @property
    def sentence(self) -> str:
        """What that means for a person."""
        if not self.hubs:
            return "No video is everybody's neighbour."
        most = int(self.times_V.max())
        who = "1 video is a neighbour" if len(self.hubs) == 1 else f"{len(self.hubs)} videos are neighbours"
        return (f"{who} of very many: one is among the {self.k} nearest of {most} of {self.asked} videos. "
                "What they show counts for little.")


def hubness(features_VD: Floats, group_V: Ints, *, k: int = K) -> Hubness:
    """Count how often each video is among the k nearest of the videos of other groups, by cosine.

    Of more than `MOST_ASKED` videos that many are asked about, evenly spread over them.
    """
    unit_VD = features_VD / np.maximum(np.linalg.norm(features_VD, axis=1, keepdims=True), 1e-12)
    times_V, asking = np.zeros(len(unit_VD), np.int64), _evenly(np.arange(len(unit_VD)), MOST_ASKED)
    for first in range(0, len(asking), _CHUNK):
        part = asking[first:first + _CHUNK]
        alike = unit_VD[part] @ unit_VD.T
        alike[group_V[part, None] == group_V[None]] = -np.inf
        count = min(k, alike.shape[1] - 1)
        if count < 1:
            continue
        nearest = np.argpartition(-alike, count - 1, axis=1)[:, :count]
        allowed = np.take_along_axis(alike, nearest, axis=1) > -np.inf
        np.add.at(times_V, nearest[allowed], 1)
    spread = float(times_V.std())
    skewness = float((((times_V - times_V.mean()) / spread) ** 3).mean()) if spread > 0 else 0.0
    return Hubness(times_V, k, skewness, len(asking))


def described(found: Hubness, video_ids_V: Ints) -> dict[str, Any]:
    """As plain values: skewness, whether that is much, the hubs with their numbers, and a sentence."""
    return {"k": found.k, "skewness": round(found.skewness, 3), "lopsided": found.skewness > _SKEWED,
            "hubs": [{"video_id": int(video_ids_V[video]), "times": int(found.times_V[video])}
                     for video in found.hubs[:20]],
            "sentence": found.sentence}


class Agreement(NamedTuple):
    """Of a query's k nearest: the share with its label (precision) and the share of its label that was found.

    `chance` is the precision of neighbours that are drawn.
    """

    name: str
    queries: int
    precision: float
    recall: float
    chance: float = 0.0


def agreement(features_VD: Floats, names_V: list[str], group_V: Ints, *, k: int = K,
              most_asked: int = MOST_ASKED) -> list[Agreement]:
    """Precision and recall at k of every label (or group), queries against the videos of other groups, by cosine.

    Videos without a name ask nothing and are found as strangers. `recall` is 0 to 1 of what k allows. Of more than
    `most_asked` videos that many ask, evenly spread over them.
    """
    names, name_V = np.unique(np.array(names_V, dtype=np.str_), return_inverse=True)
    unit_VD = features_VD / np.maximum(np.linalg.norm(features_VD, axis=1, keepdims=True), 1e-12)
    asking = _evenly(np.flatnonzero(names[name_V] != ""), most_asked)
    figures_QF, name_Q = list[np.ndarray](), list[Ints]()
    for first in range(0, len(asking), _CHUNK):
        part = asking[first:first + _CHUNK]
        others_QV = group_V[part, None] != group_V[None]
        same_QV = (name_V[part, None] == name_V[None]) & others_QV
        alike_QV = np.where(others_QV, unit_VD[part] @ unit_VD.T, -np.inf)
        count = min(k, alike_QV.shape[1])
        nearest_Qk = np.argpartition(-alike_QV, count - 1, axis=1)[:, :count]
        right_Q = np.take_along_axis(same_QV, nearest_Qk, axis=1).sum(axis=1)
        same_Q, others_Q = same_QV.sum(axis=1), others_QV.sum(axis=1)
        met = same_Q > 0
        figures_QF.append(np.stack([right_Q / np.minimum(count, np.maximum(others_Q, 1)),
                                    right_Q / np.maximum(np.minimum(same_Q, count), 1),
                                    same_Q / np.maximum(others_Q, 1)], axis=1)[met])
        name_Q.append(name_V[part][met])
    if not asking.size:
        return []
    figures, number = np.concatenate(figures_QF), np.concatenate(name_Q)
    return [Agreement(str(names[one]), int((number == one).sum()),
                      *(float(value) for value in figures[number == one].mean(axis=0)))
            for one in np.unique(number)]


def _evenly(places: Ints, most: int) -> Ints:
    """At most so many of the places, spread over them."""
    return places if len(places) <= most else places[np.linspace(0, len(places) - 1, most).astype(np.int64)]
