"""What waits to be trained: order, damage, and what has begun already. Nothing is trained here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.engine import queue, runs
from studio.engine.errors import ProjectError, UsageError
from studio.engine.events import Finished, Warned
from studio.engine.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.create(tmp_path / "P")


def added(project: Project, *names: str) -> list[queue.Entry]:
    made = []
    for name in names:
        made.append(queue.new_entry(project, recipe={"name": "quick", "training": {"max_steps": 3}}, name=name))
        queue.put(project, made[-1])
    return made


def names(project: Project) -> list[str]:
    return [entry.title for entry in queue.look(project).entries]


def test_a_project_without_a_queue_has_an_empty_one_and_looking_makes_nothing(project: Project) -> None:
    assert queue.look(project) == queue.Queue()
    assert not (project.root / queue.FOLDER).exists()


def test_entries_wait_in_the_order_in_which_they_came_and_survive(project: Project) -> None:
    first, _ = added(project, "a", "b")
    queue.put(project, queue.new_entry(project, resume="2030-run", settings=["training.max_steps=9"]))
    again = queue.look(Project.open(project.root))
    assert [entry.title for entry in again.entries] == ["a", "b", "2030-run"]
    assert again.entries[0] == first and again.entries[0].recipe["training"] == {"max_steps": 3}
    assert again.entries[2].settings == ("training.max_steps=9",)


def test_the_order_can_be_changed(project: Project) -> None:
    a, b, c = added(project, "a", "b", "c")
    queue.move_up(project, c.id)
    assert names(project) == ["a", "c", "b"]
    queue.move_up(project, c.id)
    queue.move_up(project, c.id)
    assert names(project) == ["c", "a", "b"]
    queue.move_down(project, c.id)
    queue.move_down(project, b.id)
    assert names(project) == ["a", "c", "b"]
    queue.remove(project, a.id)
    queue.remove(project, a.id)
    queue.move_up(project, a.id)
    added(project, "d")
    assert names(project) == ["c", "b", "d"]


def test_two_that_came_in_the_same_moment_can_change_places(project: Project) -> None:
    a, b = added(project, "a", "b")
    for entry in (a, b):
        queue.put(project, queue.Entry(**{**entry.__dict__, "place": 7}))
    before = names(project)
    queue.move_up(project, queue.look(project).entries[1].id)
    assert names(project) == before[::-1]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"place": 1, "added_at": 2}', '{"place": "x", "recipe": {"a": 1}}',
                                     '{"place": 1, "added_at": 1, "recipe": [1]}'])
def test_a_damaged_file_is_named_and_put_aside_and_the_others_wait_on(project: Project, content: str) -> None:
    a, b = added(project, "a", "b")
    path = project.root / queue.FOLDER / f"{a.id}.json"
    path.write_text(content)
    assert queue.look(project) == queue.Queue(entries=(b,), damaged=(path.name,))
    warned = queue.tidy(project)
    assert isinstance(warned, Warned) and path.name in warned.message
    assert path.with_name(path.name + ".damaged").read_text() == content
    assert not path.exists() and queue.tidy(project) is None and names(project) == ["b"]


def test_what_a_run_says_it_is_of_waits_no_longer(project: Project) -> None:
    a, _ = added(project, "a", "b")
    folder = project.new_run_folder("a")
    (folder / runs.ENVIRONMENT).write_text(json.dumps({runs.QUEUE_ENTRIES: [a.id]}))
    queue.tidy(project)
    assert names(project) == ["a", "b"], "a folder without a recipe is no run yet: it was killed before it began"
    (folder / runs.RECIPE).write_text('name = "a"')
    queue.tidy(project)
    assert names(project) == ["a", "b"], "without a checkpoint it cannot go on: what waits is not lost"
    (folder / runs.CHECKPOINTS).mkdir()
    (folder / runs.CHECKPOINTS / "step-000000000.json").write_text("{}")
    assert queue.tidy(project) is None and names(project) == ["b"]


def test_a_project_that_is_only_looked_at_has_a_queue_that_nobody_changes(project: Project) -> None:
    a, b = added(project, "a", "b")
    project.read_only = "it is open elsewhere"
    for change in (lambda: queue.put(project, a), lambda: queue.remove(project, a.id),
                   lambda: queue.move_up(project, b.id), lambda: queue.tidy(project)):
        with pytest.raises(ProjectError, match="only be looked at"):
            change()
    told = list(queue.listed(project))[-1]
    assert isinstance(told, Finished) and [one["name"] for one in told.result["waiting"]] == ["a", "b"]


def test_numbers_and_empty_entries_are_refused_in_words(project: Project) -> None:
    added(project, "a")
    assert queue.numbered(project, 1).title == "a"
    with pytest.raises(UsageError, match="1 entry waits"):
        queue.numbered(project, 2)
    with pytest.raises(UsageError, match="needs a recipe"):
        queue.new_entry(project)


def test_a_problem_is_kept_with_its_entry(project: Project) -> None:
    a, = added(project, "a")
    queue.set_problem(project, a.id, "no room")
    assert queue.told(project)[0]["problem"] == "no room" and queue.told(project)[0]["number"] == 1
    queue.set_problem(project, "gone", "x")
    assert len(queue.look(project).entries) == 1
