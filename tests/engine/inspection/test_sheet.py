"""The PNGs that are written, against pictures that are worked out here from the files and the bare network."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from studio.engine.inspection.activations import activations
from studio.engine.inspection.embedding import clip_around, open_embedder
from studio.engine.inspection.neighbours import neighbours
from studio.engine.inspection.sheet import CAPTION, GAP, TILE_PIXELS, TITLE, Row, write_sheet
from studio.engine.project import Project
from studio.engine.training.checkpoint import load_weights
from studio.engine.video.footage import open_footage

Picture = NDArray[np.uint8]
HEAT = [(0, 0, 4), (66, 10, 104), (147, 38, 103), (221, 81, 58), (252, 165, 10), (252, 255, 164)]


def tile(path: Path, *, row: int, column: int, wide: int, size: tuple[int, int]) -> NDArray[np.float32]:
    """Cut a tile out of a sheet and bring it to (height, width)."""
    sheet = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    top, left = row * (TITLE + TILE_PIXELS + CAPTION) + TITLE, GAP + column * (wide + GAP)
    cut = sheet[top:top + TILE_PIXELS, left:left + wide]
    return cv2.resize(cut, size[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)


def test_tiles_stand_where_they_belong(tmp_path: Path) -> None:
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    pictures: list[Picture] = [np.full((36, 72, 3), colour, np.uint8) for colour in colours]
    write_sheet(tmp_path / "s.png", [Row("one", [(pictures[0], "a"), (pictures[1], "b")]),
                                      Row("two", [(pictures[2], "")])])
    for (row, column), colour in zip(((0, 0), (0, 1), (1, 0)), colours, strict=True):
        found = tile(tmp_path / "s.png", row=row, column=column, wide=2 * TILE_PIXELS, size=(36, 72))
        assert np.abs(found - np.array(colour)).max() == 0


def test_the_heat_in_the_picture_is_that_of_the_bare_network(tiny_run: Path, tmp_path: Path) -> None:
    project = Project.open(tiny_run.parents[1])
    footage = open_footage(project)
    list(activations(project, tiny_run, video=footage.videos[3].id, at_seconds=1.0, layer="conv2", unit=5,
                     out=tmp_path / "heat.png"))
    embedder = open_embedder(footage, tiny_run)
    clips_BCTHW = embedder.clips(clip_around(footage, embedder.recipe, 3, at_seconds=1.0))
    _, network = load_weights(tiny_run)
    layer = dict(network.backbone.eval().layers())["conv2"]
    kept: list[torch.Tensor] = []
    layer.register_forward_hook(lambda *seen: kept.append(seen[2].detach()))
    with torch.no_grad():
        network.backbone.map(clips_BCTHW)
    unit_THW = kept[0][0, 5].clamp_min(0)
    large = torch.nn.functional.interpolate(unit_THW[None, None], size=clips_BCTHW.shape[2:], mode="trilinear")[0, 0]
    low, high = np.percentile(large.numpy(), [1, 99.5])
    share = np.clip((large.numpy()[0] - low) / (high - low), 0, 1)
    assert embedder.view.scaling == "unit", "the network is shown colours from 0 to 1"
    grey = 255 * clips_BCTHW[0, :, 0].mean(dim=0).numpy() * 0.85
    place = share * (len(HEAT) - 1)
    colour = np.stack([np.interp(place, range(len(HEAT)), channel) for channel in np.array(HEAT).T], axis=-1)
    wanted = grey[..., None] * (1 - 0.75 * share[..., None]) + colour * 0.75 * share[..., None]
    side = clips_BCTHW.shape[-1]
    found = tile(tmp_path / "heat.png", row=1, column=0, wide=TILE_PIXELS, size=(side, side))
    assert np.abs(found - wanted).mean() < 2.5
    plain = tile(tmp_path / "heat.png", row=0, column=0, wide=TILE_PIXELS, size=(side, side))
    assert np.abs(plain - wanted).mean() > 5, "the clip alone stands above"


def test_the_query_in_the_picture_is_the_frame_of_the_file(tiny_run: Path, tmp_path: Path) -> None:
    project = Project.open(tiny_run.parents[1])
    with project.catalogue(read_only=True) as catalogue:
        video = next(one for one in catalogue.videos(usable_only=True) if one.path.endswith(".mp4"))
    result = list(neighbours(project, tiny_run, video=video.id, at_seconds=1.2, k=2, out=tmp_path / "n.png"))[-1].result
    second = result["query"]["at_seconds"]
    with av.open(str(project.video_file(source=video.source, path=video.path))) as container:
        frame = next(one for one in container.decode(video=0) if one.time is not None and one.time >= second - 1e-3)
        picture = frame.to_ndarray(format="rgb24")
    height, width = picture.shape[:2]
    found = tile(tmp_path / "n.png", row=0, column=0, wide=round(width * TILE_PIXELS / height), size=(height, width))
    assert np.abs(found - picture).mean() < 4
    other = tile(tmp_path / "n.png", row=1, column=0, wide=round(width * TILE_PIXELS / height), size=(height, width))
    assert np.abs(other - picture).mean() > 4, "a neighbour is another video"
    assert second == pytest.approx(1.2, abs=0.05)
