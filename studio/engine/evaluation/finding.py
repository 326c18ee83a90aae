"""The protocol `retrieval`: do videos of one label find each other, more often than with random weights?

Legend: V videos, Q queries, G gallery videos, S random networks.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from studio.engine.backbones import BACKBONES
from studio.engine.errors import UsageError
from studio.engine.evaluation.kept import Result
from studio.engine.evaluation.labels import GALLERY, QUERY
from studio.engine.evaluation.retrieval import chance_of_tops, first_hits, gain, score
from studio.engine.evaluation.verdict import retrieval_verdict
from studio.engine.evaluation.work import Work
from studio.engine.events import Event, Progress
from studio.engine.inspection.features import Features
from studio.engine.recipe import recipe_from_toml
from studio.engine.shapes import Ints

FEATURE_KINDS = ("average", "pooled")
"""Both are always reported; the backbone says which stands on top. For a still-frame network both are the same."""


def retrieval(work: Work) -> Generator[Event, None, Result | None]:
    """Rank the gallery for every query, with trained and with random weights; None when stopped."""
    queries_Q, gallery_G = work.labels.role(QUERY), work.labels.role(GALLERY)
    if not len(queries_Q) or not len(gallery_G):
        raise UsageError("the column split", "it leaves no query or no gallery video", "Name some of each, or none")
    apart_V = _never_found_V(work)
    if len(np.unique(apart_V[np.concatenate([queries_Q, gallery_G])])) < 2:
        raise UsageError("1 group of videos", "videos of a group never find each other, so none is left to find",
                         "Group the videos otherwise, or give groups in a CSV file")
    ranks: dict[str, dict[str, list[Ints]]] = {}
    for row, networks in work.compared.items():
        ranks[row] = {kind: [] for kind in FEATURE_KINDS}
        for network in networks if row == "random" else networks[:1]:
            features = yield from work.features(network)
            if features is None or work.stop():
                return None
            yield Progress(phase="retrieval", done=len(ranks) - 1, total=len(work.compared), detail=f"{row} weights")
            for kind, rank_Q in _ranks(work, features, queries_Q, gallery_G).items():
                ranks[row][kind].append(rank_Q)
    return _result(work, {row: {kind: np.stack(found) for kind, found in kinds.items()}
                          for row, kinds in ranks.items()}, queries_Q, gallery_G)


def _ranks(work: Work, features: Features, queries_Q: Ints, gallery_G: Ints) -> dict[str, Ints]:
    return {kind: first_hits(array, label_V=work.labels.label_numbers, group_V=_never_found_V(work),
                             queries_Q=queries_Q, gallery_G=gallery_G, seed=work.seed)
            for kind, array in zip(FEATURE_KINDS, (features.mean_VD, features.pooled_VP), strict=True)}


def _never_found_V(work: Work) -> Ints:
    """Numbers of videos that do not find each other: groups, or in a published split each video only itself."""
    groups_V = work.labels.group_numbers
    return np.arange(len(groups_V)) if work.labels.published else groups_V


def _result(work: Work, ranks: dict[str, dict[str, Ints]], queries_Q: Ints, gallery_G: Ints) -> Result:
    """Figures of both kinds of features, the headline on top, and the difference to random weights."""
    group_Q, apart_V = work.labels.group_numbers[queries_Q], _never_found_V(work)
    chances = chance_of_tops(label_V=work.labels.label_numbers, group_V=apart_V, queries_Q=queries_Q,
                             gallery_G=gallery_G)
    headline = BACKBONES[recipe_from_toml(work.run_folder / "recipe.toml").backbone].retrieves_with
    rows: dict[str, Result] = {}
    for row, kinds in ranks.items():
        scores = {kind: score(rank_SQ, group_Q=group_Q, gallery=len(gallery_G), chances=chances, seed=work.seed)
                  for kind, rank_SQ in kinds.items()}
        rows[row] = {**scores[headline], "feature": headline, "features": scores}
    result = rows.pop("trained")
    if rows:
        result["against"] = rows
    gains = {row: {kind: gain(ranks["trained"][kind][0], ranks[row][kind], group_Q=group_Q, seed=work.seed)
                   for kind in FEATURE_KINDS} for row in rows}
    if "random" in gains:
        result["gain"] = gains.pop("random")
    result |= {f"gain_over_{row}": value for row, value in gains.items()}
    return result | {"verdict": retrieval_verdict(result)}
