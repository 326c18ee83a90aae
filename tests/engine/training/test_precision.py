from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from studio.engine.device import threads_used
from studio.engine.training import precision as under_test
from studio.engine.training.network import build_network
from studio.engine.training.precision import (
    Bench,
    Precision,
    autocast,
    choose_precision,
    laid_out,
    layers_in_fp32,
    prepared,
)
from tests.engine.training.footage import tiny_recipe

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with threads_used(1):
        yield


def test_float32_is_taken_untested_when_the_recipe_asks() -> None:
    assert choose_precision(tiny_recipe(precision="fp32"), CPU) == Precision("fp32",
                                                                             detail="float32, as the recipe asks")


def test_the_self_test_leaves_the_global_random_numbers() -> None:
    before = torch.get_rng_state()
    under_test._chosen.cache_clear()
    chosen = choose_precision(tiny_recipe(precision="auto"), CPU)
    assert {"fp32", "fp32, channels last"} <= {name for name, _ in chosen.step_seconds}
    assert torch.equal(torch.get_rng_state(), before)


def test_what_was_chosen_is_kept_in_a_file_and_a_damaged_one_does_no_harm(tmp_path: Path,
                                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    path, recipe = tmp_path / "self-test.json", tiny_recipe(precision="auto")
    first = Precision("fp32", channels_last=True, detail="first")
    monkeypatch.setattr(under_test, "_chosen", lambda *_: first)
    assert choose_precision(recipe, CPU, kept_in=path) == first
    monkeypatch.setattr(under_test, "_chosen", lambda *_: Precision("fp32", detail="second"))
    assert choose_precision(recipe, CPU, kept_in=path) == first
    assert choose_precision(recipe, CPU).detail == "second"
    path.write_text("{")
    assert choose_precision(recipe, CPU, kept_in=path).detail == "second"
    busy = Precision("fp32", detail=f"{under_test._BUSY} bf16")
    monkeypatch.setattr(under_test, "_chosen", lambda *_: busy)
    path.unlink()
    assert choose_precision(recipe, CPU, kept_in=path) == busy
    assert not path.exists(), "what a busy moment gave is not kept"


def test_auto_never_takes_what_is_slower_and_says_why() -> None:
    chosen = choose_precision(tiny_recipe(precision="auto"), CPU)
    assert chosen.kind == ("bf16" if "times as fast" in chosen.detail else "fp32")
    assert chosen == choose_precision(tiny_recipe(precision="auto", learning_rate=0.5), CPU), "it is kept"
    assert Precision.from_json(chosen.to_json()) == chosen


def _bench(**seconds: float) -> Bench:
    class Timed(Bench):
        def step_seconds(self, precision: Precision) -> float:
            return seconds["failed"] if precision.fp32_layers else seconds[precision.kind]

    whole = Bench.of(tiny_recipe(), CPU)
    return Timed(**{name: getattr(whole, name) for name in whole.__dataclass_fields__})


@pytest.mark.parametrize(("bf16", "failed", "with_failed", "kind"), [
    (0.4, (), 0.0, "bf16"),
    (0.99, (), 0.0, "fp32"),
    (0.4, ("backbone.conv5.0",), 0.6, "bf16"),
    (0.4, ("backbone.conv5.0",), 1.1, "fp32"),
])
def test_right_first_then_faster(monkeypatch: pytest.MonkeyPatch, bf16: float, failed: tuple[str, ...],
                                 with_failed: float, kind: str) -> None:
    monkeypatch.setattr(under_test, "failed_layers", lambda *_, **__: failed)
    bench = _bench(fp32=1.0, bf16=bf16, failed=with_failed)
    chosen = bench.judged(Precision("fp32", step_seconds=(("fp32", 1.0),)), insisted=False)
    assert chosen.kind == kind
    assert chosen.fp32_layers == (failed if kind == "bf16" else ())
    assert chosen.detail


def test_a_layer_kept_in_float32_is_exact_inside_a_bf16_step() -> None:
    network = build_network(tiny_recipe()).eval()
    bf16 = Precision("bf16", fp32_layers=("backbone.conv1.0",))
    clips = torch.rand(1, 3, 3, 2, 32, 32)
    seen: list[torch.dtype] = []
    for layer in (network.backbone.conv1[0], network.backbone.conv2[0]):
        layer.register_forward_hook(lambda layer, inputs, output: seen.append(output.dtype))
    with torch.no_grad(), autocast(CPU, bf16):
        with layers_in_fp32(network, bf16.fp32_layers):
            network(clips)
        network(clips)
    assert seen == [torch.float32, torch.bfloat16, torch.bfloat16, torch.bfloat16]


def test_a_prepared_network_answers_alike_and_saves_under_the_same_names() -> None:
    recipe = tiny_recipe()
    plain, network = build_network(recipe).eval(), build_network(recipe).eval()
    chosen = Precision("fp32", channels_last=True, fp32_layers=("backbone.conv1.0",))
    prepared(network, chosen)
    assert isinstance(network.backbone.conv2[0], nn.Conv3d)
    assert network.backbone.conv2[0].weight.is_contiguous(memory_format=torch.channels_last_3d)
    assert list(network.state_dict()) == list(plain.state_dict())
    clips = torch.rand(2, 3, 3, 2, 32, 32)
    with torch.no_grad():
        assert torch.allclose(network(laid_out(clips, chosen)), plain(clips), atol=1e-4)
