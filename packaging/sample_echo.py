"""Draw the two echo classes of the sample clips: a beating two-chamber heart in an ultrasound sector.

Both classes look alike; they differ in how much the ventricle empties with a beat. Burnt in, as on a scanner, are an
ECG trace whose sweep line wanders to the right and a running clock: both tell the order of clips without the heart,
so that the leak probe and the masks have something to find. What rightly tells the order is contrast that arrives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from sample_paint import HEIGHT, WIDTH, Colour, Image, cloud_noise, oklch

ECHO_STRENGTHS = {"echo-strong": (0.36, 0.42), "echo-weak": (0.1, 0.15)}
FRAMES_PER_SECOND = 25
TRACE_TOP, TRACE_BOTTOM = 122, 142
TRACE_LEFT, TRACE_RIGHT = 10, 182
_APEX = (WIDTH / 2, 5.0)
_DEPTH_PX = 116.0


@dataclass(frozen=True)
class Patient:
    """What both clips of one patient share: anatomy, heart rate, tissue, scanner settings."""

    half_angle_degrees: float
    ventricle: tuple[float, float, float, float]
    atrium: tuple[float, float, float, float]
    tilt_degrees: float
    beat_frames: float
    tint: Colour
    gain: float
    tissue: Image
    blood: Image

    @staticmethod
    def draw(rng: np.random.Generator) -> Patient:
        """Draw a patient from its own random generator; chambers are (centre x, y, half width, half height)."""
        x = WIDTH / 2 + float(rng.uniform(-6, 6))
        wide, tall = float(rng.uniform(19, 24)), float(rng.uniform(29, 34))
        top = float(rng.uniform(22, 27))
        low = float(rng.uniform(13, 16))
        return Patient(
            half_angle_degrees=float(rng.uniform(37, 42)),
            ventricle=(x, top + tall, wide, tall),
            atrium=(x + float(rng.uniform(-3, 3)), top + 2 * tall + low - 3, wide * float(rng.uniform(0.8, 0.95)), low),
            tilt_degrees=float(rng.uniform(-9, 9)),
            beat_frames=float(rng.uniform(20, 29)),
            tint=oklch(
                lightness=0.9, chroma=float(rng.uniform(0, 0.05)), hue_degrees=float(rng.choice([75, 230, 250]))
            ),
            gain=float(rng.uniform(0.85, 1.15)),
            tissue=_speckle(rng, grain_px=(1.1, 0.7)),
            blood=_speckle(rng, grain_px=(1.6, 1.2)),
        )


@dataclass(frozen=True)
class Recording:
    """What differs from clip to clip of a patient: phase, ejection, arrival of contrast, overlays."""

    squeeze: float
    phase: float
    arrival: float
    contrast: float
    sweep_start: float
    clock_start_seconds: float
    noise: float

    @staticmethod
    def draw(rng: np.random.Generator, *, label: str) -> Recording:
        """Draw one recording; only `squeeze`, the share by which the ventricle narrows, depends on the label."""
        return Recording(
            squeeze=float(rng.uniform(*ECHO_STRENGTHS[label])),
            phase=float(rng.random()),
            arrival=float(rng.uniform(0.18, 0.3)),
            contrast=float(rng.uniform(0.42, 0.6)),
            sweep_start=float(rng.uniform(0.02, 0.1)),
            clock_start_seconds=float(rng.uniform(1, 50)),
            noise=float(rng.uniform(0.004, 0.01)),
        )


def draw_echo_frames(
    rng: np.random.Generator, patient: Patient, recording: Recording, *, frames: int
) -> Iterator[NDArray[np.uint8]]:
    """Yield the `frames` HWC uint8 pictures of one echo clip."""
    sector = sector_mask(patient)
    grain = rng.standard_normal((HEIGHT, WIDTH)).astype(np.float32)
    for index in range(frames):
        heart = _draw_heart(patient, recording, index=index, moment=index / (frames - 1))
        grain = 0.6 * grain + 0.8 * cv2.GaussianBlur(rng.standard_normal(grain.shape).astype(np.float32), (0, 0), 0.7)
        lit = (heart * patient.gain * (1 + 6 * recording.noise * grain)).clip(0, 1) ** 0.9
        image = lit[..., None] * patient.tint * sector[..., None]
        frame = (image.clip(0, 1) * 255 + 0.5).astype(np.uint8)
        yield _draw_overlays(frame, patient, recording, index=index, moment=index / (frames - 1))


def sector_mask(patient: Patient) -> Image:
    """Return the HW coverage (0..1, soft by a pixel at the edge) of the patient's ultrasound sector."""
    angle, radius = _polar()
    side = (np.deg2rad(patient.half_angle_degrees) - np.abs(angle)) * radius
    inside = np.minimum(np.minimum(side, _DEPTH_PX - radius), radius - 6)
    return (0.5 + inside).clip(0, 1).astype(np.float32)


