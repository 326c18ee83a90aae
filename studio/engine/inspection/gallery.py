"""The clips most like a feature: exact cosine over all clips that may be found, the best clip of each video.

Legend: V videos, C clips of a video, D feature, k neighbours.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from studio.engine.inspection.approximate import ApproximateIndex
from studio.engine.shapes import Floats, Ints

LeaveOut = Literal["video", "group"]
Ranked = tuple[Ints, Ints, Floats]
"""video_k, clip_k and similarity_k, best first."""
_CHUNK_CLIPS = 1 << 17
_LEAST_ASKED = 256


@dataclass(frozen=True)
class Gallery:
    """Clip features of V videos that can be asked for neighbours again and again.

    `group_V` are the videos' groups as numbers. Lengths are computed once, on the first question.
    """

    clips_VCD: Floats
    group_V: Ints

    @cached_property
    def inverse_lengths_VC(self) -> Floats:
        """One over each feature's length; 0 for a feature of length 0, which is then like nothing."""
        length_VC = np.sqrt(np.einsum("vcd,vcd->vc", self.clips_VCD, self.clips_VCD))
        return np.divide(1, length_VC, out=np.zeros_like(length_VC), where=length_VC > 1e-12)

    def similarity(self, query_D: Floats) -> Floats:
        """Cosine of a query with every clip, similarity_VC, in chunks of bounded memory."""
        unit_D = np.asarray(query_D / max(float(np.linalg.norm(query_D)), 1e-12), np.float32)
        flat_BD = self.clips_VCD.reshape(-1, self.clips_VCD.shape[-1])
        parts = [flat_BD[first:first + _CHUNK_CLIPS] @ unit_D for first in range(0, len(flat_BD), _CHUNK_CLIPS)]
        return np.asarray(np.concatenate(parts).reshape(self.inverse_lengths_VC.shape) * self.inverse_lengths_VC)

    def mean_of(self, clips: Collection[tuple[int, int]]) -> Floats:
        """The mean feature of clips (position of the video, number of the clip), each brought to length 1 first."""
        video_B, clip_B = np.array(sorted(clips), np.int64).reshape(-1, 2).T
        unit_BD = self.clips_VCD[video_B, clip_B] * self.inverse_lengths_VC[video_B, clip_B, None]
        return np.asarray(unit_BD.mean(axis=0), np.float32)

    def allowed(self, left_out: Collection[int], leave_out: LeaveOut) -> NDArray[np.bool_]:
        """Which videos may be found, allowed_V: neither those left out nor, with `group`, others of their groups."""
        places = np.array(sorted(left_out), np.int64)
        allowed_V = (~np.isin(self.group_V, self.group_V[places]) if leave_out == "group"
                     else np.ones(len(self.group_V), np.bool_))
        allowed_V[places] = False
        return allowed_V


def nearest_clips(query_D: Floats, gallery: Gallery, *, left_out: Collection[int], k: int,
                  leave_out: LeaveOut = "group", index: ApproximateIndex | None = None) -> Ranked:
    """Rank the gallery for a query: (video_k, clip_k, similarity_k), best first.

    The videos at the positions `left_out` never come back; with `group` neither do others of their groups. Each video
    is there once, with its best clip; fewer than `k` come back when fewer are allowed. With an `index` of all clips in
    the gallery's order the answer is approximate.
    """
    allowed_V = gallery.allowed(left_out, leave_out)
    if index is not None:
        return _by_index(query_D, gallery, index, allowed_V=allowed_V, k=k)
    similarity_VC = gallery.similarity(query_D)
    clip_V = similarity_VC.argmax(axis=1)
    best_V = np.take_along_axis(similarity_VC, clip_V[:, None], axis=1)[:, 0]
    candidates = np.flatnonzero(allowed_V)
    if k < len(candidates):
        candidates = candidates[np.argpartition(-best_V[candidates], k - 1)[:k]]
    video_k = candidates[np.argsort(-best_V[candidates], kind="stable")]
    return video_k, clip_V[video_k], best_V[video_k]


def _by_index(query_D: Floats, gallery: Gallery, index: ApproximateIndex, *, allowed_V: NDArray[np.bool_],
              k: int) -> Ranked:
    """Ask for more and more clips until they are of `k` allowed videos, or there are no more."""
    clips, every = gallery.clips_VCD.shape[1], int(np.prod(gallery.clips_VCD.shape[:2]))
    wanted = min(every, max(_LEAST_ASKED, 4 * k * clips))
    while True:
        number_B, cosine_B = (array[0] for array in index.nearest(query_D[None], k=wanted))
        found = number_B >= 0
        number_B, cosine_B = number_B[found], cosine_B[found]
        kept = allowed_V[number_B // clips]
        number_B, cosine_B = number_B[kept], cosine_B[kept]
        first = np.sort(np.unique(number_B // clips, return_index=True)[1])[:k]
        if len(first) >= k or wanted >= every or not found.all():
            return number_B[first] // clips, number_B[first] % clips, cosine_B[first]
        wanted = min(every, 4 * wanted)
