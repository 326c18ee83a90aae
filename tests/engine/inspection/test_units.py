"""Units: the clips that excite them most, against a plain loop over all clips and places."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.engine.errors import UsageError
from studio.engine.inspection.activations import layer_maps
from studio.engine.inspection.embedding import Embedder, open_embedder
from studio.engine.inspection.unit_sheet import units
from studio.engine.inspection.units import UnitPeaks, draw_box, exciting, find_peaks, same_clip, silent_units
from studio.engine.project import Project
from studio.engine.sampling import plain_tuples, some_of
from studio.engine.video.footage import open_footage
from tests.engine.inspection.generators import result_of


@pytest.fixture(scope="module")
def embedder(tiny_run: Path) -> Embedder:
    return open_embedder(open_footage(Project.open(tiny_run.parents[1])), tiny_run)


def _peaks(peak_NU: list[list[float]]) -> UnitPeaks:
    peak = np.array(peak_NU, np.float32)
    count = len(peak)
    tuples = plain_tuples(np.arange(count) // 2, np.zeros((count, 1, 4), np.int64), np.zeros((count, 1, 2), np.int64))
    return UnitPeaks("conv4", tuples, np.zeros(count), peak, np.zeros((*peak.shape, 3), np.int64))


def test_peaks_are_the_largest_of_each_map(embedder: Embedder) -> None:
    found = result_of(find_peaks(embedder, "conv3", clips_per_video=3))
    assert found.units == 64 and len(found.peak_NU) == 3 * len(embedder.footage.videos)
    for clip in (0, 4):
        map_UTHW = layer_maps(embedder.backbone, embedder.clips(some_of(found.tuples, slice(clip, clip + 1))),
                              "conv3")[0].cpu().numpy()
        for unit in (0, 17, 63):
            assert found.peak_NU[clip, unit] == pytest.approx(map_UTHW[unit].max(), rel=1e-4, abs=1e-5)
            assert map_UTHW[(unit, *found.place_NU3[clip, unit])] == pytest.approx(map_UTHW[unit].max(), rel=1e-4,
                                                                                   abs=1e-5)


def test_selectivity_is_1_for_one_clip_and_0_for_all_alike() -> None:
    found = _peaks([[5, 1, 0, 1], [0, 1, 0, 2], [0, 1, 0, 3], [0, 1, 0, 4]]).selectivity_U()
    assert found[:3].tolist() == pytest.approx([1, 0, 0], abs=1e-5)
    assert found[3] == pytest.approx((1 - 2.5 ** 2 / 7.5) / 0.75, abs=1e-5)  # by hand: mean 2.5, mean square 7.5
    assert _peaks([[5, 1, 0, 1], [0, 1, 0, 2], [0, 1, 0, 3], [0, 1, 0, 4]]).ranked_units() == [3, 1, 0, 2], \
        "unit 0 answers one of two videos alone, and unit 2 none"


def test_one_clip_of_a_video_unless_asked_otherwise() -> None:
    peaks = _peaks([[5.0], [4.0], [3.0], [9.0]])  # two videos of two clips
    assert peaks.strongest(0, count=3) == [3, 0]
    assert peaks.strongest(0, count=3, one_a_video=False) == [3, 0, 1]
    assert silent_units(_peaks([[0, 1], [-1, 1]])) == 1
    assert same_clip(_peaks([[1, 1, 1], [0, 0, 0]])) == pytest.approx(2 / 3)


def test_the_box_lies_round_the_strongest_place(embedder: Embedder) -> None:
    peaks = result_of(find_peaks(embedder, "conv2", clips_per_video=2))
    unit = peaks.ranked_units()[0]
    shown = exciting(embedder, peaks, unit, count=3)
    assert 1 <= len(shown) <= 3 and shown[0].value >= shown[-1].value
    clip = peaks.strongest(unit, count=1)[0]
    _, row, column = (int(at) for at in peaks.place_NU3[clip, unit])
    (top, bottom), (left, right) = shown[0].box[1:]
    assert (top, bottom) == (max(0, 4 * row - 4), min(56, 4 * row + 5))  # conv2: jump 4, 9 pixels
    assert (left, right) == (max(0, 4 * column - 4), min(56, 4 * column + 5))
    drawn = draw_box(shown[0].clip_THW3[0], shown[0].box)
    assert drawn[top, left].tolist() == [76, 194, 176] and not (drawn == shown[0].clip_THW3[0]).all()


def test_the_inner_box_holds_what_moves_the_unit(embedder: Embedder) -> None:
    """Computed independently: the gradient of one unit at its strongest place, nearly all of it in the inner box."""
    peaks = result_of(find_peaks(embedder, "conv4", clips_per_video=2))
    assert peaks.effective is not None
    unit = peaks.ranked_units()[0]
    clip = peaks.strongest(unit, count=1)[0]
    shown = exciting(embedder, peaks, unit, count=1)[0]
    assert all(low <= start < stop <= high for (start, stop), (low, high) in zip(shown.inner, shown.box, strict=True))
    clips_BCTHW = embedder.clips(some_of(peaks.tuples, slice(clip, clip + 1))).clone().requires_grad_(True)
    kept: list[torch.Tensor] = []
    handle = embedder.backbone.layers()["conv4"].register_forward_hook(lambda *seen: kept.append(seen[2]))
    embedder.backbone.map(clips_BCTHW)
    handle.remove()
    kept[-1][(0, unit, *peaks.place_NU3[clip, unit])].backward()
    assert clips_BCTHW.grad is not None
    moved_THW = clips_BCTHW.grad[0].abs().sum(dim=0)
    box, inner = (tuple(slice(*side) for side in one) for one in (shown.box, shown.inner))
    assert float(moved_THW[box].sum()) == pytest.approx(float(moved_THW.sum()), rel=1e-5), "nothing from outside"
    assert float(moved_THW[inner].sum()) > 0.75 * float(moved_THW.sum())


def test_units_of_random_weights_and_of_another_run_below(tiny_run: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(tiny_run.parents[1], tmp_path / "P"))
    own = root / "runs" / tiny_run.name
    shutil.copytree(own, own.with_name("2020-01-01-0000-older"))
    project = Project.open(root)
    alone, random, older = (list(units(project, own, layer="conv2", count=2, clips=2, beside=beside,
                                       out=tmp_path / "u.png"))[-1].result
                            for beside in ("", "random", "2020-01-01-0000-older"))
    assert "beside" not in alone and random["ranked"] == alone["ranked"] != random["beside"]["ranked"]
    assert random["beside"]["title"] == "random weights"
    assert older["beside"]["ranked"] == alone["ranked"], "a copy of the run looks for the same"
    with pytest.raises(UsageError, match="raw pixels have no layers"):
        list(units(project, own, beside="pixels"))


def test_the_sheet_of_units(tiny_run: Path, tmp_path: Path) -> None:
    project = Project.open(tiny_run.parents[1])
    result = list(units(project, tiny_run, layer="conv3", count=3, clips=2, out=tmp_path / "units.png"))[-1].result
    assert len(result["ranked"]) == 3 and result["field"] == [7, 17, 17] and result["units"] == 64
    assert all(small <= whole for small, whole in zip(result["effective_field"], result["field"], strict=True))
    assert (tmp_path / "units.png").stat().st_size > 2000
    with pytest.raises(UsageError, match="no such layer"):
        list(units(project, tiny_run, layer="fc9"))
    with pytest.raises(UsageError, match="1 to 64 units"):
        list(units(project, tiny_run, count=0))
    assert list(units(project, tiny_run, stop=lambda: True))[-1].stopped
