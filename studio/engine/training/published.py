"""Published weights: a PyTorch file of a plain state dict (.pth), read as data, and fitted to a backbone.

Both layouts are read, today's (a zip of a table of contents and raw numbers) and the one before PyTorch 1.6 (tables,
then the numbers). The tables are read by `inert`, which runs nothing; every size is checked before it is believed.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import struct
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from studio.engine.backbones.backbone import Backbone
from studio.engine.errors import CheckpointError
from studio.engine.training.inert import CONVERT, Storage, TensorPlan, read_inert, refused

KNOWN = {
    "r3d_18-b3b3357e.pth": "torchvision's R3D-18 of Kinetics-400",
    "mc3_18-a90a0ba3.pth": "torchvision's MC3-18 of Kinetics-400",
    "r2plus1d_18-91a641e6.pth": "torchvision's R(2+1)D-18 of Kinetics-400",
    "alexnet-owt-7be5be79.pth": "torchvision's AlexNet of ImageNet"}
"""Files that carry the beginning of their SHA-256 in their names."""
CLASSIFIERS = ("fc.", "classifier.")
_MOST_BYTES, _TABLE_BYTES, _MOST_ENTRIES = 2 << 30, 4 << 20, 10_000
_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_BESIDE = {"version", "byteorder", ".format_version", ".storage_alignment", ".data/serialization_id"}
_DTYPES = {"Double": torch.float64, "Float": torch.float32, "Half": torch.float16, "BFloat16": torch.bfloat16,
           "Long": torch.int64, "Int": torch.int32, "Short": torch.int16, "Char": torch.int8, "Byte": torch.uint8}
_Raw = Mapping[str, bytes | memoryview]
"""The raw numbers of each storage by its key."""


class Fitted(NamedTuple):
    """Tensors of a file by the backbone's own names; names that were left out, and own ones that the file lacks."""

    tensors: dict[str, Tensor]
    left_out: list[str]
    as_before: list[str]


def fitted(backbone: Backbone, tensors: Mapping[str, Tensor]) -> Fitted:
    """Take what a state dict has for a backbone: by torchvision's names or its own, without a classifier.

    What torchvision's file of these layers never holds, and counters that old files lack, stays as it is.
    """
    own = backbone.state_dict()
    names = {} if any(name in own for name in tensors) else backbone.published_names()
    left_out = [name for name in tensors if name.startswith(CLASSIFIERS)]
    taken = {names.get(name, name): tensor for name, tensor in tensors.items() if name not in left_out}
    held = set(names.values()) or set(own)
    as_before = [name for name in own if name not in taken
                 and (name not in held or name.endswith("num_batches_tracked"))]
    return Fitted(taken | {name: own[name] for name in as_before}, left_out, as_before)


def read_published(path: Path) -> tuple[dict[str, Tensor], str]:
    """Read the state dict of a PyTorch file: its tensors by name, and the file's SHA-256.

    Raises `CheckpointError` in one sentence for a file that holds anything else, or is damaged or too large.
    """
    try:
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise refused(path.name, f"it has {size} bytes, more than any weights of these backbones")
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(path.name, f"the file cannot be read ({error.strerror})", "Check the path") from error
    sha256 = hashlib.sha256(content).hexdigest()
    if path.name in KNOWN and path.stem.rpartition("-")[2] != sha256[:8]:
        raise CheckpointError(path.name, "its SHA-256 is not the one in its name, so it is damaged or another file",
                              "Get it again, or give weights of your own another name")
    return state_dict_of(content, source=path.name), sha256


def state_dict_of(content: bytes, *, source: str) -> dict[str, Tensor]:
    """Make the tensors of a PyTorch file's content. Raises `CheckpointError`; nothing in it is ever run."""
    if content.startswith(b"PK\x03\x04"):
        plans, raw = _zip(content, source=source)
    elif content.startswith(b"\x80"):
        plans, raw = _legacy(content, source=source)
    else:
        raise CheckpointError(source, "this is neither a .safetensors nor a PyTorch file", CONVERT)
    _check_disjoint(plans.values(), source=source)
    storages = {plan.storage for plan in plans.values()}
    numbers = {storage.key: _numbers(storage, raw, source=source) for storage in storages}
    tensors = {name: torch.as_strided(numbers[plan.storage.key], plan.size, plan.stride, plan.offset).contiguous()
               for name, plan in plans.items()}
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise refused(source, f"its tensor {_shown(name)} has values that are not finite")
    return tensors


