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


def resize(picture: NDArray, *, width: int, height: int) -> NDArray:
    """Resize a picture (height x width, or with channels): by area when it shrinks, bilinear when it grows."""
    if picture.shape[:2] == (height, width):
        return picture.copy()
    shrinks = width * height < picture.shape[0] * picture.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(np.ascontiguousarray(picture), (width, height), interpolation=way))


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


class Flow:
    """Dense optical flow between small grey pictures of one size: DIS (Kroeger et al., ECCV 2016), down to each pixel.

    For pictures of about 64 pixels: on drawn scenes with known motion its rank correlation is 0.96, that of the preset
    FAST on pictures twice the size 0.92 at double the time, that of Farneback at 320 x 240 0.88 at fifty times.
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
        return np.asarray(cv2.magnitude(flow_HW2[..., 0], flow_HW2[..., 1]))
