"""The operations `units` and `attribution`: what units look for, and which pixels told an answer, as pictures.

Legend: E elements, F frames, H height, W width.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.engine.catalogue import display_path
from studio.engine.device import choose_device
from studio.engine.errors import UsageError, VideoError
from studio.engine.events import Events, Finished, Progress, Saved
from studio.engine.inspection.attribution import Attribution, as_heat, attribute
from studio.engine.inspection.embedding import Embedder, footage_of_run, open_embedder
from studio.engine.inspection.neighbours import find_position
from studio.engine.inspection.receptive_field import effective_box, field_of, gradient_share
from studio.engine.inspection.sheet import Row, heat_over, write_sheet
from studio.engine.inspection.units import UnitPeaks, draw_box, exciting, find_peaks, same_clip, silent_units
from studio.engine.project import Project
from studio.engine.recipe import Recipe
from studio.engine.resampling import frames_at_rate
from studio.engine.sampling import PREVIEW, Tuples, deal_tuples, some_of
from studio.engine.training.checkpoint import load_weights, random_network
from studio.engine.training.network import TupleNetwork
from studio.engine.training.pixels import displayable, gather, network_input
from studio.engine.video.footage import Footage

MOST_UNITS = 64
_FIELD_CLIPS = 8


def units(project: Project, run_folder: Path, *, layer: str = "", count: int = 12, clips: int = 8,
          random: bool = False, out: Path | None = None, stop: Callable[[], bool] = lambda: False) -> Events:
    """Find the clips that excite the most selective units of a layer, and draw them with their receptive fields.

    `count` units with `clips` clips each. Raises `UsageError` for an unknown layer or counts out of range.
    """
    if not 1 <= count <= MOST_UNITS or not 1 <= clips <= 20:
        raise UsageError(f"{count} units with {clips} clips",
                         f"a sheet shows 1 to {MOST_UNITS} units with 1 to 20 clips each", "Choose fewer")
    footage = yield from footage_of_run(project, run_folder, stop=stop)
    if footage is None:
        yield Finished(operation="units", result={"run": run_folder.name}, stopped=True)
        return
    embedder = open_embedder(footage, run_folder, random=random)
    layer = layer or embedder.backbone.feature_layer
    field = field_of(embedder.backbone, layer)
    peaks = yield from find_peaks(embedder, layer, stop=stop)
    if peaks is None:
        yield Finished(operation="units", result={"run": run_folder.name, "layer": layer}, stopped=True)
        return
    first = embedder.clips(some_of(peaks.tuples, slice(0, _FIELD_CLIPS)))
    effective = effective_box(gradient_share(embedder.backbone, first, layer=layer))
    result: dict[str, Any] = {"run": run_folder.name, "weights": "random" if random else "trained", "layer": layer,
              "units": peaks.units, "silent": silent_units(peaks), "same_favourite": round(same_clip(peaks), 4),
              "field": list(field.size), "effective_field": [stop - start for start, stop in effective],
              "ranked": [unit_entry(peaks, unit, clips=clips) for unit in peaks.ranked_units()[:count]]}
    if out is not None:
        rows = []
        for entry in result["ranked"]:
            tiles = [(draw_box(one.clip_THW3[one.frame], one.box), f"{one.value:.2f}")
                     for one in exciting(embedder, peaks, entry["unit"], count=clips)]
            rows.append(Row(f"unit {entry['unit']}, selectivity {entry['selectivity']:.2f}", tiles))
        write_sheet(out, rows)
        yield Saved(what="picture", path=out.name)
        result["picture"] = out.name
    yield Finished(operation="units", result=result)


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
            "same_favourite": round(same_clip(peaks), 4)}
    if unit is not None and not 0 <= unit < peaks.units:
        raise UsageError(f"unit {unit}", f"this layer has units 0 to {peaks.units - 1}", "Choose one of them")
    ranked = [unit] if unit is not None else peaks.ranked_units()[:count]
    pictures, entries = list[NDArray[np.uint8]](), list[dict[str, Any]]()
    for one in ranked:
        shown = exciting(embedder, peaks, one, count=clips if unit is not None else 1)
        entry = unit_entry(peaks, one, clips=len(shown))
        for clip, found in zip(entry["clips"], shown, strict=True):
            clip |= {"video_id": ids[clip.pop("position")], "frame": found.frame,
                     "box": [list(side) for side in found.box]}
        entries.append(entry)
        pictures += [found.clip_THW3 if unit is not None else found.clip_THW3[found.frame] for found in shown]
    return told | {"unit": unit, "ranked": entries}, pictures


class Told:
    """One tuple that a run's network answered, and what of its pixels told the answer."""

    def __init__(self, footage: Footage, recipe: Recipe, network: TupleNetwork, tuples: Tuples) -> None:
        device = choose_device(recipe.training.device).device
        self.task, self.tuples = recipe.make_task(), tuples
        view = recipe.augmentation
        clips_BECTHW = network_input(gather(footage, tuples, view), tuples, view, device)
        self.found: Attribution = attribute(network.to(device).eval().requires_grad_(False), self.task, clips_BECTHW)
        self.clips_EFHW3: NDArray[np.uint8] = displayable(clips_BECTHW.cpu(), view)[0].numpy()
        self.heat_EFHW: NDArray[np.uint8] = as_heat(self.found.parts_ETHW)

    def entry(self) -> dict[str, Any]:
        """The question and the answer as plain values."""
        label, found = int(self.tuples.label_B[0]), self.found
        return {"label": label, "label_text": self.task.label_text(label), "answer": found.answer,
                "answer_text": self.task.label_text(found.answer), "right": label == found.answer,
                "probability": None if found.probability is None else round(found.probability, 4),
                "gain": round(found.gain, 4), "explained": round(float(found.parts_ETHW.sum()), 4),
                "frames": self.tuples.frames_BEF[0].tolist()}


