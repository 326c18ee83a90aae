"""What a run survives: death at any moment, and a full disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.engine import runs
from studio.engine.errors import MachineError
from studio.engine.project import Project
from studio.engine.training.checkpoint import load_newest
from studio.engine.training.loop import train
from tests.engine.training.footage import make_project, tiny_recipe

KILLS = 4
STEPS = 60
RECIPE = {"max_steps": STEPS, "checkpoint_minutes": 1e-9, "validate_every_steps": 20, "validation_tuples": 8}
posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and resource limits")

TRAINER = """
import os, sys
from pathlib import Path
from studio.engine.project import Project
from studio.engine.training.loop import train
from tests.engine.training.footage import tiny_recipe

project = Project.open(Path(sys.argv[1]))
for line in sys.stdin:
    child = os.fork()  # loading torch takes longer than the whole run
    if not child:
        resume = project.root / "runs" / line.strip() if line.strip() else None
        for event in train(project, None if resume else tiny_recipe(**eval(sys.argv[2])), name="killed", resume=resume):
            pass
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("dead", flush=True)
"""


@pytest.fixture
def trainer(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    make_project(tmp_path / "P")
    process = subprocess.Popen([sys.executable, "-c", TRAINER, str(tmp_path / "P"), repr(RECIPE)], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               env={**os.environ, "OMP_NUM_THREADS": "1"})
    with process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)


def _start(trainer: subprocess.Popen[str], run: str = "") -> int:
    assert trainer.stdin is not None
    assert trainer.stdout is not None
    trainer.stdin.write(run + "\n")
    trainer.stdin.flush()
    return int(trainer.stdout.readline())


def _newest_step(folder: Path) -> int:
    """The newest checkpoint that has its hash, by its name alone."""
    names = [path.stem for path in (folder / "checkpoints").glob("step-*.json")]
    return max((int(name.removeprefix("step-")) for name in names), default=-1)


@posix
def test_killed_at_any_moment_nothing_before_the_last_checkpoint_is_lost(trainer: subprocess.Popen[str],
                                                                         tmp_path: Path) -> None:
    project, rng, steps = Project.open(tmp_path / "P"), np.random.default_rng(6), []
    child, folder = _start(trainer), None
    for _ in range(KILLS):
        before = steps[-1] if steps else 0
        while folder is None or _newest_step(folder) <= before:
            found = project.run_folders()
            folder = found[-1] if found else None
            time.sleep(0.005)
        time.sleep(float(rng.uniform(0, 0.05)))
        promised = _newest_step(folder)
        os.kill(child, signal.SIGKILL)
        assert trainer.stdout is not None
        assert trainer.stdout.readline() == "dead\n"
        kept = load_newest(folder)
        assert kept.state["step"] >= promised
        assert kept.refused == ()
        steps.append(kept.state["step"])
        child = _start(trainer, folder.name)
    os.kill(child, signal.SIGKILL)
    assert trainer.stdout.readline() == "dead\n"
    assert steps == sorted(steps)
    list(train(project, None, resume=folder))
    once = list(train(project, tiny_recipe(**RECIPE), name="once"))
    whole = load_newest(project.root / "runs" / once[-1].result["run"])  # type: ignore[union-attr]
    ended = load_newest(folder)
    assert ended.state["measured"] == whole.state["measured"]
    assert all(torch.equal(whole.tensors[name], ended.tensors[name]) for name in whole.tensors)
    metrics = [event.step for event in runs.curve(runs.read_events(folder)[0], "validation")]
    assert metrics == [20, 40, 60], "the curve of a run that died is whole again"


@posix
def test_a_full_disk_is_named_and_the_last_checkpoint_stays(tmp_path: Path) -> None:
    import resource

    project = make_project(tmp_path / "P")
    list(train(project, tiny_recipe(max_steps=2), name="full"))
    folder = project.run_folder("full")
    before = load_newest(folder)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with pytest.raises(MachineError, match="disk is full") as caught:
            list(train(project, tiny_recipe(max_steps=4), resume=folder))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(folder) in caught.value.value
    after = load_newest(folder)
    assert after.state == before.state
    assert all(torch.equal(before.tensors[name], after.tensors[name]) for name in before.tensors)
    assert runs.read_run(folder).state == "failed"
    assert not list(folder.rglob("*.tmp"))
    list(train(project, tiny_recipe(max_steps=4), resume=folder))
    assert load_newest(folder).state["step"] == 4
