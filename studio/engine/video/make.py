"""One video file -> its cached frames: hash, decode, shrink, measure motion and write in a single streaming pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from zlib import crc32

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from studio.engine import files
from studio.engine.catalogue import UNREADABLE
from studio.engine.errors import VideoError
from studio.engine.video import dicom
from studio.engine.video.cache import CacheWriter, Facts, Form, Record, cache_path, read_facts
from studio.engine.video.motion import MotionMeter
from studio.engine.video.probe import verdict_of
from studio.engine.video.reader import Reader, VideoReader, frame_times, orientation

LONGEST_ASPECT = 8
"""A frame longer than this many short sides is squeezed to it."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to make: the cached frames of `path` in `cache_folder`."""

    path: Path
    cache_folder: Path
    form: Form
    with_motion: bool = True


class StoppedError(VideoError):
    """The work was stopped by a person before the video was done; nothing was written."""


Told = Callable[[int], None]
"""Is told the number of frames made so far, often; raises `StoppedError` to stop the work."""


def cached_size(width: int, height: int, *, pixel_aspect: float, short_side_pixels: int) -> tuple[int, int]:
    """Width and height in the cache: the short side as given, the other by the shape as shown, both even."""
    shown = max(width * pixel_aspect, 1) / max(height, 1)
    long_side = short_side_pixels * min(max(shown, 1 / shown), LONGEST_ASPECT)
    short_even, long_even = round(short_side_pixels / 2) * 2, round(long_side / 2) * 2
    return (long_even, short_even) if shown >= 1 else (short_even, long_even)


class Shrinker:
    """Makes cached planes of decoded frames: size, full-range BT.601, and turned as the file says to show them."""

    def __init__(self, frame: av.VideoFrame, *, pixel_aspect: float, short_side_pixels: int) -> None:
        self._turns, self._mirrored = orientation(frame)
        self._width, self._height = cached_size(frame.width, frame.height, pixel_aspect=pixel_aspect,
                                                short_side_pixels=short_side_pixels)
        self._scale = VideoReformatter()
        self.turned = bool(self._turns % 2)
        self.width, self.height = (self._height, self._width) if self.turned else (self._width, self._height)

    def fill(self, record: Record, frame: av.VideoFrame) -> None:
        """Put the frame's planes into a record."""
        small = self._scale.reformat(
            frame, self._width, self._height, "yuv420p", interpolation=Interpolation.AREA,
            dst_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.JPEG, threads=1)
        for plane, out_HW in zip(small.planes, (record.y_HW, record.u_HW, record.v_HW), strict=True):
            lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            out_HW[:] = self._as_shown(lines[:plane.height, :plane.width])

    def _as_shown(self, plane_HW: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if self._mirrored:
            plane_HW = plane_HW[:, ::-1]
        return np.rot90(plane_HW, self._turns) if self._turns else plane_HW


def open_reader(path: Path) -> Reader:
    """Open a file with the reader that fits. Raises `VideoError` with the reason in words."""
    return dicom.open_dicom(path) if dicom.looks_like_dicom(path) else VideoReader(path)


def make_cached(order: Order, told: Told = lambda _frames: None) -> Facts:
    """Make the cached frames of a file, unless they are there already; returns what was found.

    A file without a single readable frame gives facts with the verdict unreadable and leaves no cache. Raises
    `MachineError` when the disk is full; the earlier state stays.
    """
    try:
        before = _stamp(order.path)
        identity = files.sha256_of_file(order.path, on_chunk=lambda _bytes: told(0))
    except OSError as error:
        return _nothing("", f"the file cannot be read ({error.strerror or error})")
    target = cache_path(order.cache_folder, identity=identity, form=order.form)
    try:
        return read_facts(target)
    except VideoError:
        pass
    try:
        return _make(order, identity, before, target, told)
    except StoppedError:
        raise
    except VideoError as error:
        return _nothing(identity, error.rule)


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _stamp_or_none(path: Path) -> tuple[int, int] | None:
    try:
        return _stamp(path)
    except OSError:
        return None


def _nothing(identity: str, reason: str) -> Facts:
    return Facts(identity=identity, frames=0, height=0, width=0, verdict=UNREADABLE, reason=reason,
                 declared_frames=None, seconds=0.0, frames_per_second=0.0, source_width=0, source_height=0, codec="",
                 motion=0.0, tables_crc=0)


def _make(order: Order, identity: str, before: tuple[int, int], target: Path, told: Told) -> Facts:
    reader = open_reader(order.path)
    try:
        pictures = reader.pictures()
        first = next(pictures, None)
        if first is None:
            return _without_frames(reader, identity)
        shrinker = Shrinker(first.frame, pixel_aspect=reader.source.pixel_aspect,
                            short_side_pixels=order.form.short_side_pixels)
        size = (first.frame.width, first.frame.height)
        meter = MotionMeter() if order.with_motion else None
        with files.atomic_file(target) as stream:
            writer, stamps = CacheWriter(stream, shrinker.height, shrinker.width), []
            for picture in chain([first], pictures):
                _add(writer, shrinker, meter, picture.frame)
                stamps.append(picture.seconds)
                told(writer.frames)
            if _stamp_or_none(order.path) != before:
                raise VideoError(order.path.name, "the file changed or went away while it was read",
                                 "Scan again when it is whole")
            return _finish(writer, reader, shrinker, stamps, identity, size)
    finally:
        reader.close()


def _add(writer: CacheWriter, shrinker: Shrinker, meter: MotionMeter | None, frame: av.VideoFrame) -> None:
    record, motion = writer.next, 0.0
    shrinker.fill(record, frame)
    if meter:
        motion, record.motion_YX[:] = meter.next(record.y_HW)
    writer.write(motion)


def _without_frames(reader: Reader, identity: str) -> Facts:
    source = reader.source
    verdict, reason = verdict_of(frames=0, declared_frames=source.declared_frames, fault=reader.fault)
    return replace(_nothing(identity, reason), verdict=verdict, declared_frames=source.declared_frames,
                   codec=source.codec)


def _finish(writer: CacheWriter, reader: Reader, shrinker: Shrinker, stamps: list[float | None], identity: str,
            size: tuple[int, int]) -> Facts:
    source = reader.source
    times_N = frame_times(stamps, frames_per_second=source.frames_per_second)
    rate = (len(times_N) - 1) / times_N[-1] if len(times_N) > 1 else source.frames_per_second
    seconds = float(times_N[-1] + 1 / rate)
    verdict, reason = verdict_of(
        frames=writer.frames, declared_frames=source.declared_frames, fault=reader.fault, left_out=reader.left_out,
        seconds=seconds, declared_seconds=source.declared_seconds)
    tables, motion = writer.tables(times_N)
    facts = Facts(
        identity=identity, frames=writer.frames, height=shrinker.height, width=shrinker.width, verdict=verdict,
        reason=reason, declared_frames=source.declared_frames, seconds=seconds, frames_per_second=float(rate),
        source_width=size[1] if shrinker.turned else size[0], source_height=size[0] if shrinker.turned else size[1],
        codec=source.codec, motion=motion, tables_crc=crc32(tables))
    writer.finish(facts, tables)
    return facts
