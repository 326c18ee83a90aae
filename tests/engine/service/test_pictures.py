"""Pictures travel through shared memory and leave nothing there."""

from __future__ import annotations

from multiprocessing.shared_memory import SharedMemory

import numpy as np
import pytest

from studio.engine.service.pictures import Pictures


def _read(described: dict[str, object]) -> np.ndarray:
    block = SharedMemory(name=str(described["name"]))
    try:
        shape = described["shape"]
        assert isinstance(shape, list)
        count = int(np.prod(shape)) * np.dtype(str(described["dtype"])).itemsize
        return np.frombuffer(bytes(block.buf[:count]), str(described["dtype"])).reshape(shape)
    finally:
        block.close()


@pytest.mark.parametrize("picture", [np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
                                     np.arange(24, dtype=np.float32).reshape(4, 6)[:, ::2]])
def test_a_picture_arrives_as_it_was_sent(picture: np.ndarray) -> None:
    pictures = Pictures()
    described = pictures.share(picture)
    np.testing.assert_array_equal(_read(described), picture)
    pictures.close()


def test_released_and_closed_blocks_are_gone() -> None:
    pictures = Pictures()
    first, second = (pictures.share(np.zeros(10, np.uint8)) for _ in range(2))
    pictures.release([first["name"], "unknown"])
    assert len(pictures) == 1
    with pytest.raises(FileNotFoundError):
        _read(first)
    _read(second)
    pictures.close()
    with pytest.raises(FileNotFoundError):
        _read(second)


def test_an_empty_picture_needs_no_block() -> None:
    pictures = Pictures()
    assert pictures.share(np.zeros((0, 2), np.float32)) == {"name": "", "shape": [0, 2], "dtype": "float32"}
    assert len(pictures) == 0
