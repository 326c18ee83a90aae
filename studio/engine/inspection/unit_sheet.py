"""The operation `units`: what the units of a layer look for, as a contact sheet, and as what a window shows.

Legend: F frames, H height, W width.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.engine.errors import UsageError
from studio.engine.events import Events, Finished, Saved
from studio.engine.inspection.embedding import Embedder, footage_of_run, open_embedder
from studio.engine.inspection.looks import Way, layers_beside
from studio.engine.inspection.receptive_field import field_of
from studio.engine.inspection.sheet import Row, write_sheet
from studio.engine.inspection.units import INNER, UnitPeaks, draw_box, exciting, find_peaks, same_clip, silent_units
from studio.engine.project import Project

MOST_UNITS = 64


def units(project: Project, run_folder: Path, *, layer: str = "", count: int = 12, clips: int = 8,
          random: bool = False, beside: str = "", out: Path | None = None,
          stop: Callable[[], bool] = lambda: False) -> Events:
    """Find the clips that excite the most selective units of a layer, and draw them with their receptive fields.

    `count` units with `clips` clips each; `random` are the same network's before training. The most selective units of
    `beside` (`random`, or another run) follow below. Raises `UsageError` for an unknown layer or counts out of range.
    """
    if not 1 <= count <= MOST_UNITS or not 1 <= clips <= 20:
        raise UsageError(f"{count} units with {clips} clips",
                         f"a sheet shows 1 to {MOST_UNITS} units with 1 to 20 clips each", "Choose fewer")
    ways = [Way("random" if random else "trained", run_folder)]
    if beside and not random:
        ways.append(layers_beside(project, run_folder, beside))
    found, rows = list[dict[str, Any]](), list[Row]()
    for way in ways:
        footage = yield from footage_of_run(project, way.run_folder, stop=stop)
        embedder = None if footage is None else open_embedder(footage, way.run_folder, random=way.kind == "random")
        layer = layer or (embedder.backbone.feature_layer if embedder else "")
        peaks = None if embedder is None else (yield from find_peaks(embedder, layer, stop=stop))
        if embedder is None or peaks is None:
            yield Finished(operation="units", result={"run": run_folder.name, "layer": layer}, stopped=True)
            return
        found.append({"run": way.run_folder.name, "weights": way.kind, "title": way.title,
                      **_described(embedder, peaks, count=count, clips=clips)})
        if out is not None:
            rows += _sheet_rows(embedder, peaks, found[-1], clips=clips)
    result = found[0] | ({"beside": found[1]} if len(found) > 1 else {})
    if out is not None:
        write_sheet(out, rows)
        yield Saved(what="picture", path=out.name)
        result["picture"] = out.name
    yield Finished(operation="units", result=result)


def _described(embedder: Embedder, peaks: UnitPeaks, *, count: int, clips: int) -> dict[str, Any]:
    field = field_of(embedder.backbone, peaks.layer)
    return {"layer": peaks.layer, "units": peaks.units, "silent": silent_units(peaks),
            "same_favourite": round(same_clip(peaks), 4), "field": list(field.size),
            "effective_field": list((peaks.effective or field).size),
            "ranked": [unit_entry(peaks, unit, clips=clips) for unit in peaks.ranked_units()[:count]]}


def _sheet_rows(embedder: Embedder, peaks: UnitPeaks, described: dict[str, Any], *, clips: int) -> list[Row]:
    """A row a unit; the wide box is what it can see, the narrow one what it mostly uses."""
    rows = []
    for entry in described["ranked"]:
        tiles = [(draw_box(draw_box(one.clip_THW3[one.frame], one.box), one.inner, colour=INNER), f"{one.value:.2f}")
                 for one in exciting(embedder, peaks, entry["unit"], count=clips)]
        rows.append(Row(f"{described['title']}: unit {entry['unit']}, selectivity {entry['selectivity']:.2f}", tiles))
    return rows


def unit_entry(peaks: UnitPeaks, unit: int, *, clips: int) -> dict[str, Any]:
    """A unit's selectivity and the clips that excite it most, as plain values (positions in the footage)."""
    return {"unit": unit, "selectivity": round(float(peaks.selectivity_U()[unit]), 4),
            "clips": [{"position": int(peaks.tuples.video_B[clip]), "at_seconds": round(float(peaks.times_N[clip]), 3),
                       "value": round(float(peaks.peak_NU[clip, unit]), 4)}
                      for clip in peaks.strongest(unit, count=clips)]}


def units_answer(embedder: Embedder, peaks: UnitPeaks, *, count: int, clips: int,
                 unit: int | None) -> tuple[dict[str, Any], list[NDArray[np.uint8]]]:
    """What a window shows: the ranked units, each with the frame of its strongest clip (pictures [H, W, 3]).

    With `unit` instead the clips that excite it ([F, H, W, 3] each), with frames and boxes. Videos are told by number.
    Raises `UsageError` for a unit that is not there.
    """
    field, ids = field_of(embedder.backbone, peaks.layer), [video.id for video in embedder.footage.videos]
    told = {"layer": peaks.layer, "units": peaks.units, "silent": silent_units(peaks), "field": list(field.size),
            "effective_field": list((peaks.effective or field).size), "same_favourite": round(same_clip(peaks), 4)}
    if unit is not None and not 0 <= unit < peaks.units:
        raise UsageError(f"unit {unit}", f"this layer has units 0 to {peaks.units - 1}", "Choose one of them")
    ranked = [unit] if unit is not None else peaks.ranked_units()[:count]
    pictures, entries = list[NDArray[np.uint8]](), list[dict[str, Any]]()
    for one in ranked:
        shown = exciting(embedder, peaks, one, count=clips if unit is not None else 1)
        entry = unit_entry(peaks, one, clips=len(shown))
        for clip, found in zip(entry["clips"], shown, strict=True):
            clip |= {"video_id": ids[clip.pop("position")], "frame": found.frame,
                     "box": [list(side) for side in found.box], "inner": [list(side) for side in found.inner]}
        entries.append(entry)
        pictures += [found.clip_THW3 if unit is not None else found.clip_THW3[found.frame] for found in shown]
    return told | {"unit": unit, "ranked": entries}, pictures
