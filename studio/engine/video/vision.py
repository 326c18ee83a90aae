"""Picture work through OpenCV: the only module that imports it. No window of OpenCV is ever opened."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.engine import files
from studio.engine.errors import MachineError

Picture = NDArray[np.uint8]
TEXT_PIXELS = 14

# OpenCV points Qt at the plug-ins it brought for its own windows; with them the studio's window would not start.
for _name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
    if "cv2" in Path(os.environ.get(_name, "")).parts:
        del os.environ[_name]


def one_thread() -> None:
    """Let OpenCV compute in the calling thread alone: the processes around it are the parallelism."""
    cv2.setNumThreads(1)


def resize(picture: NDArray, *, width: int, height: int, bilinear: bool = False) -> NDArray:
    """Resize a picture (height x width, or with channels): by area when it shrinks, bilinear when it grows.

    With `bilinear` also when it shrinks.
    """
    if picture.shape[:2] == (height, width):
        return picture.copy()
    shrinks = width * height < picture.shape[0] * picture.shape[1]
    way = cv2.INTER_AREA if shrinks and not bilinear else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(np.ascontiguousarray(picture), (width, height), interpolation=way))


def mean(one_HW: Picture, other_HW: Picture) -> Picture:
    """The mean of two pictures, rounded."""
    return np.asarray(cv2.addWeighted(one_HW, 0.5, other_HW, 0.5, 0), np.uint8)


def read_picture(content: bytes) -> NDArray:
    """Decode a picture file to grey or red-green-blue, 8 or 16 bits. Raises `ValueError` when it is damaged."""
    found = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR)
    if found is None or found.dtype not in (np.uint8, np.uint16):
        raise ValueError("the picture is damaged, or of a kind that is not known")
    return np.asarray(found if found.ndim == 2 else found[..., ::-1])


def difference(one_HW: Picture, other_HW: Picture) -> float:
    """How much two grey pictures of one size differ: the mean over their pixels, 0 to 255."""
    return float(cv2.norm(one_HW, other_HW, cv2.NORM_L1)) / one_HW.size


def labelled(region_HW: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Number the connected parts of a region from 1, corners touching; 0 is outside."""
    return np.asarray(cv2.connectedComponents(region_HW.astype(np.uint8), connectivity=8)[1], np.int32)


def spread(region_HW: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    """A region grown by a box of this size (odd) around each of its pixels."""
    box = np.ones((height, width), np.uint8)
    return np.asarray(cv2.dilate(region_HW.astype(np.uint8), box, borderType=cv2.BORDER_CONSTANT, borderValue=(0,)),
                      np.bool_)


def contour(region_HW: NDArray[np.bool_], *, detail_pixels: float, hull: bool) -> NDArray[np.int64]:
    """Corners [P, 2] (x, y) of a polygon around a connected region or its hull, simplified within `detail_pixels`."""
    found, _ = cv2.findContours(region_HW.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    around = cv2.convexHull(np.concatenate(list(found))) if hull else max(found, key=len)
    return np.asarray(cv2.approxPolyDP(around, detail_pixels, True), np.int64).reshape(-1, 2)


def polygon(corners_P2: NDArray[np.int64], *, height: int, width: int) -> NDArray[np.bool_]:
    """The pixels inside a polygon and on its edge."""
    drawn = np.zeros((height, width), np.uint8)
    cv2.fillPoly(drawn, [np.asarray(corners_P2, np.int32).reshape(-1, 1, 2)], (1,))
    return np.asarray(drawn, np.bool_)


def draw_outline(picture: Picture, corners_P2: NDArray[np.int64], *, colour: tuple[int, int, int]) -> None:
    """Draw a polygon's edge into the picture, in place; corners are x, y in pixels."""
    cv2.polylines(picture, [np.asarray(corners_P2, np.int32).reshape(-1, 1, 2)], True, colour, 1, cv2.LINE_AA)


def write_png(path: Path, picture_HW3: Picture) -> None:
    """Write a red-green-blue picture as a PNG, in one step."""
    done, content = cv2.imencode(".png", np.ascontiguousarray(picture_HW3[..., ::-1]))
    if not done:
        raise MachineError(str(path), "the picture could not be encoded", "Try again with fewer pictures")
    files.write_bytes(path, content.tobytes())


def draw_text(picture: Picture, text: str, *, x: int, y: int, colour: tuple[int, int, int]) -> None:
    """Write a line of text into the picture, in place; (x, y) is where its baseline starts."""
    if hasattr(cv2, "FontFace"):
        cv2.putText(picture, text, (x, y), colour, cv2.FontFace("sans"), TEXT_PIXELS)
        return
    plain = text.encode("ascii", "replace").decode("ascii")  # OpenCV 4 draws no other letters
    cv2.putText(picture, plain, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv2.LINE_AA)


def _length(flow_HW2: NDArray[np.float32]) -> NDArray[np.float32]:
    """Length of each vector. By numpy: the last bit of OpenCV's depends on where in memory the flow lies."""
    x_HW, y_HW = flow_HW2[..., 0], flow_HW2[..., 1]
    return np.asarray(np.sqrt(x_HW * x_HW + y_HW * y_HW), np.float32)


class Farneback:
    """Dense optical flow after Farneback (SCIA 2003), as Shuffle and Learn measured it: slower than `Flow`.

    Five levels halved from one to the next, windows of 15 pixels, polynomials over 5.
    """

    def magnitude(self, before_HW: Picture, after_HW: Picture) -> NDArray[np.float32]:
        """How far each pixel moved, in pixels."""
        nothing_yet = np.zeros((*before_HW.shape, 2), np.float32)
        flow_HW2 = cv2.calcOpticalFlowFarneback(before_HW, after_HW, nothing_yet, 0.5, 5, 15, 3, 5, 1.2, 0)
        return _length(flow_HW2)


class Flow:
    """Dense optical flow between small grey pictures of one size: DIS (Kroeger et al., ECCV 2016), down to each pixel.

    For pictures of about 64 pixels. On drawn scenes its rank correlation with the true motion is 0.991, that of
    Farneback at 320 x 240 0.996 at fifty times the cost (`tests/benchmarks/motion.py`); smaller pictures and coarser
    patches lose more than they save.
    """

    def __init__(self) -> None:
        # The stubs of OpenCV leave this one out.
        make = cv2.DISOpticalFlow_create  # type: ignore[attr-defined]
        self._dis = make(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._dis.setFinestScale(0)
        self._dis.setPatchStride(8)
        self._dis.setGradientDescentIterations(4)

    def magnitude(self, before_HW: Picture, after_HW: Picture) -> NDArray[np.float32]:
        """How far each pixel moved, in pixels."""
        flow_HW2 = self._dis.calc(before_HW, after_HW, None)
        return _length(flow_HW2)
