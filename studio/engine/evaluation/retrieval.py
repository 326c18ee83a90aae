"""Retrieval of videos by their features, as in VCOP (Xu et al., CVPR 2019, section 4.3) without its dropped videos.

Every query ranks the gallery by cosine; it hits at k when one of the first k has its label. Videos of the query's own
group are never ranked. Legend: V videos, Q queries, G gallery videos, D feature, S networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.engine.evaluation.intervals import interval_over_groups
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


def chance_of_tops(*, label_V: Ints, group_V: Ints, queries_Q: Ints, gallery_G: Ints) -> dict[int, float]:
    """The share of hits at each k of a random ranking, the mean over queries.

    A query with m of N gallery videos of its label misses with k of them, none put back: C(N - m, k) / C(N, k).
    """
    if not len(queries_Q):
        return dict.fromkeys(TOPS, 0.0)
    allowed_QG = group_V[gallery_G][None] != group_V[queries_Q][:, None]
    same_QG = label_V[gallery_G][None] == label_V[queries_Q][:, None]
    others_Q, left_Q = (allowed_QG & ~same_QG).sum(axis=1), allowed_QG.sum(axis=1)
    missed_Q, chances = np.ones(len(queries_Q)), dict[int, float]()
    for drawn in range(max(TOPS)):
        missed_Q *= np.where(left_Q > drawn, np.maximum(0, others_Q - drawn) / np.maximum(1, left_Q - drawn), 1)
        if drawn + 1 in TOPS:
            chances[drawn + 1] = float(1 - missed_Q.mean())
    return chances


def score(rank_SQ: Ints, *, group_Q: Ints, gallery: int, chances: Mapping[int, float],
          seed: int = 0) -> dict[str, Any]:
    """Say ranks as percentages: top1 to top50 with their 95 % intervals over groups, and the chance of each.

    The ranks of several networks, rank_SQ, give the mean over them, how far they lie apart (`spread`, a standard
    deviation) and each one's figure (`each`); those of one network, rank_Q, do not.
    """
    ranks_SQ = np.atleast_2d(rank_SQ)
    result: dict[str, Any] = {"queries": ranks_SQ.shape[1], "gallery": gallery}
    for k in TOPS:
        result[f"top{k}"] = round(100 * float((ranks_SQ < k).mean()), 2)
    result |= {f"chance_top{k}": round(100 * chance, 2) for k, chance in chances.items()}
    result["groups"] = len(np.unique(group_Q))
    result["without_partner"] = int((ranks_SQ[0] == NEVER).sum())
    result["intervals"] = {f"top{k}": _interval((ranks_SQ < k).astype(np.float64), group_Q, seed=seed) for k in TOPS}
    if len(ranks_SQ) > 1:
        shares = {f"top{k}": 100 * (ranks_SQ < k).mean(axis=1) for k in TOPS}
        result["networks"] = len(ranks_SQ)
        result["spread"] = {name: round(float(share_S.std(ddof=1)), 2) for name, share_S in shares.items()}
        result["each"] = {name: [round(float(share), 2) for share in share_S] for name, share_S in shares.items()}
    return result


def gain(rank_Q: Ints, other_SQ: Ints, *, group_Q: Ints, seed: int = 0) -> dict[str, Any]:
    """How many points the first ranks are ahead of others of the same queries, with the interval over groups.

    `other_SQ` may be the ranks of several networks, which are then drawn anew as the groups are.
    """
    result: dict[str, Any] = {}
    for k in TOPS:
        ahead_SQ = (rank_Q < k).astype(np.float64) - (np.atleast_2d(other_SQ) < k)
        result[f"top{k}"] = {"points": round(100 * float(ahead_SQ.mean()), 2),
                             "interval": _interval(ahead_SQ, group_Q, seed=seed)}
    return result


def _interval(value_SQ: NDArray[np.float64], group_Q: Ints, *, seed: int) -> list[float]:
    """In percent."""
    seeds, queries = value_SQ.shape
    ends = interval_over_groups(value_SQ.ravel(), np.tile(group_Q, seeds), seed=seed,
                                seed_Q=np.repeat(np.arange(seeds), queries))
    return [round(100 * end, 2) for end in ends]
