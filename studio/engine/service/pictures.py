"""Pictures in shared memory, each kept until it is released."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from threading import Lock
from typing import Any

import numpy as np

from studio.engine.events import Event


@dataclass(frozen=True)
class Glimpse:
    """What can be seen of an answer while it is worked out: an event, its pictures, and what is said of them."""

    event: Event
    pictures: list[np.ndarray]
    about: dict[str, Any]


class Pictures:
    """The blocks that were handed out. Close it to take back those that nobody released.

    A block stays open until then, because on Windows it lives only as long as somebody holds it.
    """

    def __init__(self) -> None:
        self._blocks: dict[str, SharedMemory] = {}
        self._lock = Lock()

    def share(self, picture: np.ndarray) -> dict[str, Any]:
        """Copy an array into a block of its own; returns its name, shape and dtype as they travel."""
        flat = np.ascontiguousarray(picture)
        name = ""
        if flat.nbytes:
            block = SharedMemory(create=True, size=flat.nbytes)
            assert block.buf is not None
            block.buf[:flat.nbytes] = flat.reshape(-1).view(np.uint8).data
            name = block.name
            with self._lock:
                self._blocks[name] = block
        return {"name": name, "shape": list(flat.shape), "dtype": str(flat.dtype)}

    def release(self, names: list[str]) -> None:
        """Give blocks back; unknown names are ignored."""
        for name in names:
            with self._lock:
                block = self._blocks.pop(name, None)
            if block is not None:
                block.close()
                with contextlib.suppress(FileNotFoundError):
                    block.unlink()

    def close(self) -> None:
        """Give all blocks back."""
        self.release(list(self._blocks))

    def __len__(self) -> int:
        return len(self._blocks)
