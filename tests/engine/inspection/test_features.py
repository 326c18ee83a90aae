"""Features: ten clips a video, kept, and made again when what they depend on changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import torch

from studio.engine.inspection.embedding import open_embedder
from studio.engine.inspection.features import ensured_features, extract_features, load_features
from studio.engine.project import Project
from studio.engine.sampling import some_of, spread_clips
from studio.engine.video.footage import open_footage


def _own(tiny_run: Path, tmp_path: Path) -> tuple[Project, Path]:
    root = Path(shutil.copytree(tiny_run.parents[1], tmp_path / "clips" / "P"))
    run = root / "runs" / tiny_run.name
    shutil.rmtree(run / "features", ignore_errors=True)
    return Project.open(root), run


def test_they_are_what_the_backbone_says_of_ten_clips_a_video(tiny_run: Path, tmp_path: Path) -> None:
    project, run = _own(tiny_run, tmp_path)
    result = list(extract_features(project, run))[-1].result
    footage = open_footage(project)
    kept = load_features(project, run)
    assert kept is not None and kept.average_VCD.shape == (len(footage.videos), 10, 128)
    assert result["clips"] == 10 * len(footage.videos) == kept.times_VC.size
    assert (np.diff(kept.times_VC, axis=1) >= 0).all()
    embedder = open_embedder(footage, run)
    tuples = spread_clips(footage.cached, clips_per_video=10, sampling=embedder.recipe.sampling,
                          augmentation=embedder.view)
    found = embedder.features(some_of(tuples, slice(10, 20)))
    torch.testing.assert_close(found.average_BD, torch.from_numpy(kept.average_VCD[1]), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.pooled_BP.mean(0), torch.from_numpy(kept.pooled_VP[1]), rtol=1e-4, atol=1e-5)


def test_kept_features_are_used_until_something_changes(tiny_run: Path, tmp_path: Path) -> None:
    project, run = _own(tiny_run, tmp_path)
    list(extract_features(project, run))
    assert list(ensured_features(run, open_footage(project))) == []
    with project.catalogue() as catalogue:
        catalogue.change([catalogue.videos()[0].id], excluded=True)
    assert load_features(project, run) is None
    (run / "features" / "trained.safetensors").write_bytes(b"damaged")
    assert load_features(project, run) is None
    assert len(list(ensured_features(run, open_footage(project)))) > 1


def test_random_weights_are_others(tiny_run: Path, tmp_path: Path) -> None:
    project, run = _own(tiny_run, tmp_path)
    list(extract_features(project, run))
    list(extract_features(project, run, random=True))
    trained, random = load_features(project, run), load_features(project, run, random=True)
    assert trained is not None and random is not None
    assert not np.allclose(trained.average_VCD, random.average_VCD)


def test_when_stopped_nothing_is_kept(tiny_run: Path, tmp_path: Path) -> None:
    project, run = _own(tiny_run, tmp_path)
    last = list(extract_features(project, run, stop=lambda: True))[-1]
    assert last.stopped and load_features(project, run) is None
