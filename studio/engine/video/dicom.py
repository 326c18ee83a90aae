"""Multi-frame DICOM -> frames, through pydicom, which is loaded when the first such file is met."""

from __future__ import annotations

import io
import math
import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from numpy.typing import NDArray

from studio.engine.errors import VideoError
from studio.engine.video.probe import DICOM_SUFFIXES, is_dicom
from studio.engine.video.reader import DECODER_ERRORS, Picture, Reader, Source, VideoReader

if TYPE_CHECKING:
    from pydicom import Dataset

_VIDEO_SYNTAXES = "1.2.840.10008.1.2.4.10"
"""MPEG-2, MPEG-4 and HEVC inside DICOM: .100 to .108."""
_LOSSLESS_JPEG = ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")
_JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
_ERRORS = (*DECODER_ERRORS, struct.error, zlib.error, EOFError, AssertionError)
_REMEDY = "Export the file anew, or convert it to a video"


def looks_like_dicom(path: Path) -> bool:
    """Whether to read a file as DICOM: by its name or its first bytes."""
    return path.suffix.lower() in DICOM_SUFFIXES or is_dicom(path)


def open_dicom(path: Path) -> Reader:
    """Open a DICOM file. Raises `VideoError` with the reason in words."""
    try:
        import pydicom
        from pydicom.errors import InvalidDicomError
    except ImportError as error:
        raise VideoError(path.name, "reading DICOM needs the pydicom package", "Install the extra `dicom`") from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(path, force=not is_dicom(path))
            return _reader(path, dataset)
        except VideoError:
            raise
        except (*_ERRORS, InvalidDicomError) as error:
            raise VideoError(path.name, f"this DICOM file is damaged ({_short(error)})", _REMEDY) from error


def _reader(path: Path, dataset: Dataset) -> Reader:
    if "PixelData" not in dataset and "FloatPixelData" not in dataset and "DoubleFloatPixelData" not in dataset:
        what = "this DICOM file holds no pictures" if "SOPClassUID" in dataset else "it is no DICOM file"
        raise VideoError(path.name, what, _REMEDY)
    syntax = str(getattr(dataset.file_meta, "TransferSyntaxUID", ""))
    if syntax.startswith(_VIDEO_SYNTAXES) and len(syntax) == len(_VIDEO_SYNTAXES) + 1:
        from pydicom.encaps import generate_fragments

        return VideoReader(path, content=io.BytesIO(b"".join(generate_fragments(dataset.PixelData))))
    return DicomReader(path, dataset)


def _short(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]


class DicomReader:
    """Reads the frames of a DICOM file: grey, red-green-blue, YBR or palette, to 8 bits."""

    def __init__(self, path: Path, dataset: Dataset) -> None:
        self.fault, self.left_out, self._path, self._dataset = "", 0, path, dataset
        photometric = str(dataset.get("PhotometricInterpretation", "MONOCHROME2"))
        self._palette = photometric == "PALETTE COLOR"
        self._brightest = _brightest(dataset) if self._palette else 255.0
        self._inverted = photometric == "MONOCHROME1"
        self._stamps = _stamps(dataset)
        syntax = dataset.file_meta.get("TransferSyntaxUID")
        self.source = Source(
            codec=syntax.name if syntax else "", declared_frames=int(dataset.get("NumberOfFrames", 1) or 1),
            frames_per_second=_rate(dataset), pixel_aspect=_pixel_aspect(dataset))

    def _arrays(self) -> Iterator[NDArray]:
        from pydicom.encaps import generate_frames
        from pydicom.pixels import iter_pixels

        codec = _codec_of_ffmpeg(self._dataset)
        if not codec:
            yield from iter_pixels(self._dataset)
            return
        for content in generate_frames(self._dataset.PixelData, number_of_frames=self.source.declared_frames):
            yield _decoded(content, codec)

    def pictures(self) -> Iterator[Picture]:
        """Decode to the end or to the first fault."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                lowest, highest = self._levels()
                for number, array in enumerate(self._arrays()):
                    stamp = self._stamps[number] if number < len(self._stamps) else None
                    yield Picture(self._frame(array, lowest, highest), stamp)
            except _ERRORS as error:
                self.fault = self._in_words(error)

    def _in_words(self, error: BaseException) -> str:
        said = str(error)
        if "missing dependencies" in said or "not supported" in said:
            return f"no decoder here knows its compression ({self.source.codec})"
        if "all available plugins" in said:
            return f"its pixels are damaged, or packed in a way that no decoder here knows ({self.source.codec})"
        return f"its pixels are damaged ({_short(error)})"

    def _levels(self) -> tuple[float, float]:
        """The grey values that become black and white: the file's window, or else what occurs in it."""
        dataset = self._dataset
        if self._palette or int(dataset.get("SamplesPerPixel", 1)) > 1:
            return 0.0, float(2 ** int(dataset.BitsStored) - 1)
        slope, intercept = (float(dataset.get(name, default) or default)
                            for name, default in (("RescaleSlope", 1), ("RescaleIntercept", 0)))
        centre, width = _first(dataset.get("WindowCenter")), _first(dataset.get("WindowWidth"))
        if centre is not None and width is not None and width > 0:
            one, other = ((centre + side * width / 2 - intercept) / slope for side in (-1, 1))
            return min(one, other), max(one, other)
        if int(dataset.get("BitsStored", 16)) == 8 and not dataset.get("PixelRepresentation", 0):
            return 0.0, 255.0
        lowest, highest = math.inf, -math.inf
        for array in self._arrays():
            lowest, highest = min(lowest, float(array.min())), max(highest, float(array.max()))
        return lowest, highest

    def _frame(self, array: NDArray, lowest: float, highest: float) -> av.VideoFrame:
        if self._palette:
            from pydicom.pixels import apply_color_lut

            array = apply_color_lut(array, self._dataset)
            lowest, highest = 0.0, self._brightest
        if array.dtype != np.uint8 or (lowest, highest) != (0.0, 255.0):
            share = (array.astype(np.float64) - lowest) / max(highest - lowest, 1e-12)
            array = np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)
        if self._inverted:
            array = 255 - array
        return av.VideoFrame.from_ndarray(np.ascontiguousarray(array), "gray" if array.ndim == 2 else "rgb24")

    def close(self) -> None:
        """Let go of the file."""


