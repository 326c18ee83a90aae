from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from studio.engine.device import (
    RandomState,
    available_cores,
    choose_device,
    free_memory_bytes,
    threads_used,
    used_memory_bytes,
    words_for_no_cuda,
)
from studio.engine.errors import MachineError

CPU = torch.device("cpu")
without_gpu = pytest.mark.skipif(torch.cuda.is_available() or torch.backends.mps.is_available(),
                                 reason="this machine has a GPU")


def test_the_processor_says_how_large_it_is_and_why_it_was_chosen() -> None:
    device = choose_device("cpu")
    assert (device.kind, device.device) == ("cpu", CPU)
    assert str(available_cores()) in device.title
    assert "asked for" in device.reason


@without_gpu
def test_auto_without_a_gpu_gives_a_reason_in_words() -> None:
    device = choose_device("auto")
    assert device.kind == "cpu"
    assert device.reason


@without_gpu
@pytest.mark.parametrize("wanted", ["cuda", "cuda:3", "mps"])
def test_a_gpu_that_is_not_there_is_an_error_with_a_reason_and_a_remedy(wanted: str) -> None:
    with pytest.raises(MachineError) as caught:
        choose_device(wanted)
    assert wanted in caught.value.value
    assert caught.value.rule
    assert "auto" in caught.value.remedy


@pytest.mark.parametrize(("build", "driver", "answer", "words"), [
    (None, 13020, 0, "this build of PyTorch is for processors only"),
    ("13.2", None, 0, "no NVIDIA driver was found"),
    ("13.2", 11040, 0, "too old: it knows CUDA 11.4, and this PyTorch needs 13.2"),
    ("13.2", 13000, 100, "found no GPU that it can use (its error 100)"),
    ("13.2", 13000, 0, "PyTorch found no NVIDIA GPU that it can use"),
])
def test_reasons(build: str | None, driver: int | None, answer: int, words: str) -> None:
    assert words in words_for_no_cuda(build=build, driver=driver, answer=answer)


def test_threads_are_set_and_set_back_even_after_an_error() -> None:
    before = torch.get_num_threads()
    with pytest.raises(KeyError), threads_used(1) as threads:
        assert threads == torch.get_num_threads() == 1
        raise KeyError
    assert torch.get_num_threads() == before


def test_memory_figures_are_plausible() -> None:
    assert free_memory_bytes(CPU) > 1 << 20
    assert used_memory_bytes(CPU) > 1 << 20


def test_a_runs_random_numbers_are_its_own() -> None:
    before = torch.get_rng_state()
    state = RandomState(seed=3, device=CPU)
    with state.used():
        first = torch.rand(4)
    torch.rand(7)  # somebody else draws in between
    with state.used():
        second = torch.rand(4)
    torch.set_rng_state(before)
    assert not torch.equal(first, second)
    again = RandomState(seed=3, device=CPU)
    with again.used():
        both = torch.rand(8)
    assert torch.equal(both, torch.cat([first, second]))
    assert torch.equal(torch.get_rng_state(), before), "the global state was changed"


def test_random_numbers_go_on_from_a_kept_state_and_a_failed_block_draws_the_same_again() -> None:
    state = RandomState(seed=3, device=CPU)
    with pytest.raises(KeyError), state.used():
        torch.rand(4)
        raise KeyError
    kept = state.tensors()
    with state.used():
        drawn = torch.rand(4)
    other = RandomState(seed=99, device=CPU)
    other.load(kept)
    with other.used():
        assert torch.equal(torch.rand(4), drawn)


_FAULTS = """
import resource, sys, torch
from studio.engine.device import keep_freed_memory
torch.set_num_threads(1)
print(keep_freed_memory() if sys.argv[1] == "kept" else False)
layers = torch.nn.Conv3d(3, 16, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv3d(16, 16, 3, padding=1)
network = torch.nn.Sequential(*layers)
clips = torch.rand(24, 3, 4, 56, 56)
for step in range(8):
    if step == 3:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    network(clips).sum().backward()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.long
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_steps_take_no_new_memory_from_the_system() -> None:
    def faults(how: str) -> tuple[str, int]:
        child = subprocess.run([sys.executable, "-c", _FAULTS, how], capture_output=True, text=True, check=True,
                               timeout=90, cwd=Path(__file__).parents[2])
        arranged, count = child.stdout.split()
        return arranged, int(count)

    (arranged, kept), (_, plain) = faults("kept"), faults("plain")
    assert arranged == "True"
    assert kept < plain / 2, (kept, plain)
