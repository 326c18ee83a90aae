"""Batches made ahead of the training step by one background thread: dealt as numbers, cut from the cache as bytes.

They are dealt a few batches before they are cut, so that the disk can read ahead. Where frames must be decoded, or a
GPU computes, a few more threads cut with it.
Legend: B tuples, E elements, C channels, T frames, H height, W width.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import torch
from torch import Tensor

from studio.engine.device import available_cores
from studio.engine.errors import MachineError, StudioError
from studio.engine.sampling import Tuples
from studio.engine.training.pixels import Planes, expect, gather, network_input
from studio.engine.training.plan import Plan, deal_batch

AHEAD = 3
"""Batches that wait, made, for the training step."""
_DEALT_AHEAD = 2
"""Batches whose frames the disk is asked for before they are cut."""
_MOST_CUTTERS = 8
_DECODED = {"jpeg", "video"}


@dataclass(frozen=True)
class Batch:
    """The tuples of one step (from 0) and their pixels: planes on the processor, or clips already on a GPU."""

    step: int
    tuples: Tuples
    planes: Planes
    clips_BECTHW: Tensor | None = None
    copied: torch.cuda.Event | None = None


class Loader:
    """Makes the batches of `plan` from `first_step` on. Use it in a `with` block, whose end closes its thread.

    On a GPU the thread also copies and colours, from page-locked memory on a stream of its own, while the step before
    computes. On a processor that is left to the step, which would only wait for the same cores.
    """

    def __init__(self, plan: Plan, *, device: torch.device, first_step: int = 0) -> None:
        self._plan, self._device, self._next_step = plan, device, first_step
        self._made: queue.Queue[Batch | Exception] = queue.Queue(AHEAD)
        self._dealt: deque[Tuples] = deque()
        self._next_dealt = first_step
        self._pool = _cutters(plan, device)
        self._closing = threading.Event()
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._thread = threading.Thread(target=self._work, name="loader", daemon=True)
        self.waited_seconds = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the thread; batches that were made ahead are dropped."""
        self._closing.set()
        while self._thread.is_alive():
            self._drop_one()
            self._thread.join(0.02)
        if self._pool is not None:
            self._pool.shutdown()

    def take(self) -> Batch:
        """The next batch; waits until it is made. Raises what making it raised."""
        start = time.perf_counter()
        made = self._get()
        self.waited_seconds += time.perf_counter() - start
        if isinstance(made, Exception):
            raise made
        return made

    def clips(self, batch: Batch) -> Tensor:
        """What the network is shown of a batch, clips_BECTHW on the device."""
        if batch.clips_BECTHW is None or batch.copied is None:
            return network_input(batch.planes, batch.tuples, self._plan.recipe.augmentation, self._device)
        present = torch.cuda.current_stream(self._device)
        present.wait_event(batch.copied)
        batch.clips_BECTHW.record_stream(present)
        return batch.clips_BECTHW

    def _get(self) -> Batch | Exception:
        while True:
            try:
                return self._made.get(timeout=1.0)
            except queue.Empty:
                if not self._thread.is_alive():
                    return RuntimeError("the thread that makes batches has ended")

    def _drop_one(self) -> None:
        try:
            self._made.get_nowait()
        except queue.Empty:
            return

    def _work(self) -> None:
        step = self._next_step
        while not self._closing.is_set():
            try:
                made: Batch | Exception = self._make(step)
            except (StudioError, OSError, RuntimeError, ValueError, IndexError) as error:
                made = _foreseen(error)
            self._made.put(made)
            if isinstance(made, Exception):
                return
            step += 1

    def _make(self, step: int) -> Batch:
        tuples = self._next_tuples()
        planes = gather(self._plan.train, tuples, self._plan.recipe.augmentation, pool=self._pool)
        if self._stream is None:
            return Batch(step, tuples, planes)
        with torch.cuda.device(self._device), torch.cuda.stream(self._stream):
            planes = planes.pinned()
            clips_BECTHW = network_input(planes, tuples, self._plan.recipe.augmentation, self._device)
            copied = torch.cuda.Event()
            copied.record(self._stream)
        return Batch(step, tuples, planes, clips_BECTHW, copied)


    def _next_tuples(self) -> Tuples:
        while len(self._dealt) <= _DEALT_AHEAD:
            self._dealt.append(deal_batch(self._plan, step=self._next_dealt))
            self._next_dealt += 1
            expect(self._plan.train, self._dealt[-1])
        return self._dealt.popleft()


def _cutters(plan: Plan, device: torch.device) -> ThreadPoolExecutor | None:
    """Threads that cut videos side by side; none beside a training on the processor, which needs its cores."""
    if device.type == "cpu" and not _DECODED & {video.tier for video in plan.train.cached}:
        return None
    return ThreadPoolExecutor(min(_MOST_CUTTERS, available_cores()), thread_name_prefix="cutter")


def _foreseen(error: Exception) -> Exception:
    """A cache that vanished with its drive is told in words; the rest is told as it is."""
    if isinstance(error, OSError):
        return MachineError("the cache of the project", f"it can no longer be read ({error.strerror or error})",
                            "Attach its drive again and resume the run, or scan again")
    return error
