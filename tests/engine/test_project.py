"""A project folder keeps its settings, its sources and its runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.engine.errors import ProjectError, UsageError
from studio.engine.project import Project, run_name


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.create(tmp_path / "study")


def test_settings_survive_reopening_with_a_persons_comments(project: Project, tmp_path: Path) -> None:
    path = project.root / "project.toml"
    path.write_text("# my study\n" + path.read_text())
    (tmp_path / "videos").mkdir()
    again = Project.open(project.root)
    again.add_source(tmp_path / "videos")
    text = path.read_text()
    assert text.startswith("# my study")
    assert 'path = "../videos"' in text
    assert Project.open(project.root).source_folder("videos") == tmp_path / "videos"


def test_a_source_is_added_once_and_names_are_unique(project: Project, tmp_path: Path) -> None:
    for folder in ("a/clips", "b/clips"):
        (tmp_path / folder).mkdir(parents=True)
        project.add_source(tmp_path / folder)
        project.add_source(tmp_path / folder)
    assert [source.name for source in project.settings.sources] == ["clips", "clips-2"]
    project.remove_source("clips")
    assert [source.name for source in Project.open(project.root).settings.sources] == ["clips-2"]


@pytest.mark.parametrize(("content", "rule"), [
    ("format = 1\nnaem = 'x'", "Extra inputs"), ("format = 99", "less than or equal"),
    ("format = ", "no readable TOML"), ("short_side_pixels = 'x'", "valid integer"),
])
def test_broken_settings_are_named(project: Project, content: str, rule: str) -> None:
    (project.root / "project.toml").write_text(content)
    with pytest.raises(ProjectError, match=rule):
        Project.open(project.root)


def test_what_is_no_project_is_said(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no project"):
        Project.open(tmp_path)
    (tmp_path / "other.txt").write_text("mine")
    with pytest.raises(ProjectError, match="holds other files"):
        Project.create(tmp_path)
    with pytest.raises(ProjectError, match="a file has this name"):
        Project.create(tmp_path / "other.txt")
    assert (tmp_path / "other.txt").read_text() == "mine"


def test_a_missing_source_folder_is_wrong_usage(project: Project, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        project.add_source(tmp_path / "nothing")


@pytest.mark.parametrize(("typed", "name"), [
    ("Müller, Hans", "Müller, Hans"), (" 腹部エコー 2 ", "腹部エコー 2"), ("u\u0308ber", "über"),
    ("a/b\\c:d", "a-b-c-d"), ('a*?"<>|b', "a------b"), ("a\tb\x00c", "a-b-c"), ("..", "run"), ("trailing.", "trailing"),
    ("", "run")])
def test_a_run_is_called_what_was_typed_but_for_what_no_folder_can_be_called(typed: str, name: str) -> None:
    assert run_name(typed) == name and run_name(name) == name


def test_runs_are_found_by_name_and_latest(project: Project) -> None:
    names = []
    for _ in range(2):
        folder = project.new_run_folder("my run: ünïcode\t/..")
        (folder / "recipe.toml").write_text("name = 'x'")
        names.append(folder.name)
    assert names[0].endswith("-my run- ünïcode") and names[1] == names[0] + "-2"
    assert project.run_folder("latest").name == names[1]
    assert project.run_folder(names[0]).name == names[0]
    assert project.run_folder("my run: ünïcode").name == names[0]
    with pytest.raises(UsageError, match="no such run"):
        project.run_folder("other")
