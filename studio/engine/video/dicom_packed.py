"""Frames of DICOM files that pydicom leaves packed: deflated one by one, and single bits in runs.

Legend: H, W height and width of a frame, K colours of a pixel.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pydicom import Dataset

_DEFLATED, _RUNS = "1.2.840.10008.1.2.8.1", "1.2.840.10008.1.2.5"


def unpacking(dataset: Dataset) -> Callable[[bytes], NDArray] | None:
    """What unpacks a frame of this file; None where pydicom does it itself. Raises what damaged bytes make it raise."""
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
    if syntax == _DEFLATED:
        return lambda content: _as_pixels(_inflated(content, _frame_bytes(dataset)), dataset)
    if syntax == _RUNS and int(dataset.BitsAllocated) == 1:
        return lambda content: _as_pixels(_unrolled(content, _frame_bytes(dataset)), dataset)
    return None


def _frame_bytes(dataset: Dataset) -> int:
    values = int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("SamplesPerPixel", 1))
    return -(-values * int(dataset.BitsAllocated) // 8)


def _inflated(content: bytes, wanted: int) -> bytes:
    found = zlib.decompressobj(-15).decompress(content, wanted)
    if len(found) < wanted:
        raise ValueError("a frame is short")
    return found


def _unrolled(content: bytes, wanted: int) -> bytes:
    """The bytes of a frame in runs of one segment (PS3.5, annex G)."""
    segments, start = struct.unpack_from("<II", content)
    if segments != 1:
        raise ValueError("single bits have one segment")
    found, place = bytearray(), start
    while len(found) < wanted:
        head = content[place]
        if head < 128:
            found += content[place + 1:place + 2 + head]
            place += 2 + head
        elif head > 128:
            found += content[place + 1:place + 2] * (257 - head)
            place += 2
        else:
            place += 1
    return bytes(found[:wanted])


def _as_pixels(content: bytes, dataset: Dataset) -> NDArray:
    """The values of a frame: pixels_HW, or pixels_HWK."""
    rows, columns, colours = int(dataset.Rows), int(dataset.Columns), int(dataset.get("SamplesPerPixel", 1))
    bits = int(dataset.BitsAllocated)
    if bits == 1:
        values = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")
        return values[:rows * columns].reshape(rows, columns)
    kind = f"<{'i' if dataset.get('PixelRepresentation', 0) else 'u'}{bits // 8}"
    values = np.frombuffer(content, kind)
    if colours == 1:
        return values.reshape(rows, columns)
    if int(dataset.get("PlanarConfiguration", 0)):
        return values.reshape(colours, rows, columns).transpose(1, 2, 0)
    return values.reshape(rows, columns, colours)
