"""Weights and features are taken elsewhere through the form, and what was written can be read.

Each export is a process that loads torch: two formats, and all of them in the long run.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QLineEdit

from studio.gui.widgets.export_form import FEATURES, FORMATS
from studio.gui.window import Window
from tests.e2e.driver import Step, choose, click, control, pick_rows, play, write
from tests.gui.conftest import left_running


def _exported(told: dict, place: Path, wanted: set[str]) -> object:
    def story(window: Window) -> Step:
        session = window.session
        yield lambda: len(session.runs) == 2
        click(window, "rail.train")
        yield lambda: control(window, "train.runs").isVisible()
        mc3 = next(row for row, run in enumerate(reversed(session.runs)) if run.name.endswith("mc3"))
        pick_rows(window, "train.runs", [1 - mc3])
        click(window, "rail.evaluate")
        yield lambda: control(window, "evaluate.export").isVisible()
        choose(window, "evaluate.format", FORMATS["torchvision"][0])
        assert not control(window, "evaluate.export").isEnabled(), "torchvision has no such network"
        click(window, "rail.train")
        pick_rows(window, "train.runs", [mc3])
        click(window, "rail.evaluate")
        for name, (words, ending, _about) in FORMATS.items():
            choose(window, "evaluate.format", words)
            told["proposed", name] = control(window, "evaluate.destination", QLineEdit).text()
            if name not in wanted:
                continue
            write(window, "evaluate.destination", str(place / f"taken{ending}"))
            yield lambda: control(window, "evaluate.export").isEnabled()
            click(window, "evaluate.export")
            yield lambda: session.jobs
            yield lambda: not session.jobs
            told["said", name] = window.page("evaluate")._export.written.words()

    return story


@pytest.mark.timeout(240)  # up to four processes, each of which loads torch
@pytest.mark.parametrize("wanted", [{"onnx", "npz"}, pytest.param(set(FORMATS) - {"csv"}, marks=pytest.mark.long)],
                         ids=["two", "all"])
def test_weights_and_features_are_exported(project_with_runs: Path, tmp_path: Path, wanted: set[str]) -> None:
    told: dict = {}
    assert play(["open", str(project_with_runs)], _exported(told, tmp_path, wanted), seconds=60) == 0
    for name, (_words, ending, _about) in FORMATS.items():
        assert told["proposed", name].endswith(ending)
        if name not in wanted:
            continue
        file = tmp_path / f"taken{ending}"
        assert file.stat().st_size > (10_000 if name in FEATURES else 1_000_000), name
        assert told["said", name].startswith("Written: ") and file.name in told["said", name], told["said", name]
    assert [path for path in tmp_path.iterdir() if path.suffix == ".md"], "no model card beside them"
    if "torchvision" in wanted:
        assert zipfile.is_zipfile(tmp_path / "taken.pth"), "torch's own format"
    with np.load(tmp_path / "taken.npz") as stored:
        assert stored["features_ND"].shape[1] == 512
    from safetensors.numpy import load_file

    if "safetensors" in wanted:
        assert sum(array.size for array in load_file(tmp_path / "taken.safetensors").values()) > 1_000_000
    import onnxruntime

    network = onnxruntime.InferenceSession(str(tmp_path / "taken.onnx"))
    given = network.get_inputs()[0]
    (features,) = network.run(None, {given.name: np.zeros((1, *given.shape[1:]), np.float32)})
    assert features.shape[-1] == 512
    assert left_running() == []
