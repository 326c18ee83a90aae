from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from studio.engine.device import threads_used
from studio.engine.errors import MachineError
from studio.engine.sampling import Tuples
from studio.engine.tasks.clip_order import ClipOrder
from studio.engine.tasks.task import Truth
from studio.engine.training.loader import Loader
from studio.engine.training.network import build_network
from studio.engine.training.objective import Objective
from studio.engine.training.plan import Plan, make_plan
from studio.engine.training.precision import Precision
from studio.engine.training.step import Stepper, is_out_of_memory, make_optimiser
from studio.engine.training.validation import validate
from tests.engine.training.footage import footage_of, tiny_recipe

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with threads_used(1):
        yield


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return make_plan(footage_of(tmp_path_factory.mktemp("step") / "P", videos=12), tiny_recipe(batch_size=8))


@pytest.fixture(scope="module")
def batch(plan: Plan) -> tuple[Tensor, Tuples]:
    with Loader(plan, device=CPU) as loader:
        made = loader.take()
        return loader.clips(made), made.tuples


class _Task(ClipOrder):
    """Clip order of which the loss can be spoilt."""

    spoil = "nothing"
    largest_part = 99

    def loss(self, outputs: Tensor, truth: Truth) -> Tensor:
        if len(truth) > self.largest_part:
            raise torch.OutOfMemoryError("CUDA out of memory (injected)")
        loss = super().loss(outputs, truth)
        if self.spoil == "loss":
            return loss * torch.nan
        if self.spoil == "gradient":
            return loss + (outputs.sum() * 0).sqrt()  # 0, with a gradient of 0 / 0
        return loss


def _stepper(plan: Plan, **training: object) -> Stepper:
    recipe = tiny_recipe(batch_size=8, **training)
    task = _Task(sampling=recipe.sampling, options=plan.task.options)
    return Stepper(build_network(recipe), Objective(task), recipe.training, device=CPU, precision=Precision("fp32"))


def _tensors(stepper: Stepper) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in stepper.tensors().items()}