def deal_question(footage: Footage, recipe: Recipe, position: int, *, seed: int) -> Tuples:
    """One tuple of a video, as training would deal it. Raises `VideoError` when the video is too short."""
    task, cached = recipe.make_task(), footage.cached[position]
    frames = frames_at_rate(cached, recipe.sampling.frames_per_second)
    if frames < task.span_frames:
        raise VideoError(display_path(footage.videos[position].path),
                         f"it has {frames} frames, and one tuple of this run spans {task.span_frames}",
                         "Choose a longer video")
    return deal_tuples(footage.cached, np.array([position], np.int64), task=task, sampling=recipe.sampling,
                       augmentation=recipe.augmentation, rng=np.random.default_rng([seed, PREVIEW]))


def attribution(project: Project, run_folder: Path, *, video: str | int, seed: int = 0, out: Path | None = None,
                stop: Callable[[], bool] = lambda: False) -> Events:
    """Ask a run's network one question about a video and show which pixels told the answer, beside random weights.

    Raises `UsageError` for a video that is not there, `VideoError` when it is too short.
    """
    footage = yield from footage_of_run(project, run_folder, stop=stop)
    if footage is None:
        yield Finished(operation="attribution", result={"run": run_folder.name}, stopped=True)
        return
    position = find_position(project, footage, video)
    recipe, network = load_weights(run_folder)
    tuples = deal_question(footage, recipe, position, seed=seed)
    told: list[Told] = []
    for number, one in enumerate((network, random_network(recipe))):
        yield Progress(phase="attribution", done=number, total=2)
        if stop():
            yield Finished(operation="attribution", result={"run": run_folder.name}, stopped=True)
            return
        told.append(Told(footage, recipe, one, tuples))
    shown = footage.videos[position]
    result = {"run": run_folder.name, "video": display_path(shown.path), "video_id": shown.id,
              "trained": told[0].entry(), "random": told[1].entry()}
    if out is not None:
        write_sheet(out, _rows(told))
        yield Saved(what="picture", path=out.name)
        result["picture"] = out.name
    yield Finished(operation="attribution", result=result)


def _rows(told: list[Told]) -> list[Row]:
    """The elements as shown, then each network's heat over them: the middle frame of each element."""
    middle = told[0].clips_EFHW3.shape[1] // 2
    rows = [Row(f"question: {told[0].entry()['label_text']}",
                [(clip_FHW3[middle], f"[{number}]") for number, clip_FHW3 in enumerate(told[0].clips_EFHW3, start=1)])]
    for name, one in zip(("trained", "random weights"), told, strict=True):
        rows.append(Row(f"{name}: {one.entry()['answer_text']}", [
            (heat_over(clip_FHW3[middle], heat_FHW[middle]), "")
            for clip_FHW3, heat_FHW in zip(one.clips_EFHW3, one.heat_EFHW, strict=True)]))
    return rows