def squeeze_at(patient: Patient, recording: Recording, *, frame: float) -> float:
    """Return how far the ventricle is contracted at a frame: 0 filled, 1 emptied; quick out, slower in."""
    phase = (frame / patient.beat_frames + recording.phase) % 1.0
    if phase < 0.38:
        return float(np.sin(np.pi / 2 * phase / 0.38) ** 2)
    refill = (phase - 0.38) / 0.62
    return float(np.cos(np.pi / 2 * min(1.0, refill / 0.85)) ** 2)


def _draw_heart(patient: Patient, recording: Recording, *, index: int, moment: float) -> Image:
    """Draw the unmasked brightness of one instant, HW."""
    squeezed = recording.squeeze * squeeze_at(patient, recording, frame=index)
    ventricle_q, shift_v = _chamber(patient, patient.ventricle, narrowing=squeezed, shortening=0.55 * squeezed)
    atrium_q, shift_a = _chamber(patient, patient.atrium, narrowing=-0.5 * squeezed, shortening=-0.6 * squeezed)
    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    speckle = cv2.remap(
        patient.tissue, xs + shift_v[0] + shift_a[0], ys + shift_v[1] + shift_a[1], cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )  # fmt: skip
    angle, radius = _polar()
    wall = 0.5 * np.exp(-(((ventricle_q - 1.16) / 0.15) ** 2)) + 0.32 * np.exp(-(((atrium_q - 1.13) / 0.16) ** 2))
    lining = 0.35 * np.exp(-(((ventricle_q - 1.02) / 0.05) ** 2)) + 0.25 * np.exp(-(((atrium_q - 1.02) / 0.07) ** 2))
    far = 0.2 * np.exp(-(((radius - _DEPTH_PX + 5) / 9) ** 2)) + 0.12 * np.exp(-radius / 22)
    tissue = (0.17 + wall + lining + far) * (0.35 + 0.9 * speckle)
    cavity = np.maximum(_inside(ventricle_q), _inside(atrium_q))
    swirl = cv2.remap(patient.blood, xs + 3.1 * index % WIDTH, ys + 1.7 * index % HEIGHT, cv2.INTER_LINEAR,
                      borderMode=cv2.BORDER_WRAP)  # fmt: skip
    full_atrium = _arrived(moment, recording.arrival)
    full_ventricle = _arrived(moment, recording.arrival + 0.3)
    filling = np.maximum(_inside(atrium_q) * full_atrium, _inside(ventricle_q) * full_ventricle)
    blood = 0.03 + 0.04 * swirl + recording.contrast * filling * (0.45 + 0.7 * swirl)
    brightness = tissue * (1 - cavity) + blood * cavity
    brightness += _valve(patient, recording, index=index, squeezed=squeezed)
    return (brightness * (1 - 0.25 * np.abs(angle)) * (1 - 0.0018 * radius)).astype(np.float32)


def _chamber(
    patient: Patient, chamber: tuple[float, float, float, float], *, narrowing: float, shortening: float
) -> tuple[Image, tuple[Image, Image]]:
    """Return a chamber's elliptic radius per pixel (1 at its wall now) and the shift back to the filled heart."""
    x, y, wide, tall = chamber
    turn = np.deg2rad(patient.tilt_degrees)
    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    off_x = (xs - patient.ventricle[0]) * np.cos(turn) + (ys - patient.ventricle[1]) * np.sin(turn)
    off_y = (ys - patient.ventricle[1]) * np.cos(turn) - (xs - patient.ventricle[0]) * np.sin(turn)
    off_x, off_y = off_x - (x - patient.ventricle[0]), off_y - (y - patient.ventricle[1])
    now_wide, now_tall = wide * (1 - narrowing), tall * (1 - 0.5 * shortening)
    now = np.sqrt((off_x / now_wide) ** 2 + (off_y / now_tall) ** 2) + 1e-6
    fade = np.exp(-(((now - 1).clip(0, None) / 0.8) ** 2)) / np.maximum(now, 1)
    shift_x, shift_y = off_x * (wide / now_wide - 1) * fade, off_y * (tall / now_tall - 1) * fade
    back_x = shift_x * np.cos(turn) - shift_y * np.sin(turn)
    back_y = shift_y * np.cos(turn) + shift_x * np.sin(turn)
    return now.astype(np.float32), (back_x.astype(np.float32), back_y.astype(np.float32))