def _changed(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    return {name for name in before if not torch.equal(before[name], after[name])}


@pytest.mark.parametrize("spoil", ["loss", "gradient"])
@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_a_step_that_is_not_finite_changes_nothing(plan: Plan, batch: tuple, spoil: str, optimiser: str) -> None:
    stepper = _stepper(plan, optimiser=optimiser)
    clips, tuples = batch
    assert stepper.step(clips, tuples, learning_rate=0.01).applied
    before = _tensors(stepper)
    stepper._objective.task.spoil = spoil
    found = stepper.step(clips, tuples, learning_rate=0.01)
    assert not found.applied
    assert np.isfinite(found.loss) == (spoil == "gradient")
    assert _changed(before, _tensors(stepper)) == {"random/cpu"}, "only the random numbers go on"
    assert all(parameter.grad is None for parameter in stepper.network.parameters())


def test_broken_twin_that_forgets_the_running_figures_is_seen(plan: Plan, batch: tuple,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    stepper = _stepper(plan)
    stepper._objective.task.spoil = "loss"
    monkeypatch.setattr(stepper, "_put_back", lambda kept: None)
    before = _tensors(stepper)
    stepper.step(batch[0], batch[1], learning_rate=0.01)
    assert any("running_mean" in name for name in _changed(before, _tensors(stepper)))


def test_out_of_memory_halves_the_parts_and_applies_one_whole_step(plan: Plan, batch: tuple) -> None:
    stepper, reference = _stepper(plan), _stepper(plan)
    stepper._objective.task.largest_part, reference.micro_batch = 2, 2
    found = stepper.step(batch[0], batch[1], learning_rate=0.01)
    expected = reference.step(batch[0], batch[1], learning_rate=0.01)
    assert (stepper.micro_batch, found.loss) == (2, expected.loss)
    assert not _changed(_tensors(reference), _tensors(stepper)), "as if it had begun with parts of two"
    assert len(found.answer_B) == 8


def test_parts_have_the_gradient_of_the_whole_where_nothing_normalises_over_the_batch(plan: Plan, batch: tuple) -> None:
    whole, parts = _stepper(plan), _stepper(plan)
    parts.micro_batch = 3
    for stepper in (whole, parts):
        stepper._objective.task.options.dropout = 0.0
        stepper.network.head.dropout.p = 0.0
        stepper.network.train = lambda mode=True, network=stepper.network: network  # type: ignore[method-assign]
        stepper.network.eval()
        for layer in stepper.network.modules():
            layer.training = False
        stepper.step(batch[0], batch[1], learning_rate=0.1)
    for one, other in zip(whole.network.parameters(), parts.network.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_memory_for_not_even_one_tuple_is_said_in_words(plan: Plan, batch: tuple) -> None:
    stepper = _stepper(plan)
    stepper._objective.task.largest_part = 0
    before = _tensors(stepper)
    with pytest.raises(MachineError, match="not enough memory"):
        stepper.step(batch[0], batch[1], learning_rate=0.01)
    assert not _changed(before, _tensors(stepper))


@pytest.mark.parametrize(("error", "expected"), [
    (RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried"), True),
    (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 4 bytes."), True),
    (MemoryError(), True),
    (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
])
def test_what_counts_as_out_of_memory(error: BaseException, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


def test_other_errors_are_not_swallowed(plan: Plan, batch: tuple) -> None:
    with pytest.raises(RuntimeError, match="size"):
        _stepper(plan).step(batch[0][..., :-1].flatten(0, 1), batch[1], learning_rate=0.01)


def test_biases_as_in_caffe_learn_twice_as_fast_and_do_not_decay() -> None:
    recipe = tiny_recipe(double_bias_rate=True, weight_decay=0.1)
    network = build_network(recipe)
    optimiser = make_optimiser(network, recipe.training, device=CPU)
    weights, biases = optimiser.param_groups
    assert (biases["rate"], biases["weight_decay"], weights["rate"], weights["weight_decay"]) == (2.0, 0.0, 1.0, 0.1)
    count = sum(name.endswith("bias") for name, _ in network.named_parameters())
    assert len(biases["params"]) == count > 0


def test_the_gradient_clip_bounds_the_step(plan: Plan, batch: tuple) -> None:
    free, clipped = _stepper(plan, momentum=0.0, weight_decay=0.0), _stepper(plan, momentum=0.0, weight_decay=0.0,
                                                                              gradient_clip=0.01)
    moves = []
    for stepper in (free, clipped):
        before = [parameter.detach().clone() for parameter in stepper.network.parameters()]
        found = stepper.step(batch[0], batch[1], learning_rate=1.0)
        moves.append(sum(float((now.detach() - then).square().sum()) for now, then in
                         zip(stepper.network.parameters(), before, strict=True)) ** 0.5)
        assert found.gradient_norm > 0.1
    assert moves[0] > 0.1
    assert moves[1] == pytest.approx(0.01, rel=0.01)


def _drilled(plan: Plan, clips: Tensor, tuples: Tuples, *, steps: int) -> Stepper:
    stepper = _stepper(plan, optimiser="adamw", weight_decay=0.0)
    stepper.network.head.dropout.p = 0.0
    for _ in range(steps):
        found = stepper.step(clips, tuples, learning_rate=0.003)
    assert found.loss < 0.1, f"8 tuples were not learned by heart: loss {found.loss:.3f}"
    assert (found.answer_B == tuples.label_B).all()
    return stepper


def test_eight_tuples_are_learned_by_heart_and_with_shuffled_labels_that_teaches_nothing(plan: Plan,
                                                                                        batch: tuple) -> None:
    clips, tuples = batch
    shuffled = np.random.default_rng(3).permutation(tuples.label_B)
    assert (shuffled != tuples.label_B).any()
    stepper = _drilled(plan, clips, replace(tuples, label_B=shuffled), steps=40)
    many = make_plan(plan.validation, tiny_recipe(validation_tuples=96, validation_share=0.6))
    passes = validate(many, stepper.network, step=40, device=CPU, precision=Precision("fp32"))
    with pytest.raises(StopIteration) as end:
        while True:
            next(passes)
    chance, measured = plan.task.chance, end.value.value
    assert measured.accuracy < chance + 3 * (chance * (1 - chance) / measured.tuples) ** 0.5
