"""The pretext tasks, by the name that recipes use."""

from studio.engine.tasks.clip_order import ClipOrder
from studio.engine.tasks.odd_one_out import OddOneOut
from studio.engine.tasks.order_geometry import OrderGeometry
from studio.engine.tasks.sequence_sorting import SequenceSorting
from studio.engine.tasks.shuffle_and_learn import ShuffleAndLearn
from studio.engine.tasks.task import Task

TASKS: dict[str, type[Task]] = {
    "clip-order": ClipOrder,
    "sequence-sorting": SequenceSorting,
    "shuffle-and-learn": ShuffleAndLearn,
    "odd-one-out": OddOneOut,
    "order-geometry": OrderGeometry,
}
