"""The operation `runs`: the runs of a project with their key numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from studio.engine.errors import ProjectError
from studio.engine.evaluation.kept import kept_results
from studio.engine.events import Events, Finished
from studio.engine.project import Project
from studio.engine.runs import Run, list_runs


def list_all(project: Project, *, stop: Callable[[], bool] = lambda: False) -> Events:
    """List the runs, oldest first: state, steps, held-out figures beside chance, retrieval beside random weights."""
    yield Finished(operation="runs", stopped=stop(), result={
        "project": project.settings.name, "runs": [_described(run) for run in list_runs(project)]})


def _described(run: Run) -> dict[str, Any]:
    retrieval: dict[str, Any] = {}
    with contextlib.suppress(ProjectError):
        retrieval = kept_results(run.folder).get("retrieval", {})
    return {
        "run": run.name, "recipe": str(run.recipe.get("name", "")), "task": str(run.recipe.get("task", "")),
        "backbone": str(run.recipe.get("backbone", "")), "state": run.shown_state, "message": run.message,
        "steps": run.step, "total_steps": run.total_steps, "loss": run.loss, "accuracy": run.accuracy,
        "balanced_accuracy": run.balanced_accuracy, "chance": run.chance,
        "balanced_chance": run.balanced_chance, "seconds": round(run.seconds, 1),
        "started_at": run.started_at, "top1": retrieval.get("top1"),
        "random_top1": retrieval.get("against", {}).get("random", {}).get("top1"),
        "chance_top1": retrieval.get("chance_top1")}
