"""Where the work is computed: GPU or processor and why, threads, memory, and random numbers that belong to one run."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import psutil
import torch
from torch import Tensor

from studio.engine.errors import MachineError

Kind = Literal["cpu", "cuda", "mps"]
_MALLOPT = {-3: 1 << 30, -1: (1 << 31) - 1}
"""M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of glibc: the bytes from which memory goes back to the system when freed."""


@dataclass(frozen=True)
class Device:
    """What computes. `title` is shown to the person; `reason` says why it is the processor, "" on a GPU."""

    device: torch.device
    title: str
    reason: str
    kind: Kind


def choose_device(wanted: str = "auto") -> Device:
    """Choose the device: `auto` (the GPU if there is one), `cpu`, `mps`, `cuda` or `cuda:1`.

    Raises `MachineError`, with the reason in words, when a GPU was asked for that is not there.
    """
    if wanted == "cpu":
        return _processor("the processor was asked for")
    if wanted.startswith("cuda") or (wanted == "auto" and _cuda_devices()):
        return _cuda(wanted)
    if wanted == "mps" or (wanted == "auto" and torch.backends.mps.is_available()):
        return _mps()
    return _processor(why_no_cuda())


def _cuda(wanted: str) -> Device:
    number, count = int(wanted.partition(":")[2] or 0), _cuda_devices()
    if number >= count:
        rule = f"the machine has {count} of them, numbered from 0" if count else why_no_cuda()
        raise MachineError(f"device {wanted}", rule, "Choose the device auto, or set that right")
    return Device(torch.device("cuda", number), torch.cuda.get_device_name(number), "", "cuda")


def _mps() -> Device:
    if not torch.backends.mps.is_available():
        raise MachineError("device mps", "there is no Apple GPU that PyTorch can use", "Choose the device auto")
    return Device(torch.device("mps"), "Apple GPU", "", "mps")


def _processor(reason: str) -> Device:
    cores = available_cores()
    return Device(torch.device("cpu"), f"processor, {cores} core{'s' * (cores > 1)}", reason, "cpu")


def _cuda_devices() -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of an old driver; `why_no_cuda` says it in words
        return torch.cuda.device_count() if torch.cuda.is_available() else 0


@cache
def why_no_cuda() -> str:
    """Say why no NVIDIA GPU is used; asks the driver itself once, because torch only says that there is none."""
    if sys.platform == "darwin":
        return "Macs have no NVIDIA GPU"
    version, answer = _ask_driver()
    return words_for_no_cuda(build=torch.version.cuda, driver=version, answer=answer)


def words_for_no_cuda(*, build: str | None, driver: int | None, answer: int) -> str:
    """The reason in words.

    `build` is the CUDA version of this PyTorch, `driver` the newest one that the driver knows (13020 for 13.2; None
    without a driver), `answer` what the driver said when it was started (0: all is well).
    """
    if build is None:
        return "this build of PyTorch is for processors only"
    if driver is None:
        return "no NVIDIA driver was found"
    if driver // 1000 < int(build.partition(".")[0]):
        known = f"{driver // 1000}.{driver % 1000 // 10}"
        return f"the NVIDIA driver is too old: it knows CUDA {known}, and this PyTorch needs {build}"
    if answer:
        return f"the NVIDIA driver found no GPU that it can use (its error {answer})"
    return "PyTorch found no NVIDIA GPU that it can use"


def _ask_driver() -> tuple[int | None, int]:
    """The newest CUDA version that the driver knows, and what it answers to being started."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None, 0
    version = ctypes.c_int(0)
    answer = int(driver.cuInit(0))
    driver.cuDriverGetVersion(ctypes.byref(version))
    return version.value, answer


def available_cores() -> int:
    """Processor cores that this process may use: threads of one core count once."""
    allowed = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))


@contextlib.contextmanager
def threads_used(threads: int) -> Iterator[int]:
    """Let torch compute with so many threads (0: as many as there are cores), and set it back at the end.

    Memory that is freed meanwhile is kept for the next step, as far as the system lets it.
    """
    keep_freed_memory()
    before, wanted = torch.get_num_threads(), threads or available_cores()
    torch.set_num_threads(wanted)
    try:
        yield wanted
    finally:
        torch.set_num_threads(before)


@cache
def keep_freed_memory() -> bool:
    """Let this process keep what a step frees for the next step; tells whether it could be arranged (glibc only).

    Large tensors otherwise come from the system and go back with every layer, and each of their pages is cleared
    again: thousands of page faults a step.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return all(mallopt(option, size) for option, size in _MALLOPT.items())


def free_memory_bytes(device: torch.device) -> int:
    """Memory that is free on the device: the GPU's own, or the machine's."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return int(psutil.virtual_memory().available)


def used_memory_bytes(device: torch.device) -> int:
    """Most memory that this process held on the GPU since the last reset, or what it holds of the machine's now."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return int(psutil.Process().memory_info().rss)


def wait_for(device: torch.device) -> None:
    """Wait until the device has done all that it was asked; a processor always has."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


class RandomState:
    """Torch's random numbers as one run sees them (dropout). Outside `used` the rest of the program has its own."""

    def __init__(self, *, seed: int, device: torch.device) -> None:
        self._device = device
        with self._apart():
            torch.manual_seed(seed)
            self._states = self._present()

    @contextlib.contextmanager
    def used(self) -> Iterator[None]:
        """Draw from this state inside the block, go on from there next time, and leave the global state untouched."""
        with self._apart():
            self._set(self._states)
            yield
            self._states = self._present()

    def tensors(self) -> dict[str, Tensor]:
        """The state, to be kept in a checkpoint."""
        return {name: state.clone() for name, state in self._states.items()}

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Go on from a kept state. One of another kind of device is left out: it would not fit."""
        self._states |= {name: state.clone() for name, state in tensors.items() if name in self._states}

    def _apart(self) -> contextlib.AbstractContextManager[None]:
        return torch.random.fork_rng(devices=[self._device] if self._device.type == "cuda" else [])

    def _present(self) -> dict[str, Tensor]:
        states = {"cpu": torch.get_rng_state()}
        if self._device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state(self._device)
        return states

    def _set(self, states: dict[str, Tensor]) -> None:
        torch.set_rng_state(states["cpu"])
        if self._device.type == "cuda":
            torch.cuda.set_rng_state(states["cuda"], self._device)
