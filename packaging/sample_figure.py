"""Draw the four figure actions of the sample clips: walk, sit, jump, throw.

A side-view skeleton of twelve angles is led through key poses; its limbs are painted by `sample_paint`. Angles are
degrees: arms and thighs hang at 0 and swing forward with positive values, knees and elbows bend with positive values.
Lengths are shares of the figure's stature.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sample_paint import (
    HEIGHT,
    WIDTH,
    Colour,
    Image,
    Palette,
    Point,
    finish_frame,
    paint_limb,
    paint_shadow,
    paint_surroundings,
)

FIGURE_ACTIONS = ("walk", "sit", "jump", "throw")
RELEASE = 0.56
FAR_SIZE = 0.55
Pose = NDArray[np.float64]

# A row: moment (0..1), lean, nod, near arm + elbow, far arm + elbow, near thigh + knee, far thigh + knee, travel, lift
_KEYS = {
    "sit": (
        (0.00, 2, 0, 4, 8, -4, 8, 3, 4, -3, 4, 0.00, 0),
        (0.28, 26, 8, 40, 15, 30, 15, 58, 80, 52, 76, -0.12, 0),
        (0.52, 34, 4, 62, 20, 50, 20, 104, 130, 98, 126, -0.14, 0),
        (0.74, -4, 6, -28, 4, -20, 4, 108, 112, 102, 104, -0.23, 0),
        (1.00, -16, 12, -42, 2, -34, 2, 90, 14, 84, 6, -0.23, 0),
    ),
    "jump": (
        (0.00, 2, 0, 4, 8, -4, 8, 3, 4, -3, 4, 0.00, 0),
        (0.26, 42, -14, -52, 6, -60, 6, 56, 96, 50, 90, -0.04, 0),
        (0.42, 12, -8, 120, 6, 110, 6, -14, 6, -22, 4, 0.16, 0.03),
        (0.55, 10, 0, 158, 10, 150, 10, 62, 78, 48, 70, 0.46, 0.24),
        (0.68, 28, 6, 96, 20, 88, 20, 60, 84, 54, 80, 0.74, 0),
        (0.84, 8, -8, 150, 12, 140, 12, 16, 26, 10, 22, 0.80, 0),
        (1.00, -4, -14, 168, 6, 190, -6, 4, 5, -4, 5, 0.82, 0),
    ),
    "throw": (
        (0.00, 0, 6, 42, 78, 36, 70, 4, 4, -4, 4, 0.00, 0),
        (0.24, -10, 2, -58, 24, 74, 14, -4, 10, 22, 40, -0.04, 0),
        (0.42, -20, -4, -136, 56, 92, 4, -16, 14, 38, 34, -0.02, 0),
        (0.56, 10, 0, -208, 14, 44, 30, -22, 12, 30, 14, 0.16, 0),
        (0.74, 36, 6, -292, 12, -22, 40, -30, 26, 26, 30, 0.26, 0),
        (1.00, 24, 8, -336, 20, -30, 30, -24, 36, 18, 24, 0.30, 0),
    ),
}


@dataclass(frozen=True)
class Session:
    """What all clips of one recording session share: place, light and clothes, never the action."""

    palette: Palette
    surroundings: Image
    horizon_px: float
    girth: float

    @staticmethod
    def draw(rng: np.random.Generator, *, hue_degrees: float) -> Session:
        """Draw a session's look from its own random generator."""
        palette = Palette.draw(rng, hue_degrees=hue_degrees)
        horizon_px = float(rng.uniform(0.66, 0.76) * HEIGHT)
        surroundings = paint_surroundings(rng, palette, horizon_px=horizon_px)
        return Session(palette, surroundings, horizon_px, girth=float(rng.uniform(0.88, 1.22)))


@dataclass(frozen=True)
class Staging:
    """What differs from clip to clip: place in the frame, size, pace, direction, noise."""

    stature_px: float
    floor_px: float
    hip_px: float
    travel_px: float
    first_frame: float
    action_frames: float
    stride_frames: float
    habit: Pose
    noise: float
    mirrored: bool

    @staticmethod
    def draw(rng: np.random.Generator, *, action: str, horizon_px: float) -> Staging:
        """Draw the staging of one clip; every action draws from the same ranges."""
        stature = float(rng.uniform(78, 98))
        floor = float(rng.uniform(max(horizon_px + 6, 0.82 * HEIGHT), 0.93 * HEIGHT))
        centre = WIDTH / 2 + float(rng.uniform(-22, 22))
        reach = float(rng.uniform(0.62, 0.76) * WIDTH)
        span = {"walk": reach, "jump": 0.82 * stature, "throw": 0.3 * stature}.get(action, -0.2 * stature)
        return Staging(
            stature_px=stature,
            floor_px=floor,
            hip_px=(WIDTH / 2 if action == "walk" else centre) - span / 2,
            travel_px=reach,
            first_frame=float(rng.uniform(1, 7)),
            action_frames=float(rng.uniform(62, 74)),
            stride_frames=float(rng.uniform(21, 28)),
            habit=np.append(rng.normal(0, 4, 10), (0.0, 0.0)),
            noise=float(rng.uniform(0.006, 0.014)),
            mirrored=bool(rng.random() < 0.5),
        )


