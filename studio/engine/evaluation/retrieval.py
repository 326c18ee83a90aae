"""Retrieval of videos by their features, as in VCOP (Xu et al., CVPR 2019, section 4.3) without its dropped videos.

Every query ranks the gallery by cosine; it hits at k when one of the first k has its label. Videos of the query's own
group are never ranked. Legend: V videos, Q queries, G gallery videos, D feature, R bootstrap repeats.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.engine.shapes import Ints

TOPS = (1, 5, 10, 20, 50)
NEVER = np.iinfo(np.int64).max
_CHUNK_BYTES = 64 << 20


def first_hits(features_VD: NDArray[np.float32], *, label_V: Ints, group_V: Ints, queries_Q: Ints, gallery_G: Ints,
               seed: int = 0) -> Ints:
    """For each query, how many gallery videos rank before the first with its label: rank_Q, `NEVER` if there is none.

    Equal similarities are ranked in a seeded random order, so that collapsed features score chance and not the
    order of the catalogue. Exact, float32, in chunks of bounded memory.
    """
    shuffled_G = np.random.default_rng([seed, 11]).permutation(gallery_G)
    norm_V1 = np.linalg.norm(features_VD, axis=1, keepdims=True)
    unit_VD = np.asarray(features_VD / np.maximum(norm_V1, 1e-12), np.float32)
    gallery_GD = unit_VD[shuffled_G]
    rank_Q = np.full(len(queries_Q), NEVER, np.int64)
    chunk = max(1, _CHUNK_BYTES // max(4, 4 * len(gallery_G)))
    for first in range(0, len(queries_Q), chunk):
        part = queries_Q[first:first + chunk]
        similarity_QG = unit_VD[part] @ gallery_GD.T
        similarity_QG[group_V[part][:, None] == group_V[shuffled_G][None]] = -np.inf
        rank_Q[first:first + chunk] = _ranks(similarity_QG, label_V[part][:, None] == label_V[shuffled_G][None])
    return rank_Q


def _ranks(similarity_QG: NDArray[np.float32], same_QG: NDArray[np.bool_]) -> Ints:
    if not similarity_QG.shape[1]:
        return np.full(len(similarity_QG), NEVER, np.int64)
    of_label_QG = np.where(same_QG, similarity_QG, -np.inf)
    place_Q = of_label_QG.argmax(axis=1)
    best_Q1 = np.take_along_axis(of_label_QG, place_Q[:, None], axis=1)
    earlier_QG = np.arange(similarity_QG.shape[1])[None] < place_Q[:, None]
    before_QG = (similarity_QG > best_Q1) | ((similarity_QG == best_Q1) & earlier_QG)
    return np.where(np.isfinite(best_Q1[:, 0]), before_QG.sum(axis=1), NEVER)


def chance_of_top1(*, label_V: Ints, group_V: Ints, queries_Q: Ints, gallery_G: Ints) -> float:
    """The share of hits at 1 of a random ranking: the mean over queries of their label's share in their gallery."""
    if not len(queries_Q):
        return 0.0
    shares = []
    for label, group in zip(label_V[queries_Q], group_V[queries_Q], strict=True):
        allowed = group_V[gallery_G] != group
        same = (label_V[gallery_G] == label) & allowed
        shares.append(same.sum() / max(1, allowed.sum()))
    return float(np.mean(shares))


def interval_over_groups(value_Q: NDArray[np.float64], group_Q: Ints, *, seed: int = 0,
                         repeats: int = 2000) -> tuple[float, float]:
    """The 95 % interval of a mean over queries when whole groups are drawn anew (bootstrap).

    With one group there is nothing to draw, and the interval has no width.
    """
    _, code_Q = np.unique(group_Q, return_inverse=True)
    sum_K, count_K = np.bincount(code_Q, value_Q), np.bincount(code_Q)
    times_RK = np.random.default_rng([seed, 12]).multinomial(len(sum_K), np.full(len(sum_K), 1 / len(sum_K)), repeats)
    low, high = np.percentile((times_RK @ sum_K) / (times_RK @ count_K), [2.5, 97.5])
    return float(low), float(high)


def score(rank_Q: Ints, *, group_Q: Ints, gallery: int, chance_top1: float, seed: int = 0) -> dict[str, Any]:
    """Say ranks as percentages: top1 to top50 with their 95 % intervals over groups, and the chance of top1."""
    result: dict[str, Any] = {"queries": len(rank_Q), "gallery": gallery}
    for k in TOPS:
        result[f"top{k}"] = round(100 * float((rank_Q < k).mean()), 2)
    result["chance_top1"] = round(100 * chance_top1, 2)
    result["groups"] = len(np.unique(group_Q))
    result["without_partner"] = int((rank_Q == NEVER).sum())
    result["intervals"] = {
        f"top{k}": [round(100 * end, 2) for end in
                    interval_over_groups((rank_Q < k).astype(np.float64), group_Q, seed=seed)] for k in TOPS}
    return result


def gain(rank_Q: Ints, other_Q: Ints, *, group_Q: Ints, seed: int = 0) -> dict[str, Any]:
    """How many points the first ranks are ahead of others of the same queries, with the interval over groups."""
    result: dict[str, Any] = {}
    for k in TOPS:
        ahead_Q = (rank_Q < k).astype(np.float64) - (other_Q < k)
        low, high = interval_over_groups(ahead_Q, group_Q, seed=seed)
        result[f"top{k}"] = {"points": round(100 * float(ahead_Q.mean()), 2),
                             "interval": [round(100 * low, 2), round(100 * high, 2)]}
    return result
