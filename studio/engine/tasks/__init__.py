"""The pretext tasks, by the name that recipes use."""

from studio.engine.tasks.clip_order import ClipOrder
from studio.engine.tasks.sequence_sorting import SequenceSorting
from studio.engine.tasks.task import Task

TASKS: dict[str, type[Task]] = {"clip-order": ClipOrder, "sequence-sorting": SequenceSorting}
