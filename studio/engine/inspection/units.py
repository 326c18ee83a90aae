"""The clips that excite each unit of a layer most over a whole project, and how selective the units are.

As in Shuffle and Learn's figure of pool5 units (Misra et al., ECCV 2016, section 5), after Girshick et al. (2014): the
strongest place of a clip, with the receptive field around it.
Legend: V videos, C clips of a video, N = V x C clips, U units, T, H, W places of a map, K clips kept.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from studio.engine.events import Event, Progress, TimeLeft
from studio.engine.inspection.activations import layer_maps
from studio.engine.inspection.embedding import Embedder
from studio.engine.inspection.receptive_field import Box, Field, effective_field, field_of
from studio.engine.sampling import Tuples, some_of, spread_clips
from studio.engine.shapes import Floats, Ints
from studio.engine.training.pixels import displayable

CLIPS_PER_VIDEO = 10
_FIELD_CLIPS = 8
INNER = (242, 184, 75)
"""The colour of the part of a receptive field that is mostly used."""
_FEWEST_VIDEOS = 3
"""A unit that answers fewer videos than this cannot be told from one that answers by chance."""


@dataclass(frozen=True)
class UnitPeaks:
    """The strongest answer of every unit to every clip, `peak_NU`, and where on the map it was, `place_NU3` (T, H, W).

    `video_N` are positions in the footage, `times_N` seconds of the clips' middles.
    """

    layer: str
    tuples: Tuples
    times_N: NDArray[np.float64]
    peak_NU: Floats
    place_NU3: Ints
    effective: Field | None = None
    """The part of the receptive field that these clips' answers mostly come from, where it is known."""

    @property
    def units(self) -> int:
        """Number of units of the layer."""
        return self.peak_NU.shape[1]

    def selectivity_U(self) -> Floats:
        """Lifetime sparseness of each unit, 0 (answers all clips alike) to 1 (answers one); 0 for a silent unit.

        Source: Vinje and Gallant, Science 2000, on activations above 0.
        """
        peaks_NU = np.maximum(self.peak_NU, 0).astype(np.float64)
        count = len(peaks_NU)
        mean_U, power_U = peaks_NU.mean(axis=0), np.square(peaks_NU).mean(axis=0)
        kept_U = 1 - np.square(mean_U) / np.maximum(power_U, 1e-30)
        return np.where(power_U > 0, kept_U / max(1 - 1 / count, 1e-9), 0).astype(np.float32)

    def ranked_units(self) -> list[int]:
        """All units, the most selective first; those that answer hardly any video come after all others."""
        videos = np.unique(self.tuples.video_B)
        answered_U = sum((self.peak_NU[self.tuples.video_B == video] > 0).any(axis=0).astype(int) for video in videos)
        rare_U = answered_U < min(_FEWEST_VIDEOS, len(videos))
        return [int(unit) for unit in np.lexsort((-self.selectivity_U(), rare_U))]

    def strongest(self, unit: int, *, count: int, one_a_video: bool = True) -> list[int]:
        """The clips that excite a unit most, at most one of a video unless asked otherwise, strongest first.

        Clips that a unit does not answer are left out, unless it answers none.
        """
        order = np.argsort(-self.peak_NU[:, unit], kind="stable")
        chosen, seen = list[int](), set[int]()
        for clip in order:
            video = int(self.tuples.video_B[clip])
            if (one_a_video and video in seen) or (chosen and self.peak_NU[clip, unit] <= 0):
                continue
            seen.add(video)
            chosen.append(int(clip))
            if len(chosen) == count:
                break
        return chosen


class Exciting(NamedTuple):
    """A clip that excites a unit: its frames as the network sees them, the frame of the peak, and the field there."""

    clip_THW3: NDArray[np.uint8]
    frame: int
    box: Box
    inner: Box
    """The part of the box that the answer mostly comes from; the box itself where that is not known."""
    value: float


