"""Training from the real loader beside the same step on one batch that is in memory already.

`python -m tests.benchmarks.loader PROJECT [--recipes NAME...] [--steps N]` prints JSON.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from studio.engine.device import choose_device, threads_used, wait_for
from studio.engine.project import Project
from studio.engine.recipe import load_recipe
from studio.engine.training.loader import Loader
from studio.engine.training.network import build_network
from studio.engine.training.objective import Objective
from studio.engine.training.plan import Plan, make_plan
from studio.engine.training.precision import choose_precision, prepared
from studio.engine.training.step import Stepper
from studio.engine.video.footage import open_footage
from tests.benchmarks.result import options, tell


def main() -> None:
    """Measure and print."""
    parser = options(__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--recipes", nargs="+", default=["quick"])
    parser.add_argument("--steps", type=int, default=20)
    arguments = parser.parse_args()
    footage, found = open_footage(Project.open(arguments.project)), {}
    for name in arguments.recipes:
        plan = make_plan(footage, load_recipe(name))
        with threads_used(plan.recipe.training.threads):
            found[name] = measure(plan, steps=arguments.steps)
    tell({"recipes": found}, name="loader", keep=arguments.keep)


def measure(plan: Plan, *, steps: int) -> dict[str, object]:
    """Time steps in turn: from the loader, and again on the batch that it gave."""
    recipe, device = plan.recipe, choose_device("auto")
    precision = choose_precision(recipe, device.device)
    network = prepared(build_network(recipe).to(device.device), precision)
    stepper = Stepper(network, Objective.of(recipe), recipe.training, device=device.device, precision=precision)
    real, memory = [], []
    with Loader(plan, device=device.device) as loader:
        for step in range(steps + 2):
            start = time.perf_counter()
            batch = loader.take()
            clips = loader.clips(batch)
            stepper.step(clips, batch.tuples, learning_rate=0.0)
            wait_for(device.device)
            middle = time.perf_counter()
            stepper.step(clips, batch.tuples, learning_rate=0.0)
            wait_for(device.device)
            if step >= 2:
                real.append(middle - start)
                memory.append(time.perf_counter() - middle)
        waited = loader.waited_seconds
    rate, ideal = (recipe.training.batch_size / statistics.median(times) for times in (real, memory))
    return {"device": device.title, "recipe": recipe.name, "precision": precision.kind, "steps": steps,
            "tuples_per_second": round(rate, 2), "tuples_per_second_in_memory": round(ideal, 2),
            "share": round(rate / ideal, 4), "waited_seconds": round(waited, 3)}


if __name__ == "__main__":
    main()
