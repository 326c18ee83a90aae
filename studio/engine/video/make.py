"""One video file -> its cached frames: hash, decode, shrink, measure motion and write in a single streaming pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from studio.engine import files
from studio.engine.catalogue import UNREADABLE, Finding
from studio.engine.errors import VideoError
from studio.engine.masks import Hider, Mask, fingerprint, size_text
from studio.engine.video.alike import signature_of
from studio.engine.video.cache import CachedVideo, Facts, Form, Record, cache_path, read_facts
from studio.engine.video.health import Health
from studio.engine.video.motion import MotionMeter
from studio.engine.video.opening import identity_of, open_reader, stamp_of
from studio.engine.video.packs import Writer, make_writer
from studio.engine.video.picture_folder import USUAL_PER_SECOND
from studio.engine.video.probe import verdict_of
from studio.engine.video.random_reader import read_index
from studio.engine.video.reader import Reader, frame_times, orientation

LONGEST_ASPECT = 8
"""A frame longer than this many short sides is squeezed to it."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to make: the cached frames of `path` in `cache_folder`."""

    path: Path
    cache_folder: Path
    form: Form
    with_motion: bool = True
    frames_per_second: float = USUAL_PER_SECOND
    """Of a folder of pictures; files know their own."""
    kind: str = "frames"
    """What is kept of the frames, one of `packs.KINDS`: their planes, JPEGs, or only what was measured."""
    masks: tuple[Mask, ...] = ()
    """Masks for the video's source and group; those for its size hold. They make the form's mask."""


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


def make_cached(order: Order, told: Told = lambda _frames: None) -> Facts:
    """Make the cached frames of a file, unless they are there already; returns what was found.

    A file without a single readable frame gives facts with the verdict unreadable and leaves no cache. Raises
    `MachineError` when the disk is full; the earlier state stays.
    """
    try:
        before = stamp_of(order.path)
        identity = identity_of(order.path, frames_per_second=order.frames_per_second, on_chunk=lambda _bytes: told(0))
    except OSError as error:
        return _nothing("", f"the file cannot be read ({error.strerror or error})")
    except StoppedError:
        raise
    except VideoError as error:
        return _nothing("", error.rule)
    try:
        sized = any(mask.size for mask in order.masks)  # then which hold is known only when the video is open
        there = None if sized else _there(order, identity, order.masks)
        return there or _make(order, identity, before, told)
    except StoppedError:
        raise
    except VideoError as error:
        return _nothing(identity, error.rule)


def _stamp_or_none(path: Path) -> tuple[int, int] | None:
    try:
        return stamp_of(path)
    except (OSError, VideoError):
        return None


def _nothing(identity: str, reason: str) -> Facts:
    return Facts(identity=identity, frames=0, height=0, width=0, verdict=UNREADABLE, reason=reason,
                 declared_frames=None, seconds=0.0, frames_per_second=0.0, source_width=0, source_height=0, codec="",
                 motion=0.0, tables_crc=0)


def _target(order: Order, identity: str, masks: Sequence[Mask]) -> Path:
    form = replace(order.form, mask=fingerprint(masks)) if masks else order.form
    return cache_path(order.cache_folder, identity=identity, form=form, kind=order.kind)


def _there(order: Order, identity: str, masks: Sequence[Mask]) -> Facts | None:
    """What was found when the cached frames were made, if they are there; an older studio did not look at all of it."""
    try:
        if order.kind != "frames":
            return read_facts(_target(order, identity, masks))
        cached = CachedVideo(_target(order, identity, masks))
        return cached.facts if cached.facts.findings is not None else _looked_at(cached)
    except VideoError:
        return None


def _looked_at(cached: CachedVideo) -> Facts:
    health = Health(cached.height, cached.width)
    for luma_HW in cached.y_NHW:
        health.next(luma_HW)
    return replace(cached.facts, signature=signature_of(health.glimpses()).hex(),
                   findings=health.findings(cached.times_N, cached.motion_N if cached.motion_N.any() else None))


class FrameMaker:
    """Makes of decoded frames what is kept or shown of them: small planes as the file says to show them, masked."""

    def __init__(self, frame: av.VideoFrame, *, pixel_aspect: float, short_side_pixels: int,
                 masks: Sequence[Mask] = ()) -> None:
        self.shrinker = shrinker = Shrinker(frame, pixel_aspect=pixel_aspect, short_side_pixels=short_side_pixels)
        size = (frame.height, frame.width) if shrinker.turned else (frame.width, frame.height)
        self.source_width, self.source_height = size
        self.masks = [mask for mask in masks if mask.size in ("", size_text(*size))]
        self._hider = Hider(self.masks, height=shrinker.height, width=shrinker.width) if self.masks else None
        self.hidden_pixels = self._hider.pixels if self._hider else 0

    def fill(self, record: Record, frame: av.VideoFrame) -> None:
        """Put the frame's planes into a record."""
        self.shrinker.fill(record, frame)
        if self._hider:
            self._hider.hide(record.y_HW, record.u_HW, record.v_HW)


