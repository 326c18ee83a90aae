"""What the pages share: the project, the recipe in work, questions whose asker is gone, jobs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel

from studio.engine.errors import ProjectError, StudioError
from studio.engine.project import Project
from studio.engine.runs import HEARTBEAT, RECIPE
from studio.gui import recipes
from studio.gui.session import Notice, Session
from tests.gui.conftest import settle, wait_for


def _heard(session: Session) -> list[Notice]:
    heard: list[Notice] = []
    session.notified.connect(heard.append)
    return heard


def test_opening_tells_the_pages_and_remembers_the_project(session: Session, project: Path) -> None:
    told: list[str] = []
    for name in ("project_changed", "videos_changed"):
        getattr(session, name).connect(lambda name=name: told.append(name))
    session.open_project(project)
    assert told[-2:] == ["project_changed", "videos_changed"]
    assert len(session.videos) == 10 and len(session.usable_videos) == 9
    assert session.settings.recent_projects == [project.resolve()]
    assert len(session.footage().videos) == 9
    good = session.usable_videos[0]
    cached = session.cached_video(good.id)
    assert cached and cached.frames == good.frames
    unreadable = next(video for video in session.videos if not video.readable)
    assert session.cached_video(unreadable.id) is None


def test_a_folder_that_is_no_project_changes_nothing(session: Session, project: Path, tmp_path: Path) -> None:
    session.open_project(project)
    heard = _heard(session)
    with pytest.raises(ProjectError):
        session.open_project(tmp_path)
    assert session.project and session.project.root == project.resolve()
    assert heard[0].level == "error" and heard[0].remedy


def test_a_damaged_catalogue_is_told_and_not_opened(session: Session, project: Path) -> None:
    (project / "catalogue.sqlite").write_bytes(b"this is no database at all" * 100)
    heard = _heard(session)
    with pytest.raises(StudioError):
        session.open_project(project)
    assert session.project is None and "catalogue" in heard[0].message


def test_a_project_that_is_closed_lets_go_of_everything(session: Session, project: Path) -> None:
    session.open_project(project)
    session.close_project()
    assert session.project is None and session.videos == [] and session.runs == []
    with pytest.raises(StudioError):
        session.footage()


def test_the_recipe_in_work_is_told_once_a_change(session: Session) -> None:
    told: list[bool] = []
    session.recipe_changed.connect(lambda: told.append(True))
    session.change_recipe("training.max_steps", 7)
    session.change_recipe("training.max_steps", 7)
    assert len(told) == 1
    assert recipes.value_of(session.recipe, "training.max_steps") == 7
    assert session.recipe_arguments()[-2:] == ["--set", "training.max_steps=7"]


def test_runs_are_noticed_when_they_appear_and_change(session: Session, project: Path) -> None:
    session.open_project(project)
    told: list[bool] = []
    session.runs_changed.connect(lambda: told.append(True))
    folder = Project.open(project).new_run_folder("mine")
    (folder / RECIPE).write_text('name = "quick"\n')
    (folder / HEARTBEAT).write_text('{"state": "finished", "step": 5, "total_steps": 5}')
    wait_for(lambda: told, seconds=5)
    assert [run.name for run in session.runs] == [folder.name] and session.selected_run == folder.name
    assert session.run() == session.runs[0] == session.run(folder.name)
    shutil.rmtree(folder)
    wait_for(lambda: not session.runs, seconds=5)
    assert session.selected_run == ""


class _Asked(QLabel):
    def __init__(self) -> None:
        super().__init__()
        self.got: list[Any] = []

    def then(self, result: dict[str, Any], _pictures: list[Any]) -> None:
        self.setText("answered")
        self.got.append(result)


def _writes_into(widget: _Asked) -> Callable[[dict[str, Any], list[Any]], None]:
    return lambda result, _pictures: widget.setText(str(result))


def test_an_answer_for_a_widget_or_project_that_is_gone_is_dropped(session: Session, project: Path,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(session.service, "ask", lambda method, params, **callbacks: asked.append(callbacks))
    gone, here = _Asked(), _Asked()
    for widget in (gone, here):
        session.ask("anything", {}, then=widget.then)
        session.ask("anything", {}, then=lambda result, pictures, widget=widget: widget.then(result, pictures))
    session.ask("anything", {}, then=_writes_into(gone))
    gone.deleteLater()
    settle()
    for callbacks in (asked[0], asked[4], asked[2], asked[3]):
        callbacks["then"]({"value": 1}, [])
    assert gone.got == [] and len(here.got) == 2
    session.open_project(project)
    session.ask("anything", {}, then=here.then)
    session.close_project()
    asked[-1]["then"]({"value": 2}, [])
    assert len(here.got) == 2
    here.deleteLater()


def test_a_failed_job_is_told_in_its_own_words(session: Session, project: Path, tmp_path: Path) -> None:
    session.open_project(project)
    heard, ended = _heard(session), list[object]()
    session.job_ended.connect(ended.append)
    job = session.start_job("scan", [str(project), str(tmp_path / "nowhere")], title="Scanning")
    assert session.running_job("scan") is job
    wait_for(lambda: ended)
    assert session.running_job("scan") is None
    assert [notice.level for notice in heard] == ["error"]
    assert "there is no such folder" in heard[0].message and heard[0].remedy