def find_peaks(embedder: Embedder, layer: str, *, clips_per_video: int = CLIPS_PER_VIDEO,
               stop: Callable[[], bool] = lambda: False) -> Generator[Event, None, UnitPeaks | None]:
    """Look at clips spread over every video, with progress; the generator's return value, None when stopped.

    Raises `UsageError` for an unknown layer.
    """
    footage, recipe = embedder.footage, embedder.recipe
    tuples = spread_clips(footage.cached, clips_per_video=clips_per_video, sampling=recipe.sampling,
                          augmentation=recipe.augmentation)
    peaks: list[Floats] = []
    places: list[Ints] = []
    left, step = TimeLeft(len(tuples)), max(1, embedder.batch_clips // 2)
    for first in range(0, len(tuples), step):
        if stop():
            return None
        yield Progress(phase="units", done=first, total=len(tuples), unit="clips", seconds_left=left(first),
                       detail=f"layer {layer}")
        map_BUTHW = layer_maps(embedder.backbone, embedder.clips(some_of(tuples, slice(first, first + step))), layer)
        flat_BUP = map_BUTHW.flatten(2)
        peak_BU, at_BU = flat_BUP.max(dim=2)
        places.append(np.stack(np.unravel_index(at_BU.cpu().numpy(), map_BUTHW.shape[2:]), axis=-1).astype(np.int64))
        peaks.append(peak_BU.cpu().numpy().astype(np.float32))
    middle_N = tuples.frames_BEF[:, 0, tuples.frames_BEF.shape[2] // 2]
    times_N = [footage.cached[video].times_N[frame] for video, frame in zip(tuples.video_B, middle_N, strict=True)]
    some_BCTHW = embedder.clips(some_of(tuples, slice(0, min(_FIELD_CLIPS, embedder.batch_clips))))
    return UnitPeaks(layer, tuples, np.array(times_N), np.concatenate(peaks), np.concatenate(places),
                     effective_field(embedder.backbone, some_BCTHW, layer=layer))


def exciting(embedder: Embedder, peaks: UnitPeaks, unit: int, *, count: int = 8) -> list[Exciting]:
    """The clips that excite a unit most, each with the receptive field of its strongest place."""
    backbone = embedder.backbone
    field, within = field_of(backbone, peaks.layer), _input_of(embedder)
    found = []
    for clip in peaks.strongest(unit, count=count):
        one = some_of(peaks.tuples, slice(clip, clip + 1))
        clips_BCTHW = embedder.clips(one)
        shown_THW3 = displayable(clips_BCTHW[:, None].cpu(), embedder.view)[0, 0].numpy()
        found.append(_marked(shown_THW3, (field, peaks.effective or field), peaks.place_NU3[clip, unit], within,
                             value=float(peaks.peak_NU[clip, unit])))
    return found


def _input_of(embedder: Embedder) -> tuple[int, int, int]:
    backbone = embedder.backbone
    return backbone.clip_frames, backbone.input_pixels, backbone.input_pixels


def _marked(shown_THW3: NDArray[np.uint8], fields: tuple[Field, Field], place_3: Ints, within: tuple[int, int, int], *,
            value: float) -> Exciting:
    """The fields' boxes at a place, and the frame in their middle; of a stack of pictures, the middle one."""
    field, place = fields[0], [int(at) for at in place_3]
    box, inner = (one.box(place, within=within) for one in fields)
    middle = field.jump[0] * place[0] + (field.low[0] + field.high[0]) // 2
    share = (int(np.clip(middle, 0, within[0] - 1)) + 0.5) / within[0]
    return Exciting(shown_THW3, int(share * len(shown_THW3)), box, _cut(inner, box), value)


def _cut(inner: Box, box: Box) -> Box:
    """The part of a box that lies in another one; that one where nothing does."""
    first, second, third = (
        (max(low, start), min(high, stop)) if max(low, start) < min(high, stop) else (start, stop)
        for (low, high), (start, stop) in zip(inner, box, strict=True))
    return first, second, third


def draw_box(picture_HW3: NDArray[np.uint8], box: Box, *, colour: tuple[int, int, int] = (76, 194, 176),
             wide: int = 1) -> NDArray[np.uint8]:
    """A copy of the picture with the outline of the box over H and W."""
    (top, bottom), (left, right) = box[1], box[2]
    drawn = picture_HW3.copy()
    for rows in (slice(top, top + wide), slice(max(top, bottom - wide), bottom)):
        drawn[rows, left:right] = colour
    for columns in (slice(left, left + wide), slice(max(left, right - wide), right)):
        drawn[top:bottom, columns] = colour
    return drawn


def silent_units(peaks: UnitPeaks) -> int:
    """How many units answer no clip at all."""
    return int((peaks.peak_NU.max(axis=0) <= 0).sum())


def same_clip(peaks: UnitPeaks) -> float:
    """Share of the units that have the same favourite clip as another: near 1 when all look for one thing."""
    favourite_U = peaks.peak_NU.argmax(axis=0)
    return 1 - len(np.unique(favourite_U)) / max(1, len(favourite_U))