def _valve(patient: Patient, recording: Recording, *, index: int, squeezed: float) -> Image:
    """Draw the two leaflets between the chambers: shut while the ventricle contracts, open while it fills."""
    x, y, wide, tall = patient.ventricle
    phase = (index / patient.beat_frames + recording.phase) % 1.0
    opening = float(np.clip(np.sin(np.pi * (phase - 0.42) / 0.5), 0, 1)) if 0.42 < phase < 0.92 else 0.0
    turn = np.deg2rad(patient.tilt_degrees)
    base_y, half = tall * (0.93 - 0.25 * squeezed), wide * 0.42
    canvas = np.zeros((HEIGHT, WIDTH), dtype=np.float32)
    for side in (-1.0, 1.0):
        swing = np.deg2rad(8 + 62 * opening)
        tip_x, tip_y = side * (half - half * 0.95 * np.cos(swing)), base_y - half * 1.1 * np.sin(swing)
        ends = [(side * half, base_y), (tip_x, tip_y)]
        points = [
            (x + px * np.cos(turn) - py * np.sin(turn), y + px * np.sin(turn) + py * np.cos(turn)) for px, py in ends
        ]
        start, end = (tuple(round(value * 16) for value in point) for point in points)
        cv2.line(canvas, start, end, 0.55, 2, cv2.LINE_AA, 4)
    return cv2.GaussianBlur(canvas, (0, 0), 0.8)


def _draw_overlays(
    frame: NDArray[np.uint8], patient: Patient, recording: Recording, *, index: int, moment: float
) -> NDArray[np.uint8]:
    """Burn in the ECG trace up to its sweep line, the clock, the depth scale and the frame rate, four times finer."""
    large = cv2.resize(frame, None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR)
    green, grey = (96, 226, 140), (150, 158, 170)
    sweep = TRACE_LEFT + (TRACE_RIGHT - TRACE_LEFT) * (recording.sweep_start + 0.88 * moment)
    columns = np.arange(TRACE_LEFT, sweep, 0.25)
    per_pixel = 0.88 * (TRACE_RIGHT - TRACE_LEFT)
    ages = index - (sweep - columns) / per_pixel * (index / max(moment, 1e-6) if moment else 1.0)
    beats = (ages / patient.beat_frames + recording.phase) % 1.0
    rows = TRACE_BOTTOM - 6 - 12 * _ecg(beats)
    line = np.stack([columns * 4, rows * 4], axis=1).round().astype(np.int32)
    cv2.polylines(large, [line], False, green, 3, cv2.LINE_AA)
    x = int(sweep * 4)
    cv2.line(large, (x, TRACE_TOP * 4), (x, TRACE_BOTTOM * 4), (236, 240, 214), 4, cv2.LINE_AA)
    for depth in range(1, 6):
        y = int(4 * (_APEX[1] + depth * _DEPTH_PX / 6))
        cv2.line(large, (181 * 4, y), ((186 if depth % 2 else 184) * 4, y), grey, 3, cv2.LINE_AA)
    seconds = recording.clock_start_seconds + index / FRAMES_PER_SECOND
    clock = f"{int(seconds) // 60:02d}:{seconds % 60:05.2f}"
    cv2.putText(large, clock, (4 * 143, 4 * 10), cv2.FONT_HERSHEY_DUPLEX, 1.05, (214, 220, 228), 2, cv2.LINE_AA)
    rate = f"{60 * FRAMES_PER_SECOND / patient.beat_frames:.0f} bpm"
    cv2.putText(large, rate, (4 * 5, 4 * 10), cv2.FONT_HERSHEY_DUPLEX, 0.95, grey, 2, cv2.LINE_AA)
    small: NDArray[np.uint8] = cv2.resize(large, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return small


def _ecg(beats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the height of an ECG at phases of the beat (0..1): P wave, QRS complex just before contraction, T wave."""
    waves = ((0.84, 0.035, 0.14), (0.955, 0.009, -0.12), (0.975, 0.012, 1.0), (0.995, 0.01, -0.22), (0.3, 0.055, 0.25))
    height: NDArray[np.float64] = sum(
        (size * np.exp(-((((beats - at + 0.5) % 1.0 - 0.5) / width) ** 2)) for at, width, size in waves),
        start=np.zeros_like(beats),
    )
    return height


def _speckle(rng: np.random.Generator, *, grain_px: tuple[float, float]) -> Image:
    """Return fully developed speckle (Rayleigh amplitude, mean about 0.5), blurred along and across the beam, HW."""
    real, imaginary = (
        cv2.GaussianBlur(
            rng.standard_normal((HEIGHT, WIDTH)).astype(np.float32), (0, 0), grain_px[0], None, grain_px[1]
        )
        for _ in range(2)
    )
    amplitude = np.hypot(real, imaginary)
    patches = 1 + 0.15 * cloud_noise(rng, height=HEIGHT, width=WIDTH, coarsest_px=24)
    return (amplitude / amplitude.mean() * 0.5 * patches).clip(0, 1.6).astype(np.float32)


def _inside(elliptic_radius: Image) -> Image:
    return ((1 - elliptic_radius) / 0.09 + 0.5).clip(0, 1)


def _arrived(moment: float, arrival: float) -> float:
    return float(1 / (1 + np.exp(-(moment - arrival - 0.12) / 0.075)))


def _polar() -> tuple[Image, Image]:
    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    return np.arctan2(xs - _APEX[0], ys - _APEX[1] + 1e-3), np.hypot(xs - _APEX[0], ys - _APEX[1]) + 1e-3
