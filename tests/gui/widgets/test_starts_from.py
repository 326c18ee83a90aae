"""Where first weights come from: runs of the same backbone, a file, and what does not fit."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from studio.engine.runs import Run
from studio.gui.widgets.run_choice import WEIGHTS
from studio.gui.widgets.starts_from import StartsFrom


def run(folder: Path, name: str, backbone: str, *, weights: bool = True) -> Run:
    (folder / name).mkdir()
    if weights:
        (folder / name / WEIGHTS).write_bytes(b"weights")
    return Run(name=name, folder=folder / name, recipe={"backbone": backbone}, state="finished")


@pytest.fixture
def starts(qapp: QApplication, tmp_path: Path) -> Iterator[StartsFrom]:
    made = StartsFrom(page="task")
    made.set_runs([run(tmp_path, "mine", "r3d_vcop"), run(tmp_path, "other", "caffenet"),
                   run(tmp_path, "empty", "r3d_vcop", weights=False)], backbone="r3d_vcop")
    made.show()
    yield made
    made.hide()
    made.deleteLater()


def offered(starts: StartsFrom) -> list[str]:
    return [starts.box.itemData(number) for number in range(starts.box.count())]


def test_runs_with_weights_of_the_same_backbone_are_offered(starts: StartsFrom) -> None:
    told: list[str] = []
    starts.value_changed.connect(told.append)
    assert offered(starts) == ["", "mine"] and starts.value() == ""
    starts.box.setCurrentIndex(1)
    assert starts.value() == "mine" and told == ["mine"] and not starts._note.isVisible()


def test_a_run_of_another_backbone_stays_chosen_and_is_warned_of(starts: StartsFrom) -> None:
    starts.set_value("other")
    assert starts.value() == "other" and "another backbone (caffenet)" in starts._note.text()
    assert starts._note.property("kind") == "warning"
    starts.set_value("mine")
    assert not starts._note.isVisible() and offered(starts) == ["", "mine"]


def test_a_file_is_chosen_and_stays_on_offer(starts: StartsFrom, tmp_path: Path) -> None:
    told: list[str] = []
    starts.value_changed.connect(told.append)
    path = tmp_path / "r3d_18-b3b3357e.pth"
    path.write_bytes(b"weights")
    starts.choose_file(path)
    assert told == [str(path)] and starts.value() == str(path)
    assert starts.box.currentText() == f"The file {path.name}" and starts._note.text() == str(path)
    starts.set_value("")
    assert offered(starts) == ["", "mine", str(path)]
    path.unlink()
    starts.set_value(str(path))
    assert "no run or file" in starts._note.text() and starts._note.property("kind") == "warning"
