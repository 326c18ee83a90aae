"""One training step of the VCOP network at 16x112x112: float32 as PyTorch lays it out, beside what the studio chooses.

`python -m tests.benchmarks.step [--tuples N] [--backbone NAME]` prints JSON.
"""

from __future__ import annotations

import statistics
import time

import torch

from studio.engine.device import choose_device, threads_used, wait_for
from studio.engine.recipe import Recipe, load_recipe
from studio.engine.tasks.task import noise_truth
from studio.engine.training.network import TupleNetwork, build_network
from studio.engine.training.objective import Objective
from studio.engine.training.precision import Precision, autocast, choose_precision, laid_out, prepared
from tests.benchmarks.result import options, tell


def main() -> None:
    """Measure and print."""
    parser = options(__doc__)
    parser.add_argument("--tuples", type=int, default=2)
    parser.add_argument("--backbone", default="r3d_vcop")
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--pixels", type=int, default=112)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    recipe = load_recipe("clip-order", [
        f"backbone={arguments.backbone}", f"training.batch_size={arguments.tuples}",
        f"sampling.clip_frames={arguments.frames}", f"augmentation.crop_pixels={arguments.pixels}",
        "task_options.dropout=0.0"])
    with threads_used(0) as threads:
        tell(measure(recipe, threads=threads, repeats=arguments.repeats), name="step", keep=arguments.keep)


def measure(recipe: Recipe, *, threads: int, repeats: int) -> dict[str, object]:
    """Time both in turn and compare the gradients of the backbone."""
    device = choose_device("auto")
    start = time.perf_counter()
    chosen = choose_precision(recipe, device.device)
    self_test_seconds = time.perf_counter() - start
    plain = Precision("fp32")
    networks = [prepared(build_network(recipe).to(device.device), precision) for precision in (plain, chosen)]
    pixels, clips = recipe.augmentation.network_pixels, recipe.sampling.clip_frames
    clips_BECTHW = torch.randn(recipe.training.batch_size, recipe.sampling.tuple_length, 3, clips, pixels, pixels,
                               generator=torch.Generator().manual_seed(0)).to(device.device)
    times: list[list[float]] = [[], []]
    for _ in range(repeats + 1):
        for network, precision, taken in zip(networks, (plain, chosen), times, strict=True):
            taken.append(_step(network, precision, clips_BECTHW, recipe))
    fp32, auto = (statistics.median(taken[1:]) for taken in times)
    return {
        "device": device.title, "torch": torch.__version__, "threads": threads, "backbone": recipe.backbone,
        "clips": clips_BECTHW.shape[0] * clips_BECTHW.shape[1], "input": [clips, pixels, pixels],
        "chosen": chosen.to_json(), "self_test_seconds": round(self_test_seconds, 2),
        "fp32_step_seconds": round(fp32, 4), "chosen_step_seconds": round(auto, 4), "ratio": round(fp32 / auto, 3),
        "gradient_error": _gradient_error(*networks)}


def _step(network: TupleNetwork, precision: Precision, clips_BECTHW: torch.Tensor, recipe: Recipe) -> float:
    network.zero_grad(set_to_none=True)
    objective = Objective.of(recipe)
    truth = noise_truth(objective.task, len(clips_BECTHW), torch.Generator().manual_seed(0)).to(clips_BECTHW.device)
    start = time.perf_counter()
    with autocast(clips_BECTHW.device, precision):
        loss = objective.losses(network, laid_out(clips_BECTHW, precision), truth).total
    loss.backward()
    wait_for(clips_BECTHW.device)
    return time.perf_counter() - start


def _gradient_error(plain: TupleNetwork, chosen: TupleNetwork) -> float:
    """Relative distance (L2) of all gradients together."""
    far = size = 0.0
    for one, other in zip(plain.parameters(), chosen.parameters(), strict=True):
        assert one.grad is not None
        assert other.grad is not None
        far += float((one.grad - other.grad).square().sum())
        size += float(one.grad.square().sum())
    return round((far / size) ** 0.5, 6)


if __name__ == "__main__":
    main()
