from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.engine.errors import CheckpointError
from studio.engine.training import checkpoint as under_test
from studio.engine.training.checkpoint import load_newest, save_checkpoint, sidecar


def _save(folder: Path, step: int, *, keep: int = 3) -> Path:
    rng = np.random.default_rng(step)
    tensors = {f"network/{name}": torch.from_numpy(rng.standard_normal((9, 11)).astype(np.float32)) for name in "abc"}
    return save_checkpoint(folder, step=step, tensors=tensors, state={"step": step}, keep=keep)


def test_a_checkpoint_comes_back_as_it_was_and_old_ones_go(tmp_path: Path) -> None:
    for step in (1, 2, 3, 4):
        _save(tmp_path, step, keep=2)
    found = load_newest(tmp_path)
    assert (found.state, found.refused) == ({"step": 4}, ())
    assert set(found.tensors) == {"network/a", "network/b", "network/c"}
    kept = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert kept == ["step-000000003.json", "step-000000003.safetensors",
                    "step-000000004.json", "step-000000004.safetensors"]


def _damaged(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """One of: a flipped bit, a cut end, a block swapped with another, the content of another checkpoint, more bytes."""
    kind, place = rng.integers(0, 5), int(rng.integers(0, len(content)))
    if kind == 0:
        changed = bytearray(content)
        changed[place] ^= 1 << int(rng.integers(0, 8))
        return bytes(changed)
    if kind == 1:
        return content[:place]
    if kind == 2:
        size = int(rng.integers(1, 200))
        first, second = sorted((place, int(rng.integers(0, len(content)))))
        swapped = content[:first] + content[second:second + size] + content[first + size:]
        return swapped if swapped != content else content[:-1]
    return other if kind == 3 else content + content[:place + 1]


def _mutate(folder: Path, count: int, seen: Callable[[bytes], None]) -> None:
    older, newest = _save(folder, 1), _save(folder, 2)
    content, other = newest.read_bytes(), older.read_bytes()
    rng = np.random.default_rng(4)
    for _ in range(count):
        damaged = _damaged(content, other, rng)
        newest.write_bytes(damaged)
        seen(damaged)
    newest.write_bytes(content)


def test_damaged_checkpoints_are_refused_by_name_before_they_are_read(tmp_path: Path,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    plain = under_test.tensors_of
    monkeypatch.setattr(under_test, "tensors_of", lambda content: read.append(content) or plain(content))
    refused = 0

    def check(damaged: bytes) -> None:
        nonlocal refused
        found = load_newest(tmp_path)
        assert found.state == {"step": 1}
        assert found.refused[0].startswith("step-000000002.safetensors: the file is damaged")
        assert damaged not in read or damaged == (tmp_path / "checkpoints/step-000000001.safetensors").read_bytes()
        refused += 1

    _mutate(tmp_path, 300, check)
    assert refused == 300
    assert load_newest(tmp_path).state == {"step": 2}


def test_broken_twin_without_the_hash_takes_damaged_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "_check_hash", lambda path, content: None)
    taken = 0

    def count(damaged: bytes) -> None:
        nonlocal taken
        taken += not load_newest(tmp_path).refused

    _mutate(tmp_path, 60, count)
    assert taken > 0


def test_a_damaged_hash_and_a_missing_one_do_not_count(tmp_path: Path) -> None:
    _save(tmp_path, 1)
    newest = _save(tmp_path, 2)
    sidecar(newest).write_text("{")
    assert "hash is damaged" in load_newest(tmp_path).refused[0]
    sidecar(newest).unlink()
    assert load_newest(tmp_path).state == {"step": 1}


def test_without_a_whole_checkpoint_all_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no whole checkpoint"):
        load_newest(tmp_path)
    for step in (1, 2):
        path = _save(tmp_path, step)
        os.truncate(path, 100)
    with pytest.raises(CheckpointError, match=r"step-000000002.*step-000000001"):
        load_newest(tmp_path)
