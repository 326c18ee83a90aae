"""Features for other programs, read back by numpy and by csv."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from studio.engine.errors import UsageError
from studio.engine.inspection.feature_files import write_features
from studio.engine.inspection.features import load_features
from studio.engine.project import Project


def test_both_files_hold_what_is_kept(tiny_run: Path, tmp_path: Path) -> None:
    project = Project.open(tiny_run.parents[1])
    result = list(write_features(project, tiny_run, out=tmp_path / "f.npz"))[-1].result
    list(write_features(project, tiny_run, out=tmp_path / "f.csv"))
    kept = load_features(project, tiny_run)
    assert kept is not None
    with np.load(tmp_path / "f.npz", allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["features_ND"], kept.average_VCD.reshape(-1, 128))
        np.testing.assert_array_equal(stored["times_N"], kept.times_VC.ravel())
        names = stored["videos_N"]
    assert len(names) == result["clips"] == kept.times_VC.size and names[0] == names[9] != names[10]
    with (tmp_path / "f.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == result["clips"] and [row["video"] for row in rows] == names.tolist()
    assert float(rows[3]["f5"]) == pytest.approx(float(kept.average_VCD[0, 3, 5]), rel=1e-5)
    assert float(rows[3]["seconds"]) == pytest.approx(kept.times_VC[0, 3], abs=1e-3)


def test_another_ending_is_refused_before_any_work(tiny_run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.npz or \.csv"):
        next(write_features(Project.open(tiny_run.parents[1]), tiny_run, out=tmp_path / "f.pkl"))