def _zip(content: bytes, *, source: str) -> tuple[dict[str, TensorPlan], _Raw]:
    """Today's layout: a zip without compression, whose entries lie in one folder."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = _entries(archive.infolist(), content=content, source=source)
            table = archive.read(entries["data.pkl"])
            if "byteorder" in entries and archive.read(entries["byteorder"]) != b"little":
                raise refused(source, "its numbers are of a machine that wrote them the other way round")
            plans = _plans(read_inert(io.BytesIO(table), source=source), source=source)
            keys = {plan.storage.key for plan in plans.values()}
            return plans, {key: archive.read(entries[f"data/{key}"]) for key in keys}
    except KeyError as error:
        raise refused(source, "the zip lacks a part that weights have") from error
    except (zipfile.BadZipFile, RuntimeError, ValueError, EOFError, OSError, OverflowError, struct.error) as error:
        raise refused(source, "the zip is damaged") from error


def _entries(found: list[zipfile.ZipInfo], *, content: bytes, source: str) -> dict[str, zipfile.ZipInfo]:
    """The entries by their names inside the folder, each as large as it says and of a name that weights have."""
    folder = found[0].filename.partition("/")[0] + "/" if found else ""
    entries = {entry.filename.removeprefix(folder): entry for entry in found if entry.filename.startswith(folder)}
    if not len(found) == len(entries) <= _MOST_ENTRIES:
        raise refused(source, "the zip does not hold one folder of different parts")
    for name, entry in entries.items():
        if name not in _BESIDE and name != "data.pkl" and not (name.startswith("data/") and name[5:].isdigit()):
            raise refused(source, f"the zip holds {_shown(name)}, which weights do not need")
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size or entry.flag_bits & 1:
            raise refused(source, "the zip is packed or locked, which weights never are")
    if sum(entry.file_size for entry in found) > len(content) or entries["data.pkl"].file_size > _TABLE_BYTES:
        raise refused(source, "the zip says that it holds more than it can")
    return entries


def _legacy(content: bytes, *, source: str) -> tuple[dict[str, TensorPlan], _Raw]:
    """The layout before PyTorch 1.6: five pickles, then each storage as a count and its numbers."""
    stream = io.BytesIO(content[:_TABLE_BYTES])
    magic, protocol, system, table, keys = (read_inert(stream, source=source) for _ in range(5))
    if magic != _MAGIC or protocol != _PROTOCOL or type(system) is not dict or system.get("little_endian") is not True:
        raise CheckpointError(source, "this is a pickle, but no weights file of PyTorch", CONVERT)
    plans = _plans(table, source=source)
    storages = {plan.storage.key: plan.storage for plan in plans.values()}
    if type(keys) is not list or any(type(key) is not str for key in keys) or sorted(keys) != sorted(storages):
        raise refused(source, "its list of storages is not that of its tensors")
    raw, at, whole = {}, stream.tell(), memoryview(content)
    for key in keys:
        size = storages[key].numbers * _DTYPES[storages[key].kind].itemsize
        if int.from_bytes(whole[at:at + 8], "little") != storages[key].numbers:
            raise refused(source, "a storage is not as large as its table of contents says")
        raw[key] = whole[at + 8:at + 8 + size]
        at += 8 + size
    if at != len(content):
        raise refused(source, "the file is cut off" if at > len(content) else "the file goes on behind its weights")
    return plans, raw


def _plans(found: Any, *, source: str) -> dict[str, TensorPlan]:
    if type(found) is not dict or not found or any(type(plan) is not TensorPlan for plan in found.values()):
        raise refused(source, "it holds something else than a plain state dict of tensors")
    return found


def _check_disjoint(plans: Iterable[TensorPlan], *, source: str) -> None:
    """Refuse a storage that is described in two ways, and tensors that share values."""
    ordered = sorted(plans, key=lambda plan: (plan.storage.key, plan.offset))
    for one, other in itertools.pairwise(ordered):
        if one.storage.key == other.storage.key and (one.storage != other.storage or one.end > other.offset):
            raise refused(source, "two of its tensors share values")


def _numbers(storage: Storage, raw: _Raw, *, source: str) -> Tensor:
    """The numbers of a storage, in memory of their own."""
    dtype = _DTYPES[storage.kind]
    if len(raw[storage.key]) != storage.numbers * dtype.itemsize:
        raise refused(source, "a storage is not as large as its table of contents says")
    return torch.frombuffer(bytearray(raw[storage.key]), dtype=dtype)


def _shown(name: str) -> str:
    """A name of a foreign file, safe to show."""
    return ascii(name[:60]).strip("'\"")
