"""Retrieval against tables worked by hand, and controls that must score chance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from studio.engine.evaluation.retrieval import (
    NEVER,
    TOPS,
    chance_of_tops,
    first_hits,
    gain,
    interval_over_groups,
    score,
)


def _at(degrees: list[float]) -> np.ndarray:
    """Features on a circle: cosine falls with the angle between them; lengths differ, which must not matter."""
    angle = np.radians(degrees)
    length = np.linspace(1, 5, len(degrees))
    return (np.stack([np.cos(angle), np.sin(angle)], axis=1) * length[:, None]).astype(np.float32)


# video     0   1   2   3    4
# degrees   0  10  25  60   90
# label     a   b   a   b    a
# group     0   1   1   2    0
DEGREES, LABEL, GROUP = [0, 10, 25, 60, 90], np.array([0, 1, 0, 1, 0]), np.array([0, 1, 1, 2, 0])
# 0 (a, not 4): 1b 2a      -> 1    1 (b, not 2): 0a 3b       -> 1    2 (a, not 1): 0a        -> 0
# 3 (b): 4a 2a 1b          -> 2    4 (a, not 0): 3b 2a       -> 1
RANKS = [1, 1, 0, 2, 1]


def _ranks(**changes: object) -> list[int]:
    everyone = np.arange(5)
    options = {"label_V": LABEL, "group_V": GROUP, "queries_Q": everyone, "gallery_G": everyone} | changes
    return first_hits(_at(DEGREES), **options).tolist()


def test_ranks_are_those_of_the_table() -> None:
    assert _ranks() == RANKS


def test_a_video_never_finds_itself_nor_its_group() -> None:
    assert _ranks(group_V=np.zeros(5, np.int64)) == [NEVER] * 5


def test_queries_and_gallery_of_a_split() -> None:
    assert _ranks(queries_Q=np.array([0, 3]), gallery_G=np.array([1, 2])) == [1, 1]


def test_a_query_without_partner_is_a_miss_and_counted() -> None:
    rank_Q = np.array(_ranks(label_V=np.array([0, 1, 0, 1, 2])))
    assert rank_Q[4] == NEVER
    result = score(rank_Q, group_Q=GROUP, gallery=5, chances={})
    assert result["without_partner"] == 1 and result["queries"] == 5 and result["top50"] == 80


def test_percentages() -> None:
    result = score(np.array(RANKS), group_Q=GROUP, gallery=5, chances={1: 0.25, 5: 1.0})
    assert (result["top1"], result["top5"], result["top50"], result["chance_top1"]) == (20, 100, 100, 25)
    low, high = result["intervals"]["top1"]
    assert 0 <= low < 20 < high <= 100
    assert result["intervals"]["top5"] == [100, 100] and result["chance_top5"] == 100


def test_chance_is_the_mean_share_of_the_label() -> None:
    # 0: 1 of 3 (1b 2a 3b); 1: 1 of 3 (0a 3b 4a); 2: 2 of 3; 3: 1 of 4; 4: 1 of 3
    everyone = np.arange(5)
    chances = chance_of_tops(label_V=LABEL, group_V=GROUP, queries_Q=everyone, gallery_G=everyone)
    assert chances[1] == pytest.approx(np.mean([1 / 3, 1 / 3, 2 / 3, 1 / 4, 1 / 3]))


def test_chance_at_k_is_that_of_drawing_without_putting_back() -> None:
    """By binomials, and by random rankings of the very same queries; one query has no partner at all."""
    rng = np.random.default_rng(8)
    label_V, group_V, everyone = rng.integers(0, 6, 40), rng.integers(0, 15, 40), np.arange(40)
    label_V[7] = 99
    options = {"label_V": label_V, "group_V": group_V, "queries_Q": everyone, "gallery_G": everyone}
    chances = chance_of_tops(**options)
    for k in TOPS:
        expected = []
        for query in everyone:
            allowed = group_V != group_V[query]
            many, right = int(allowed.sum()), int((allowed & (label_V == label_V[query])).sum())
            expected.append(1 - math.comb(many - right, min(k, many)) / math.comb(many, min(k, many)))
        assert chances[k] == pytest.approx(np.mean(expected))
    assert chances[50] == pytest.approx(39 / 40), "the whole gallery is drawn"
    ranks = [first_hits(np.ones((40, 2), np.float32), seed=seed, **options) for seed in range(200)]
    for k in TOPS[:3]:
        assert np.mean(np.array(ranks) < k) == pytest.approx(chances[k], abs=0.03)


@pytest.mark.parametrize("collapsed", [True, False])
def test_controls_score_chance(collapsed: bool) -> None:
    """Collapsed features, and well separated ones under shuffled labels, hit as often as a random ranking."""
    rng = np.random.default_rng(4)
    label_V = np.repeat(np.arange(5), 60)
    features_VD = np.eye(5, dtype=np.float32)[label_V] + rng.normal(0, 0.1, (300, 5)).astype(np.float32)
    everyone, group_V = np.arange(300), np.arange(300)
    assert (first_hits(features_VD, label_V=label_V, group_V=group_V, queries_Q=everyone,
                       gallery_G=everyone) == 0).mean() > 0.95
    shuffled_V = label_V if collapsed else rng.permutation(label_V)
    features_VD = np.ones((300, 5), np.float32) if collapsed else features_VD
    hits = [float((first_hits(features_VD, label_V=shuffled_V, group_V=group_V, queries_Q=everyone,
                              gallery_G=everyone, seed=seed) == 0).mean()) for seed in range(5)]
    chance = chance_of_tops(label_V=shuffled_V, group_V=group_V, queries_Q=everyone, gallery_G=everyone)[1]
    assert chance == pytest.approx(59 / 299)
    assert np.mean(hits) == pytest.approx(chance, abs=0.07)


def test_chunks_do_not_change_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.engine.evaluation.retrieval._CHUNK_BYTES", 1)
    assert _ranks() == RANKS


def test_an_interval_over_groups_is_wider_than_one_over_videos() -> None:
    value_Q = np.repeat([0.0, 1.0, 0.0, 1.0, 1.0, 0.0], 50)
    wide = interval_over_groups(value_Q, np.repeat(np.arange(6), 50))
    narrow = interval_over_groups(value_Q, np.arange(300))
    assert wide[0] <= 0.2 and wide[1] >= 0.8
    assert narrow[0] > 0.4 and narrow[1] < 0.6
    assert interval_over_groups(value_Q, np.zeros(300, np.int64)) == (0.5, 0.5)


def test_gain_is_paired() -> None:
    ahead = gain(np.array([0, 0, 0, 9]), np.array([0, 3, 3, 9]), group_Q=np.arange(4))
    assert ahead["top1"]["points"] == 50
    assert ahead["top5"] == {"points": 0, "interval": [0, 0]}


def _by_brute_force(features_VD: np.ndarray, label_V: np.ndarray, queries: range, gallery: range) -> dict[str, float]:
    """The published protocol as it is written: the whole list sorted by cosine, a hit when any of the first k fits."""
    hits = dict.fromkeys(TOPS, 0)
    for query in queries:
        cosine = [float(features_VD[query] @ features_VD[other])
                  / float(np.linalg.norm(features_VD[query]) * np.linalg.norm(features_VD[other])) for other in gallery]
        ranked = sorted(range(len(cosine)), key=lambda place: -cosine[place])
        for k in TOPS:
            hits[k] += any(label_V[gallery[place]] == label_V[query] for place in ranked[:k])
    return {f"top{k}": round(100 * hit / len(queries), 2) for k, hit in hits.items()}


@pytest.mark.parametrize("dim", [512, 9216])
def test_the_published_protocol_by_brute_force(dim: int) -> None:
    """Test videos query training videos, features are the mean over 10 clips, k = 1, 5, 10, 20, 50, nothing dropped."""
    rng = np.random.default_rng(dim)
    label_V = rng.integers(0, 12, 173)  # 61 queries and 112 gallery videos: whole batches of 8 would drop some
    clips_VCD = rng.normal(size=(173, 10, dim)) + 0.12 * rng.normal(size=(12, dim))[label_V][:, None]
    features_VD = np.abs(clips_VCD).mean(axis=1).astype(np.float32)
    queries, gallery = range(61), range(61, 173)
    rank_Q = first_hits(features_VD, label_V=label_V, group_V=np.arange(173), queries_Q=np.array(queries),
                        gallery_G=np.array(gallery))
    result = score(rank_Q, group_Q=np.arange(61), gallery=112, chances={})
    expected = _by_brute_force(features_VD.astype(np.float64), label_V, queries, gallery)
    assert {name: result[name] for name in expected} == expected
    assert expected["top1"] < expected["top50"] and result["queries"] == 61


def test_several_networks_give_their_mean_and_spread() -> None:
    rank_SQ = np.array([[0, 0, 0, 9], [0, 9, 9, 9]])
    result = score(rank_SQ, group_Q=np.arange(4), gallery=9, chances={})
    assert (result["top1"], result["each"]["top1"], result["networks"]) == (50, [75, 25], 2)
    assert result["spread"]["top1"] == pytest.approx(np.std([75, 25], ddof=1), abs=0.01)
    assert "networks" not in score(rank_SQ[0], group_Q=np.arange(4), gallery=9, chances={})


def test_the_difference_to_several_networks_counts_their_luck() -> None:
    rank_Q, group_Q = np.zeros(200, np.int64), np.arange(200)
    others_SQ = np.stack([np.full(200, 9), np.zeros(200, np.int64), np.full(200, 9)])
    ahead = gain(rank_Q, others_SQ, group_Q=group_Q)["top1"]
    assert ahead["points"] == pytest.approx(66.67) and ahead["interval"][0] < 40
    assert gain(rank_Q, others_SQ[0], group_Q=group_Q)["top1"]["interval"] == [100, 100]
