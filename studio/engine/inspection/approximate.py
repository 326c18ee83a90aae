"""Neighbours among millions of clips: an approximate index by faiss, with its recall against the exact answer.

Exact search is the default up to `EXACT_UP_TO` clips. Legend: N clips, D feature, Q queries, k neighbours.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np

from studio.engine.errors import MachineError
from studio.engine.shapes import Floats, Ints

EXACT_UP_TO = 1_000_000
_LISTS_PER_ROOT, _PROBED_SHARE = 4, 0.05
_ASKED = 100


class ApproximateIndex:
    """Cosine neighbours by inverted lists (IVF) of clips brought to length 1. Raises `MachineError` without faiss."""

    def __init__(self, features_ND: Floats, *, lists: int = 0, probed: int = 0) -> None:
        if importlib.util.find_spec("faiss") is None:
            raise MachineError("faiss", "is not installed, and neighbours among millions of clips need it",
                               'Install it with: pip install "unshuffle-studio[large]", or ask exactly')
        import faiss

        count, dim = features_ND.shape
        lists = lists or max(1, int(_LISTS_PER_ROOT * count ** 0.5))
        self._unit_ND = _unit(features_ND)
        index: Any = faiss.IndexIVFFlat(faiss.IndexFlatIP(dim), dim, lists, faiss.METRIC_INNER_PRODUCT)
        index.train(self._unit_ND[:: max(1, count // max(64 * lists, 1))])
        index.add(self._unit_ND)
        index.nprobe = probed or max(1, int(_PROBED_SHARE * lists))
        self._index = index

    def nearest(self, queries_QD: Floats, *, k: int) -> tuple[Ints, Floats]:
        """The k nearest clips of each query: numbers_Qk (-1 where fewer were found) and cosines_Qk."""
        cosines_Qk, numbers_Qk = self._index.search(_unit(queries_QD), k)
        return np.asarray(numbers_Qk, np.int64), np.asarray(cosines_Qk, np.float32)

    def recall(self, *, k: int = 10, seed: int = 0) -> float:
        """Share of the exact k nearest that the index finds, over clips drawn as queries."""
        chosen = np.random.default_rng(seed).choice(len(self._unit_ND), min(_ASKED, len(self._unit_ND)), replace=False)
        queries_QD = self._unit_ND[chosen]
        k = min(k, len(self._unit_ND))
        found_Qk, _ = self.nearest(queries_QD, k=k)
        exact_Qk = np.argpartition(-(queries_QD @ self._unit_ND.T), k - 1, axis=1)[:, :k]
        return float(np.mean([len(np.intersect1d(one, other)) / k for one, other in
                              zip(found_Qk, exact_Qk, strict=True)]))


def _unit(features_ND: Floats) -> Floats:
    lengths = np.maximum(np.linalg.norm(features_ND, axis=1, keepdims=True), 1e-12)
    return np.ascontiguousarray(features_ND / lengths, np.float32)
