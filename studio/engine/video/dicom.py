"""Multi-frame DICOM -> frames, through pydicom, which is loaded when the first such file is met."""

from __future__ import annotations

import io
import math
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from numpy.typing import NDArray

from studio.engine.errors import VideoError
from studio.engine.video.dicom_packed import unpacking
from studio.engine.video.dicom_time import first_number, rate_of, stamps_of, time_findings
from studio.engine.video.probe import DICOM_SUFFIXES, is_dicom
from studio.engine.video.reader import DECODER_ERRORS, Picture, Reader, Source, VideoReader

if TYPE_CHECKING:
    from pydicom import Dataset

_VIDEO_SYNTAX = re.compile(r"1\.2\.840\.10008\.1\.2\.4\.10[0-8](\.1)?")
"""MPEG-2, MPEG-4 and HEVC inside DICOM; .1 at the end where the stream comes in pieces."""
_EXTENDED_JPEG = "1.2.840.10008.1.2.4.51"
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
        raise VideoError(path.name, 'DICOM needs the package pydicom: pip install "unshuffle-studio[dicom]"',
                         "Install it, or export the file as a video") from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(path, force=not is_dicom(path))
            return _reader(path, dataset)
        except VideoError:
            raise
        except (*_ERRORS, InvalidDicomError) as error:
            raise VideoError(path.name, "this DICOM file is damaged", _REMEDY) from error


def _reader(path: Path, dataset: Dataset) -> Reader:
    if "PixelData" not in dataset and "FloatPixelData" not in dataset and "DoubleFloatPixelData" not in dataset:
        what = "this DICOM file holds no pictures" if "SOPClassUID" in dataset else "it is no DICOM file"
        raise VideoError(path.name, what, _REMEDY)
    syntax = str(getattr(dataset.file_meta, "TransferSyntaxUID", ""))
    if _VIDEO_SYNTAX.fullmatch(syntax):
        from pydicom.encaps import generate_fragments

        return VideoReader(path, content=io.BytesIO(b"".join(generate_fragments(dataset.PixelData))))
    return DicomReader(path, dataset)


class DicomReader:
    """Reads the frames of a DICOM file: grey, red-green-blue, YBR or palette, to 8 bits."""

    def __init__(self, path: Path, dataset: Dataset) -> None:
        self.fault, self.left_out, self.held, self._path, self._dataset = "", 0, 0, path, dataset
        photometric = str(dataset.get("PhotometricInterpretation", "MONOCHROME2"))
        self._palette = photometric == "PALETTE COLOR"
        self._brightest = _brightest(dataset) if self._palette else 255.0
        self._inverted = photometric == "MONOCHROME1"
        self._stamps = stamps_of(dataset)
        self.source = Source(
            codec=_syntax_name(dataset), declared_frames=int(dataset.get("NumberOfFrames", 1) or 1),
            frames_per_second=rate_of(dataset), pixel_aspect=_pixel_aspect(dataset), findings=time_findings(dataset))

    def _arrays(self) -> Iterator[NDArray]:
        from pydicom.encaps import generate_frames
        from pydicom.pixels import iter_pixels

        codec, unpack = _codec_of_ffmpeg(self._dataset), unpacking(self._dataset)
        if not codec and unpack is None:
            yield from iter_pixels(self._dataset)
            return
        for content in generate_frames(self._dataset.PixelData, number_of_frames=self.source.declared_frames):
            yield unpack(content) if unpack else _decoded(content, codec)

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
        """Why it stops; never with the words of the error, which may hold the words of the file."""
        said = str(error)
        if "missing dependencies" in said or "not supported" in said or (
                "all available plugins" in said and self._dataset.file_meta.TransferSyntaxUID == _EXTENDED_JPEG):
            more = " or as JPEG Baseline, or install pylibjpeg-libjpeg" if "JPEG" in self.source.codec else ""
            return f"no decoder here knows its compression ({self.source.codec}): export it uncompressed{more}"
        if "all available plugins" in said:
            return ("its pixels are damaged, or packed in a way that no decoder here knows "
                    f"({self.source.codec}): export it uncompressed")
        return "its pixels are damaged"

    def _levels(self) -> tuple[float, float]:
        """The grey values that become black and white: the file's window, or else what occurs in it."""
        dataset = self._dataset
        if self._palette or int(dataset.get("SamplesPerPixel", 1)) > 1:
            return 0.0, float(2 ** int(dataset.BitsStored) - 1)
        slope, intercept = _rescale(dataset)
        if window := _window(dataset):
            one, other = ((value - intercept) / slope for value in window)
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


def _window(dataset: Dataset) -> tuple[float, float] | None:
    """What the file's window makes black and white, in rescaled values (DICOM PS3.3, C.11.2.1.2); None without one."""
    shared = [item for group in dataset.get("SharedFunctionalGroupsSequence", None) or []
              for item in group.get("FrameVOILUTSequence", None) or []]
    for one in (dataset, *shared):
        centre, width = first_number(one.get("WindowCenter")), first_number(one.get("WindowWidth"))
        if centre is None or width is None or width <= 0:
            continue
        if str(one.get("VOILUTFunction", "LINEAR")) != "LINEAR":
            return centre - width / 2, centre + width / 2
        return centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2
    return None


def _rescale(dataset: Dataset) -> tuple[float, float]:
    """Slope and intercept from stored values to those that a window is about."""
    shared = [item for group in dataset.get("SharedFunctionalGroupsSequence", None) or []
              for item in group.get("PixelValueTransformationSequence", None) or []]
    for one in (dataset, *shared):
        slope = first_number(one.get("RescaleSlope"))
        if slope:
            return slope, first_number(one.get("RescaleIntercept")) or 0.0
    return 1.0, 0.0


def _syntax_name(dataset: Dataset) -> str:
    """The name of the compression; a number where it has none, and nothing else that a file may say."""
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax is None:
        return ""
    return syntax.name if syntax.name != str(syntax) or re.fullmatch(r"[0-9.]{1,64}", str(syntax)) else ""


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


def _pixel_aspect(dataset: Dataset) -> float:
    """Width of a pixel over its height."""
    down, across = (float(part) for part in dataset.get("PixelAspectRatio", None) or (1, 1))
    return across / down if down > 0 and across > 0 else 1.0
