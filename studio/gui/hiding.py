"""What masks hide of the frames and tuples that are shown. Legend: H, W height and width in pixels, E elements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.engine.masks import hidden
from studio.engine.video.footage import masks_of
from studio.gui.recipes import section_of
from studio.gui.session import Session
from studio.gui.widgets.frame_strip import FrameStrip
from studio.gui.widgets.masked_row import MaskedRow
from studio.gui.widgets.tuple_list import TupleList
from studio.gui.widgets.tuple_view import Dealt

Bools = NDArray[np.bool_]


def hidden_of(session: Session, video_id: int | None, *, short_side_pixels: int = 0) -> Bools | None:
    """What masks hide of a video's frames [H, W], at the cached size or another; None where they hide nothing."""
    video = session.shelf.video(video_id)
    if video is None or session.project is None:
        return None
    masks = masks_of(session.project, video)
    cached = session.cached_video(video.id) if masks else None
    if cached is None:
        return None
    scale = short_side_pixels / min(cached.height, cached.width) if short_side_pixels else 1.0
    found_HW = hidden(masks, height=round(cached.height * scale), width=round(cached.width * scale))
    return found_HW if found_HW.any() else None


def hidden_in_tuple(hidden_HW: Bools | None, dealt: Dealt, augmentation: Mapping[str, Any]) -> list[Bools | None]:
    """What is hidden in each shown element, as it was cut out; None where nothing is, or where it was turned."""
    found: list[Bools | None] = []
    side, whole = int(augmentation.get("crop_pixels", 112)), augmentation.get("crop") == "whole"
    for number in range(len(dealt.frames)):
        turned = bool(dealt.affine) and any(dealt.affine[number])
        if hidden_HW is None or turned or (not whole and number >= len(dealt.crops)):
            found.append(None)
            continue
        top, left = (0, 0) if whole else dealt.crops[number]
        cut_HW = hidden_HW if whole else hidden_HW[top:top + side, left:left + side]
        found.append((cut_HW[:, ::-1] if dealt.flip else cut_HW) if cut_HW.any() else None)
    return found


def show_hidden(session: Session, row: MaskedRow, strip: FrameStrip, tuples: TupleList, video_id: int | None) -> bool:
    """Say what masks hide of a video, and hatch it there and in the tuples; tells whether they hide anything."""
    hidden_HW, on = hidden_of(session, video_id), row.value()
    row.set_hidden(0.0 if hidden_HW is None else float(hidden_HW.mean()))
    strip.set_veil(hidden_HW if on else None)
    augmentation = section_of(session.recipe, "augmentation")
    size = int(augmentation.get("short_side_pixels", 128))
    tuples.set_veils([hidden_in_tuple(hidden_of(session, dealt.video_id, short_side_pixels=size), dealt, augmentation)
                      if on and dealt.masked_share else () for dealt in tuples.tuples])
    return hidden_HW is not None or any(dealt.masked_share for dealt in tuples.tuples)
