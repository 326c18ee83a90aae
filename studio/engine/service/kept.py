"""What the worker keeps between questions, so that the second one is fast: a few of everything, the oldest go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from studio.engine.inspection.embedding import Embedder, open_embedder, size_of_run
from studio.engine.project import Project
from studio.engine.runs import CHECKPOINTS
from studio.engine.training.checkpoint import WEIGHTS
from studio.engine.video.footage import Footage, open_footage

Value = TypeVar("Value")


class Few(Generic[Value]):
    """The values that were asked for last, at most `count` of them."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Give the value of the key, made if it is not kept."""
        if key not in self._values:
            self.put(key, make())
        self._values.move_to_end(key)
        return self._values[key]

    def find(self, key: Hashable) -> Value | None:
        """Give the value of the key if it is kept."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: Hashable, value: Value) -> None:
        """Keep a value."""
        self._values[key] = value
        while len(self._values) > self._count:
            self._values.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()


@dataclass(frozen=True)
class Opened:
    """A project with the footage of its usable videos; `key` changes when its catalogue or settings do."""

    key: Hashable
    project: Project
    footage: Footage


class Kept:
    """Opened projects and loaded networks, by what they were made of and when that was written."""

    def __init__(self) -> None:
        self._opened: Few[Opened] = Few(2)
        self._embedders: Few[Embedder] = Few(4)

    def opened(self, folder: str, *, short_side_pixels: int | None = None, run: str = "") -> Opened:
        """Open a project and its footage, of a size or of a run's. Raises `ProjectError` when it is not made yet."""
        root = Path(folder)
        if run:
            short_side_pixels = size_of_run(Project.open(root).run_folder(run))
        key = (str(root), written(root / "project.toml"), written(root / "catalogue.sqlite"), short_side_pixels)

        def make() -> Opened:
            project = Project.open(root)
            return Opened(key, project, open_footage(project, short_side_pixels=short_side_pixels))

        return self._opened.get(key, make)

    def embedder(self, opened: Opened, run_folder: Path, *, random: bool) -> Embedder:
        """Load a run's network, trained or with random weights. Raises `CheckpointError`."""
        return self._embedders.get(weights_key(opened, run_folder, random=random),
                                   lambda: open_embedder(opened.footage, run_folder, random=random))

    def clear(self) -> None:
        """Forget everything: it takes memory that is needed."""
        self._opened.clear()
        self._embedders.clear()


def weights_key(opened: Opened, run_folder: Path, *, random: bool) -> tuple[Hashable, ...]:
    """What changes when a run's network or what it is shown changes."""
    return (opened.key, str(run_folder), written(run_folder / "recipe.toml"),
            None if random else (written(run_folder / WEIGHTS), written(run_folder / CHECKPOINTS)), random)


def written(path: Path) -> Hashable:
    """When a file was written, and its size; None when it is not there."""
    with suppress(OSError):
        status = path.stat()
        return status.st_mtime_ns, status.st_size
    return None