def draw_figure_frames(
    rng: np.random.Generator, session: Session, staging: Staging, *, action: str, frames: int
) -> Iterator[NDArray[np.uint8]]:
    """Yield the `frames` HWC uint8 pictures of one figure action."""
    keys = _KEYS.get(action)
    hand: Point = (0.0, 0.0)
    for index in range(frames):
        moment = (index - staging.first_frame) / staging.action_frames
        if keys is None:
            pose = _walk_pose(staging, index, moment)
        else:
            pose = pose_at(np.array(keys, dtype=np.float64), moment=moment)
            pose[10] *= staging.stature_px
        pose = pose + staging.habit + _breath(index)
        image = session.surroundings.copy()
        stand = staging if keys is not None else _nearer(staging, moment, horizon_px=session.horizon_px)
        joints = place_joints(pose, stand)
        width = 0.2 * stand.stature_px + 0.5 * abs(joints["hip"][0] - joints["shoulder"][0])
        paint_shadow(image, centre=(joints["hip"][0], stand.floor_px + 1), half_width_px=width, strength=0.42)
        _paint_body(image, joints, session, stand.stature_px)
        if action == "throw":
            hand = joints["hand_near"] if moment <= RELEASE else hand
            flown = max(0.0, moment - RELEASE) * staging.action_frames
            _paint_ball(image, hand, session.palette.ball, staging, flown)
        yield finish_frame(image, rng, noise=staging.noise, mirrored=staging.mirrored)


def pose_at(keys: NDArray[np.float64], *, moment: float) -> Pose:
    """Return the pose at `moment` (0..1, held outside) on a smooth curve through the key poses (cubic Hermite)."""
    times, poses = keys[:, 0], keys[:, 1:]
    moment = float(np.clip(moment, 0, 1))
    slopes = np.gradient(poses, times, axis=0)
    slopes[0] = slopes[-1] = 0
    left = int(np.clip(np.searchsorted(times, moment, side="right") - 1, 0, len(times) - 2))
    gap = times[left + 1] - times[left]
    s = (moment - times[left]) / gap
    curve: Pose = (
        (2 * s**3 - 3 * s**2 + 1) * poses[left]
        + (s**3 - 2 * s**2 + s) * gap * slopes[left]
        + (3 * s**2 - 2 * s**3) * poses[left + 1]
        + (s**3 - s**2) * gap * slopes[left + 1]
    )
    return curve


def place_joints(pose: Pose, staging: Staging) -> dict[str, Point]:
    """Return every joint in pixels; the lowest of feet, knees and seat stands on the floor, plus the pose's lift."""
    lean, nod, arm_n, elbow_n, arm_f, elbow_f, leg_n, knee_n, leg_f, knee_f, travel_px, lift = pose
    hip = (0.0, 0.0)
    shoulder = _step(hip, 180 - lean, 0.3)
    joints = {"hip": hip, "shoulder": shoulder, "head": _step(shoulder, 180 - lean - nod * 0.6, 0.15)}
    sides = (("near", arm_n, elbow_n, leg_n, knee_n), ("far", arm_f, elbow_f, leg_f, knee_f))
    for side, arm, elbow, leg, knee in sides:
        joints[f"elbow_{side}"] = _step(_step(shoulder, -lean, 0.025), arm, 0.165)
        joints[f"hand_{side}"] = _step(joints[f"elbow_{side}"], arm + elbow, 0.16)
        joints[f"knee_{side}"] = _step(hip, leg, 0.245)
        joints[f"foot_{side}"] = _step(joints[f"knee_{side}"], leg - knee, 0.235)
        joints[f"toe_{side}"] = _step(joints[f"foot_{side}"], leg - knee + 82, 0.075)
    lowest = max(
        *(joints[name][1] + 0.03 for name in ("foot_near", "foot_far", "toe_near", "toe_far")),
        *(joints[name][1] + 0.045 for name in ("knee_near", "knee_far")),
        0.075,
    )
    x, y = staging.hip_px + travel_px, staging.floor_px - (lowest + lift) * staging.stature_px
    return {name: (x + p[0] * staging.stature_px, y + p[1] * staging.stature_px) for name, p in joints.items()}


def _walk_pose(staging: Staging, index: int, moment: float) -> Pose:
    swing = 2 * np.pi * index / staging.stride_frames
    near, far = np.sin(swing), np.sin(swing + np.pi)
    bend_near, bend_far = (8 + 46 * max(0.0, np.cos(swing + turn)) ** 1.5 for turn in (0.0, np.pi))
    travel = staging.travel_px * float(np.clip(moment, -0.1, 1.1))
    legs = (27 * near + 4, bend_near, 27 * far + 4, bend_far)
    return np.array((5, -2, 26 * far, 22, 26 * near, 22, *legs, travel, 0), dtype=np.float64)