class _Line:
    """What every decoded frame goes through: made small, masked, its motion measured, looked at, written."""

    def __init__(self, order: Order, frame: av.VideoFrame, *, pixel_aspect: float) -> None:
        self.maker = FrameMaker(frame, pixel_aspect=pixel_aspect, masks=order.masks,
                                short_side_pixels=order.form.short_side_pixels)
        self._meter = MotionMeter(order.form.motion) if order.with_motion else None
        self.health = Health(self.maker.shrinker.height, self.maker.shrinker.width, hidden=self.maker.hidden_pixels)

    def add(self, writer: Writer, frame: av.VideoFrame) -> None:
        """Take the next frame."""
        record, motion = writer.next, 0.0
        self.maker.fill(record, frame)
        if self._meter:
            motion, record.motion_YX[:] = self._meter.next(record.y_HW)
        self.health.next(record.y_HW)
        writer.write(motion)

    def findings(self, times_N: NDArray[np.float64], motion_N: NDArray[np.float32]) -> tuple[Finding, ...]:
        """What a person should know of the video."""
        return self.health.findings(times_N, motion_N if self._meter else None)


def _make(order: Order, identity: str, before: tuple[int, int], told: Told) -> Facts:
    reader = open_reader(order.path, frames_per_second=order.frames_per_second)
    try:
        pictures = reader.pictures()
        first = next(pictures, None)
        if first is None:
            return _without_frames(reader, identity)
        line = _Line(order, first.frame, pixel_aspect=reader.source.pixel_aspect)
        if (facts := _there(order, identity, line.maker.masks)) is not None:
            return facts
        small, target = line.maker.shrinker, _target(order, identity, line.maker.masks)
        with (files.atomic_file(target) as stream,
              closing(make_writer(order.kind, stream, small.height, small.width, folder=target.parent)) as writer):
            stamps: list[float | None] = []
            for picture in chain([first], pictures):
                line.add(writer, picture.frame)
                stamps.append(picture.seconds)
                told(writer.frames)
            if _stamp_or_none(order.path) != before:
                raise VideoError(order.path.name, "the file changed or went away while it was read",
                                 "Scan again when it is whole")
            if order.kind == "motion":
                writer.index(read_index(order.path))
            return _finish(writer, reader, line, stamps, identity)
    finally:
        reader.close()


def _without_frames(reader: Reader, identity: str) -> Facts:
    source = reader.source
    verdict, reason = verdict_of(frames=0, declared_frames=source.declared_frames, fault=reader.fault)
    return replace(_nothing(identity, reason), verdict=verdict, declared_frames=source.declared_frames,
                   codec=source.codec)


def _finish(writer: Writer, reader: Reader, line: _Line, stamps: list[float | None], identity: str) -> Facts:
    source, maker = reader.source, line.maker
    times_N = frame_times(stamps, frames_per_second=source.frames_per_second)
    rate = (len(times_N) - 1) / times_N[-1] if len(times_N) > 1 else source.frames_per_second
    seconds = float(times_N[-1] + 1 / rate)
    verdict, reason = verdict_of(
        frames=writer.frames, declared_frames=source.declared_frames, fault=reader.fault, left_out=reader.left_out,
        held=reader.held, seconds=seconds, declared_seconds=source.declared_seconds)
    crc, motion_N = writer.tables(times_N)
    facts = Facts(
        identity=identity, frames=writer.frames, height=maker.shrinker.height, width=maker.shrinker.width,
        verdict=verdict, reason=reason, declared_frames=source.declared_frames, seconds=seconds,
        frames_per_second=float(rate), source_width=maker.source_width, source_height=maker.source_height,
        codec=source.codec, motion=float(motion_N.mean(dtype=np.float64)), tables_crc=crc,
        findings=source.findings + line.findings(times_N, motion_N),
        signature=signature_of(line.health.glimpses()).hex(),
        masked=round(maker.hidden_pixels / (maker.shrinker.height * maker.shrinker.width), 6),
        **writer.about)
    writer.finish(facts)
    return facts