def _codec_of_ffmpeg(dataset: Dataset) -> str:
    """FFmpeg's decoder for what pydicom would need further libraries for; "" to leave it to pydicom.

    Lossless JPEG of more than 8 bits is left out: FFmpeg 8 gave wrong values for such a file.
    """
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
    if syntax in _JPEG_LS:
        return "jpegls"
    return "mjpeg" if syntax in _LOSSLESS_JPEG and int(dataset.BitsAllocated) == 8 else ""


def _decoded(content: bytes, codec: str) -> NDArray:
    """Decode one compressed frame with FFmpeg: grey of 8 or 16 bits, or red-green-blue of 8."""
    decoder = av.CodecContext.create(codec, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    frames = [*decoder.decode(av.Packet(content)), *decoder.decode(None)]
    if not frames:
        raise ValueError("a frame is empty")
    frame = frames[0]
    return frame.to_ndarray() if frame.format.name.startswith("gray") else frame.to_ndarray(format="rgb24")


def _brightest(dataset: Dataset) -> float:
    """The largest value of a palette's colours: some files keep 8 bits in 16."""
    from pydicom.pixels import apply_color_lut

    count = int(dataset.RedPaletteColorLookupTableDescriptor[0]) or 1 << 16
    numbers = np.arange(min(count, 1 << 16), dtype=np.uint16)[None]
    return 255.0 if apply_color_lut(numbers, dataset).max() <= 255 else 65535.0


def _first(value: Any) -> float | None:
    """A number, or the first of several; None when it is missing or empty."""
    if value is None or value == "":
        return None
    try:
        return float(value[0] if hasattr(value, "__getitem__") and not isinstance(value, str) else value)
    except (ValueError, IndexError):
        return None


def _pixel_aspect(dataset: Dataset) -> float:
    """Width of a pixel over its height."""
    down, across = (float(part) for part in dataset.get("PixelAspectRatio", None) or (1, 1))
    return across / down if down > 0 and across > 0 else 1.0


def _rate(dataset: Dataset) -> float:
    """Frames a second: by the time of a frame, or a rate that the file recommends; else the usual 25."""
    if (milliseconds := _first(dataset.get("FrameTime"))) and milliseconds > 0:
        return 1000 / milliseconds
    for name in ("CineRate", "RecommendedDisplayFrameRate"):
        if (rate := _first(dataset.get(name))) and rate > 0:
            return rate
    return Source(codec="").frames_per_second


def _stamps(dataset: Dataset) -> list[float]:
    """Seconds of each frame by the file's time vector (milliseconds between frames); empty without one."""
    vector = dataset.get("FrameTimeVector")
    if vector is None or isinstance(vector, (int, float)):
        return []
    return [float(total) / 1000 for total in np.cumsum([float(step) for step in vector])]