def _nearer(staging: Staging, moment: float, *, horizon_px: float) -> Staging:
    """Bring the walker nearer: who walks comes from the back of the room to the front."""
    near = FAR_SIZE + (1.08 - FAR_SIZE) * float(np.clip(moment, -0.05, 1.1))
    floor = horizon_px + (staging.floor_px - horizon_px) * near
    return replace(staging, stature_px=staging.stature_px * near, floor_px=floor)


def _breath(index: int) -> Pose:
    wave = np.sin(2 * np.pi * index / 37)
    return np.array((0.6, 0, 1.6, 1, -1.4, 1, 0, 0, 0, 0, 0, 0)) * wave


def _paint_body(image: Image, joints: dict[str, Point], session: Session, stature_px: float) -> None:
    look, unit = session.palette, stature_px * session.girth
    _paint_arm(image, joints, "far", look.shirt * 0.7, look.skin * 0.72, unit)
    _paint_leg(image, joints, "far", look.trousers * 0.7, unit)
    neck = _between(joints["shoulder"], joints["head"], 0.3)
    paint_limb(image, start=joints["shoulder"], end=neck, radii_px=(0.034 * unit, 0.03 * unit), colour=look.skin * 0.85)
    paint_limb(
        image, start=joints["hip"], end=joints["shoulder"], radii_px=(0.062 * unit, 0.078 * unit), colour=look.shirt
    )
    _paint_leg(image, joints, "near", look.trousers, unit)
    _paint_head(image, joints, look, stature_px)
    _paint_arm(image, joints, "near", look.shirt * 1.06, look.skin, unit)


def _paint_head(image: Image, joints: dict[str, Point], look: Palette, stature_px: float) -> None:
    head, shoulder = joints["head"], joints["shoulder"]
    up = ((head[0] - shoulder[0]) / (0.15 * stature_px), (head[1] - shoulder[1]) / (0.15 * stature_px))
    size = 0.078 * stature_px
    hair = (head[0] + (0.2 * up[0] + 0.26 * up[1]) * size, head[1] + (0.2 * up[1] - 0.26 * up[0]) * size)
    paint_limb(image, start=hair, end=hair, radii_px=(size * 0.94, size * 0.94), colour=look.trousers * 0.55)
    face = (head[0] - (0.1 * up[0] + 0.2 * up[1]) * size, head[1] + (0.2 * up[0] - 0.1 * up[1]) * size)
    paint_limb(image, start=face, end=face, radii_px=(size * 0.84, size * 0.84), colour=look.skin)


def _paint_arm(image: Image, joints: dict[str, Point], side: str, sleeve: Colour, skin: Colour, unit: float) -> None:
    elbow, hand = joints[f"elbow_{side}"], joints[f"hand_{side}"]
    top = _between(joints["shoulder"], elbow, 0.06)
    paint_limb(image, start=elbow, end=hand, radii_px=(0.03 * unit, 0.027 * unit), colour=skin)
    paint_limb(image, start=top, end=elbow, radii_px=(0.042 * unit, 0.034 * unit), colour=sleeve)


def _paint_leg(image: Image, joints: dict[str, Point], side: str, cloth: Colour, unit: float) -> None:
    knee, foot, toe = joints[f"knee_{side}"], joints[f"foot_{side}"], joints[f"toe_{side}"]
    paint_limb(image, start=foot, end=toe, radii_px=(0.03 * unit, 0.023 * unit), colour=cloth * 0.5)
    paint_limb(image, start=knee, end=foot, radii_px=(0.044 * unit, 0.032 * unit), colour=cloth)
    paint_limb(image, start=joints["hip"], end=knee, radii_px=(0.062 * unit, 0.047 * unit), colour=cloth)


def _paint_ball(image: Image, hand: Point, colour: Colour, staging: Staging, flown_frames: float) -> None:
    """Paint the ball in the hand, or `flown_frames` after the release on its way out of the picture."""
    unit, flown = staging.stature_px, flown_frames
    floor = staging.floor_px - 0.045 * unit
    centre = (hand[0] + 0.05 * unit * flown, min(floor, hand[1] - 0.012 * unit * flown + 0.0012 * unit * flown**2))
    paint_limb(image, start=centre, end=centre, radii_px=(0.048 * unit, 0.048 * unit), colour=colour)


def _step(origin: Point, degrees: float, length: float) -> Point:
    """Go `length` from a joint; 0 degrees hangs down, 90 points forward (to the right)."""
    angle = np.deg2rad(degrees)
    return origin[0] + length * float(np.sin(angle)), origin[1] + length * float(np.cos(angle))


def _between(first: Point, second: Point, share: float) -> Point:
    return first[0] + share * (second[0] - first[0]), first[1] + share * (second[1] - first[1])
